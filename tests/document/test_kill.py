"""`kill -9` at any moment of editing: every edit that was recorded before is there again.

`LAYERLOOM_KILLS=200` kills so many processes instead of a few.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graph_engine import document as parts
from graph_engine.document import Document, History
from graph_engine.document.file import dumps
from graph_engine.document.journal import Journal, recoverable

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("LAYERLOOM_KILLS", "20"))
SAVED_EVERY = 40

EDIT = """
def edit(history, count):
    nodes = history.document.main.nodes
    if count % 7 == 0:
        history.undo()
    elif count % 5 == 0:
        history.perform(SetAbout(f"after {count}", "notes " * (count % 50)))
    elif count % 11 == 0 and nodes:
        history.perform(Move(((min(nodes), (count, -count)),)))
    elif count % 13 == 0 and nodes:
        history.perform(SetParameter(min(nodes), "channels", count))
    elif count % 17 == 0:
        cell = (Node("input_1", "input"), Node("conv2d_1", "conv2d"))
        history.perform(AddGraph(f"cell_{count}", Declaration(help="x" * (count % 30)), cell))
    elif count % 19 == 0 and (cells := history.document.composites):
        history.perform(RemoveGraph(min(cells)))
    elif len(nodes) > 6:
        history.perform(RemoveNodes(tuple(nodes)[:4]))
    else:
        history.perform(AddNodes((Node(f"conv2d_{count}", "conv2d", {"channels": count}),)))
"""

# Forks processes that edit and tell each edit after it was recorded, and kills each after a while of its own.
KILLING = f"""
import os, random, signal, sys, time
from pathlib import Path
import networkx  # loaded once, not by each process after its fork
from graph_engine.document import (
    AddGraph, AddNodes, Declaration, Document, History, Move, Node, RemoveGraph, RemoveNodes, SetAbout, SetParameter
)
from graph_engine.document.journal import Journal
{EDIT}
for number in range({KILLS}):
    heard, told = os.pipe()
    process = os.fork()
    if not process:
        history = History(Document())
        journal = Journal(Path(sys.argv[1]) / str(number), history.document)
        history.applied = journal.record
        for count in range(1, 1_000_000):
            edit(history, count)
            os.write(told, count.to_bytes(4, "little"))
            if count % {SAVED_EVERY} == 0:
                journal.rebase(None)
    os.close(told)
    first = os.read(heard, 4)
    time.sleep(random.Random(number).random() / 20)
    os.kill(process, signal.SIGKILL)
    last = first
    while each := os.read(heard, 4096):
        last = each[-4:]
    os.close(heard)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    print(int.from_bytes(last, "little"), flush=True)
"""


def replayed(counts: range) -> list[str]:
    """The document's text after each of so many edits."""
    space: dict[str, Any] = {name: getattr(parts, name) for name in parts.__all__}
    exec(EDIT, space)  # noqa: S102  the function above
    history, texts = History(Document()), []
    for count in range(1, counts.stop):
        space["edit"](history, count)
        if count >= counts.start:
            texts.append(dumps(history.document))
    return texts


def test_what_was_recorded_before_a_kill_comes_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    counts = [int(line) for line in done.stdout.split()]
    assert len(counts) == KILLS
    assert len(set(counts)) > min(KILLS, 40) / 2, "they were all killed at the same moment"
    for number, count in enumerate(counts):
        found = recoverable(tmp_path / str(number))
        if not found:
            assert count % SAVED_EVERY in (0, SAVED_EVERY - 1), "nothing is unsaved right after saving"
            continue
        # One more edit may have been recorded, and not told any more, when the process was killed.
        assert dumps(found[0].document()) in replayed(range(count, count + 2)), count


HOLDING = """
import sys
from pathlib import Path
from graph_engine.document import Document, SetAbout
from graph_engine.document.journal import Journal
Journal(Path(sys.argv[1]), Document()).record(SetAbout("Held", ""))
print(flush=True)
sys.stdin.read()
"""


def test_a_journal_held_by_another_process_is_not_offered(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        assert recoverable(tmp_path) == []
        assert len(list(tmp_path.glob("*.journal"))) == 1
        process.kill()
    (left,) = recoverable(tmp_path)
    mine = Journal(tmp_path, left.document())
    assert [found.file for found in recoverable(tmp_path)] == [left.file]
    assert left.document().title == "Held"
    mine.close()
    left.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [1, 60])
def test_the_replay_is_what_the_script_does(count: int) -> None:
    assert len(replayed(range(count, count + 3))) == 3
    assert len(set(replayed(range(1, 30)))) > 20
