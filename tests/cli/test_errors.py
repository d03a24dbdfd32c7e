"""Errors: one or two lines on stderr that say what, where and what to do; 1 for a wrong thing, 2 for a wrong call."""

from __future__ import annotations

import errno
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.cli import errors
from app.cli.errors import CALL_WRONG, STATUS, THING_WRONG, CallError, explain
from graph_engine.document import RemoveNodes
from graph_engine.document.file import save
from presets import open_preset

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A file with LeNet-5 in it."""
    path = tmp_path / "lenet.loom"
    save(open_preset("lenet5"), path)
    return path


@pytest.mark.parametrize("name", STATUS)
def test_every_known_error_is_an_exception_of_that_name(name: str) -> None:
    module, _, kind = name.rpartition(".")
    found = getattr(importlib.import_module(module), kind)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["chek", "lenet5"], ["No such command 'chek'", "Did you mean 'check'?", "See: layerloom --help"]),
        (["check", "lenet5", "--jsn"], ["No such option: --jsn", "--json", "See: layerloom check --help"]),
        (["check"], ["Missing argument 'THING'", "See: layerloom check --help"]),
        (["export", "lenet5", "--to", "gif", "-o", "x"], ["'--to'", "'gif'", "onnx"]),
        (["train", "lenet5", "--epochs", "many"], ["'--epochs'", "valid integer"]),
        (["blocks", "conv4d"], ["There is no block called 'conv4d'", "conv2d"]),
        (["presets", "lenet"], ["There is no preset called 'lenet'", "lenet5"]),
        (["check", "lenet"], ["There is no preset or run called 'lenet'", "lenet5"]),
        (["check", "nothing.loom"], ["nothing.loom is not there"]),
        (["check", "lenet5:activation=relu,depth=3"], ["has no parameter 'depth'", "activation"]),
        (["check", "mlp:width=wide"], ["Preset mlp", "Width must be a whole number"]),
        (["check", "mlp:width"], ["'width' is not key=value"]),
        (["summary", "lenet5", "--input", "1,x,28,28"], ["--input takes", "1,x,28,28"]),
        (["summary", "lenet5", "--input", "N"], ["--input takes"]),
        (["one.loom", "two.loom"], ["one.loom", "one document"]),
        (["nothing/at/all.loom"], ["nothing/at/all.loom is not there"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call_ends_with_2(
    layerloom: Call, monkeypatch: pytest.MonkeyPatch, call: list[str], words: list[str]
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    layerloom(*call).assert_refused(2, *words)


def _broken(text: str) -> dict[str, str]:
    """Contents of files that can't be opened, by what is wrong with them."""
    return {
        "not JSON": text[: len(text) // 2],
        "not ours": '{"format": "something else"}',
        "newer": text.replace('"version": 1', '"version": 99'),
        "wrong type": text.replace('"position": [', '"position": "left", "was": [', 1),
        "lost node": text.replace('{"id": "conv2d_1"', '{"id": "conv2d_9"', 1),
    }


@pytest.mark.parametrize("what", _broken(""))
def test_a_file_that_cannot_be_opened_ends_with_1_and_is_named(layerloom: Call, document: Path, what: str) -> None:
    content = _broken(document.read_text())[what]
    document.write_text(content)
    layerloom("check", document).assert_refused(1, str(document))
    assert document.read_text() == content


def test_a_file_that_is_not_text_ends_with_1(layerloom: Call, document: Path) -> None:
    document.write_bytes(b"\xff\xfe\x00")
    layerloom("summary", document).assert_refused(1, f"{document} is not a text file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_ends_with_1(layerloom: Call, document: Path) -> None:
    document.chmod(0)
    layerloom("check", document).assert_refused(1, str(document), "Permission denied")


def test_an_unknown_block_is_a_problem_of_the_document_not_of_the_file(layerloom: Call, document: Path) -> None:
    document.write_text(document.read_text().replace('"block": "flatten"', '"block": "flatterer"'))
    found = layerloom("check", document, "--json")
    assert found.status == 1
    assert "flatterer" in next(each for each in found.json if each["severity"] == "error")["message"]


def test_a_cycle_in_a_file_is_a_problem_that_names_the_circle(layerloom: Call, document: Path) -> None:
    text = document.read_text().replace('["input_1", "y", "conv2d_1", "x"]', '["tanh_2", "y", "conv2d_1", "x"]')
    document.write_text(text)
    found = layerloom("check", document)
    assert found.status == 1
    assert "circle" in found.out


@pytest.mark.parametrize("call", [["code"], ["export", "--to", "python", "-o", "net.py"], ["train"]], ids=" ".join)
def test_a_document_with_errors_ends_with_1_and_the_first_of_them(
    layerloom: Call, document: Path, call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = open_preset("lenet5")
    broken.apply(RemoveNodes(("flatten_1",)))
    save(broken, document)
    monkeypatch.chdir(tmp_path)
    layerloom(*call, document).assert_refused(1, "linear_1", "needs a wire at x")
    assert [path.name for path in tmp_path.iterdir()] == [document.name]


def test_debug_shows_the_traceback_wherever_it_stands(layerloom: Call, document: Path) -> None:
    document.write_text("{")
    for call in (["--debug", "check", document], ["check", document, "--debug"]):
        found = layerloom(*call)
        assert found.status == 1
        assert "Traceback" in found.err
        assert found.err.splitlines()[-1].startswith("layerloom: ")


def test_a_mistake_of_ours_is_called_that(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("graph_engine.blocks.all_blocks", broken)
    layerloom("blocks").assert_refused(1, "ZeroDivisionError: division by zero", "--debug")


def test_errors_of_the_system_name_the_file() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "net.onnx")
    assert explain(full) == ("net.onnx: No space left on device.", THING_WRONG)
    assert explain(CallError("no")) == ("no", CALL_WRONG)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: "
                "you tried to allocate 400000000000 bytes. Error code 12"
            ),
            " (400 GB were asked for)",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB."), " (2.68 GB were asked for)"),
        (
            MemoryError("Unable to allocate 7.28 TiB for an array with shape (1000000000000,) and data type float64"),
            " (8e+03 GB were asked for)",
        ),
        (MemoryError(), ""),
    ],
)
def test_too_little_memory_is_no_mistake_of_ours(error: Exception, asked: str) -> None:
    import torch  # as whoever got such an error has  # noqa: F401

    words = f"There is not enough memory for this{asked}. Use a smaller network or batch, or close other programs."
    assert explain(error) == (words, THING_WRONG)


