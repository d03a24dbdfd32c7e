"""`layerloom`: without a subcommand, or with a file, opens the window; everything else is the command line."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program with `arguments` (those of the process by default) and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = [word for word in given if word != "--debug"]
    if not words:
        return _open_window(None)
    if _is_file_name(words[0]):
        if len(words) > 1:
            return _refuse(f"{words[0]} opens in the window: give one document at a time, and nothing else.", 2)
        return _open_window(Path(words[0]))
    # Only now, so that the window does not wait for the command line.
    from app.cli.main import run

    return run(given)


def _is_file_name(argument: str) -> bool:
    return not argument.startswith("-") and (argument.endswith(".loom") or os.sep in argument)


def _open_window(path: Path | None) -> int:
    # Before Qt is loaded: it ends the process without a word of use when it finds no display or lacks a library.
    from graph_engine.doctor import window_problem

    if path is not None and not path.is_file():
        return _refuse(f"{path} is not there. Without a file, layerloom opens an empty window.", 2)
    problem = window_problem()
    if problem is not None:
        return _refuse(problem, 1)
    gc.disable()  # nothing of what is loaded is garbage, and looking for some takes a twentieth of the start
    try:
        # Before Qt, which reads the source of every module that is loaded after it.
        import graph_engine.document.folding
        import graph_engine.document.framed_layout
        import graph_engine.runs.searchable
        import graph_engine.train  # noqa: F401
        from app.start import open_window
    finally:
        gc.enable()
    return open_window(path)


def _refuse(message: str, status: int) -> int:
    sys.stderr.write(f"layerloom: {message}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
