"""THING: a `.loom` file, the name of a preset with parameters, or a run."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.errors import CallError, ThingError
from app.cli.output import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from graph_engine.check import CheckResult
    from graph_engine.document import Document
    from graph_engine.runs import StoredRun

_SUFFIX = ".loom"


@dataclass(frozen=True)
class Thing:
    """What a call is about. `name` is what messages call it; `run` is set when it is one."""

    name: str
    document: Document
    run: StoredRun | None = None

    def best_weights(self) -> Mapping[str, Tensor] | None:
        """The best weights of a run, else its newest; None for what was never trained.

        Raises: RunError when the run has no whole checkpoint.
        """
        if self.run is None:
            return None
        return self.run.folder.checkpoint("best").weights


def open_thing(text: str, data: str | None = None, *, trust_code: bool = False) -> Thing:
    """What `text` names. `data` is the data set that a preset is drawn for, where it has several drawings.

    With `trust_code`, the code of its custom blocks may run from now on.

    Raises:
        CallError: nothing has this name.
        HomeError: trust can't be kept.
        FileError, PresetError: it is there, but can't be opened.
    """
    found = _open(text, data)
    if trust_code:
        from graph_engine.check.trust import trust_document

        trust_document(found.document)
    return found


def _open(text: str, data: str | None) -> Thing:
    from presets import catalog, open_preset

    path = Path(text)
    if text.endswith(_SUFFIX) and not path.is_dir():
        from graph_engine.document.file import load

        if not path.exists():
            raise CallError(f"{text} is not there. Name a {_SUFFIX} file, a preset or a run.")
        return Thing(text, load(path))
    if text.partition(":")[0] in catalog():
        return Thing(text, open_preset(text, data))
    run = find_run(text)
    if run is not None:
        return Thing(run.id, run.document(), run)
    _require_one(text)
    raise CallError(_unknown(text, [*catalog(), *_run_names()]))


def require_sound(thing: Thing) -> CheckResult:
    """The check of a thing that is about to be compiled.

    Raises: ThingError with the first error and where to read the others.
    """
    from graph_engine.check import Checker

    if not len(thing.document.main):
        raise ThingError(f"{thing.name} is empty, so there is nothing to compile. Draw a network in it first.")
    require_trust(thing)
    result = Checker().check(thing.document)
    if not result.ok:
        count = counted(len(result.errors), "error")
        raise ThingError(
            f"{thing.name} has {count}: {first_error(result)}\nList them with: layerloom check {thing.name}"
        )
    return result


def require_trust(thing: Thing) -> None:
    """Raises: ThingError when code of the document would have to run that the user does not trust."""
    from graph_engine.check.trust import untrusted

    names = untrusted(thing.document)
    if names:
        raise ThingError(
            f"{thing.name} holds code that may not run yet: {', '.join(names)}. "
            "Read it, then add --trust-code, or trust the document in the window."
        )


def first_error(result: CheckResult) -> str:
    """The first error of a check, with its node."""
    first = result.errors[0]
    return f"{first.node}: {first.message}" if first.node else first.message


def find_run(text: str) -> StoredRun | None:
    """The run with this id or name, or in this folder; None when there is none.

    Raises: HomeError, RunError when the runs can't be read.
    """
    from graph_engine.home import place
    from graph_engine.runs import RunStore
    from graph_engine.runs.folder import RECORD

    if not (place() / "runs").is_dir() and not (Path(text).expanduser() / RECORD).is_file():
        return None  # asking for a run that there can't be makes no folder for runs
    return RunStore().find(text)


def get_run(text: str) -> StoredRun:
    """As `find_run`. Raises: CallError when there is no such run."""
    run = find_run(text)
    if run is None and Path(text).expanduser().is_dir():
        raise CallError(f"{text} is a folder, but no run: it holds no run.json. Name the folder of a run.")
    if run is None:
        _require_one(text)
        near = get_close_matches(text, _run_names(), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`layerloom runs` lists those there are."
        raise CallError(f"There is no run called {text!r}. {hint}")
    return run


def _require_one(name: str) -> None:
    """Raises: CallError when several runs have this name."""
    from graph_engine.home import place
    from graph_engine.runs import RunStore

    there = RunStore().records() if (place() / "runs").is_dir() else []
    found = [record.id for record in there if record.name == name]
    if found:
        raise CallError(f"{len(found)} runs are called {name!r}. Say which by its id: {', '.join(found[:6])}.")


def _run_names() -> list[str]:
    from graph_engine.home import place
    from graph_engine.runs import RunStore

    if not (place() / "runs").is_dir():
        return []
    return list(dict.fromkeys(name for record in RunStore().records() for name in (record.id, record.name)))


def _unknown(text: str, names: list[str]) -> str:
    near = get_close_matches(text.partition(":")[0], names, n=3)
    hint = (
        f"Did you mean {' or '.join(near)}?" if near else "`layerloom presets` and `layerloom runs` list what there is."
    )
    return f"There is no preset or run called {text!r}. {hint}"