def test_a_network_that_memory_can_not_hold_is_told(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from graph_engine.compile import Program
    from graph_engine.runs import RunStore

    def make(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9000 bytes.")

    monkeypatch.setattr(Program, "make", make)
    found = layerloom("train", "mlp")
    found.assert_refused(1, "There is not enough memory for this (9 kB were asked for).")
    assert RunStore().records() == []


def test_interrupting_any_call_ends_as_shells_expect(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graph_engine.blocks.all_blocks", interrupted)
    found = layerloom("blocks")
    assert (found.status, found.out, found.err) == (errors.INTERRUPTED, "", "")


@pytest.mark.parametrize("call", ["presets", "blocks --json", "code lenet5"])
def test_a_reader_who_leaves_is_met_with_silence(call: str) -> None:
    command = f"{sys.executable} -m app {call} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) in ((errors.READER_LEFT, ""), (0, ""))


def test_a_reader_who_left_long_ago_is_met_with_silence() -> None:
    """The pipe is closed before the first line, for certain."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "app", "presets"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (errors.READER_LEFT, "")


def test_the_exit_status_reaches_the_shell(process: Call) -> None:
    assert process("presets").status == 0
    process("chek").assert_refused(2, "Did you mean 'check'?")


def test_letters_that_a_terminal_lacks_are_no_error() -> None:
    """Latin-1 has × and ·, but no dash."""
    env = {**os.environ, "PYTHONIOENCODING": "latin-1:strict", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "app", "summary", "lenet5"]
    done = subprocess.run(command, capture_output=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode("latin-1")
    assert "N×6×28×28" in shown
    assert "?" in shown


def test_many_lines_of_somebody_elses_words_become_two(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def wordy() -> None:
        raise CallError("One.\nTwo.\n\n  Three.")

    monkeypatch.setattr("graph_engine.blocks.all_blocks", wordy)
    assert layerloom("blocks").err == "layerloom: One.\nTwo. Three.\n"
