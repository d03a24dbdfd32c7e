"""What the command line says when something is wrong, and the exit status it ends with.

1: the thing is wrong (a document with errors, a run that failed). 2: the call is wrong (a name that nothing has, a
bad option).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.memory import lack_of_memory

THING_WRONG, CALL_WRONG, INTERRUPTED, READER_LEFT = 1, 2, 130, 141
"""Exit statuses; the last two are 128 + SIGINT and 128 + SIGPIPE, as shells report them."""


class CallError(Exception):
    """The call is wrong; the message says what to write instead."""


class ThingError(Exception):
    """The thing that the call names is wrong; the message says what, where and what to do."""


# By name, so that telling an error apart never imports torch; `tests/cli/test_errors.py` holds every name to be real.
STATUS = {
    "app.cli.errors.CallError": CALL_WRONG,
    "app.cli.errors.ThingError": THING_WRONG,
    "graph_engine.blocks.registry.UnknownBlock": CALL_WRONG,
    "graph_engine.compile.program.CompileError": THING_WRONG,
    "graph_engine.data.errors.DataError": THING_WRONG,
    "graph_engine.document.file.FileError": THING_WRONG,
    "graph_engine.export.errors.ExportError": THING_WRONG,
    "graph_engine.home.HomeError": THING_WRONG,
    "graph_engine.runs.errors.RunError": THING_WRONG,
    "graph_engine.train.errors.TrainError": THING_WRONG,
    "presets.preset.PresetError": CALL_WRONG,
}
"""Errors whose own words are meant for people, and the exit status of each."""


def status_of(error: BaseException) -> int | None:
    """The exit status of an error that speaks to people; None for any other, which is a bug of ours."""
    return next((STATUS[name] for name in _names(type(error)) if name in STATUS), None)


def explain(error: BaseException) -> tuple[str, int]:
    """What to say on stderr, and the exit status. Errors of the system name the file; a bug says how to report it."""
    status = status_of(error)
    if status is not None:
        return str(error), status
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}.", THING_WRONG
    lack = lack_of_memory(error)
    if lack is not None:
        return lack, THING_WRONG
    what = f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]
    return f"Layerloom stumbled over its own mistake ({what}).\nPlease report it with what --debug prints.", THING_WRONG


def _names(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        yield f"{base.__module__}.{base.__qualname__}"
