"""Following a run: a bar on a terminal, a line for each epoch elsewhere, and Ctrl C as a wish to stop."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.output import duration, figure, say

if TYPE_CHECKING:
    from types import FrameType

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from graph_engine.runs import RunHandle
    from graph_engine.train import Progress

_LOOK = 0.1  # s between two looks at the run
_LINES = 1.0  # s between two lines of a log at least
_SHOWN = ("train_loss", "val_loss", "val_accuracy")
_SHOWN_NARROW = ("train_loss", "val_accuracy")
_WIDE = 110  # characters that a terminal needs for everything beside the bar


def follow(handle: RunHandle, *, quiet: bool) -> None:
    """Wait for the end of a run and show what its plan does and how it goes: on stderr with a terminal, else on stdout
    unless `quiet`.
    """
    with _stopping(handle):
        if not quiet:
            _say(handle, "\n".join(handle.folder.plan_in_words()))
        if sys.stderr.isatty():
            _follow_with_bar(handle)
        elif quiet:
            handle.wait()
        else:
            _follow_with_lines(handle)


@contextmanager
def _stopping(handle: RunHandle) -> Iterator[None]:
    """The first Ctrl C (or SIGTERM) asks the run to stop; the next one ends the process."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: FrameType | None) -> None:
        handle.control.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    try:
        for each in before:
            signal.signal(each, stop)
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _follow_with_bar(handle: RunHandle) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.fields[place]}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[metrics]}"),
        TextColumn("[dim]{task.fields[left]}"),
    )
    console = Console(stderr=True, highlight=False)
    with Bar(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, place="starting", metrics="", left="")
        ended = False
        while not ended:
            ended = handle.wait(_LOOK)
            _update(bar, task, handle.feed.progress, wide=console.width >= _WIDE)
            if handle.control.stopped:
                bar.update(task, place="stopping", left="")


def _update(bar: Bar, task: TaskID, progress: Progress, *, wide: bool) -> None:
    bar.update(
        task,
        total=progress.steps or None,
        completed=progress.step,
        place=_place(progress) if wide else f"epoch {progress.epoch}/{progress.epochs}",
        metrics=_metrics(progress, _SHOWN if wide else _SHOWN_NARROW),
        left=_left(progress.eta),
    )


def _follow_with_lines(handle: RunHandle) -> None:
    """A line on stdout when an epoch is done, but not more than one a second.

    Raises: BrokenPipeError when nobody reads them, once the run has ended: that is no reason to give it up.
    """
    shown, next_line, notice = 0, 0.0, handle.feed.progress.notice  # of the first stage, the plan's words have it
    while not handle.wait(_LOOK):
        progress = handle.feed.progress
        if progress.notice != notice:
            notice = progress.notice
            _say(handle, f"{handle.id}  {notice}".rstrip())
        if progress.epoch > shown and time.monotonic() >= next_line:
            shown, next_line = progress.epoch, time.monotonic() + _LINES
            _say(handle, f"{handle.id}  {_place(progress)}  {_metrics(progress, _SHOWN)}".rstrip())


def _say(handle: RunHandle, text: str) -> None:
    """Raises: BrokenPipeError when nobody reads it, once the run has ended."""
    try:
        say(text)
        sys.stdout.flush()
    except BrokenPipeError:
        handle.wait()
        raise


def _place(progress: Progress) -> str:
    return f"epoch {progress.epoch}/{progress.epochs}  step {progress.step}/{progress.steps}"


def _left(eta: float | None) -> str:
    """How long it will still take; whole seconds, as it moves."""
    if eta is None:
        return ""
    return f"{round(eta)} s left" if eta < 60 else f"{duration(eta)} left"


def _metrics(progress: Progress, wanted: tuple[str, ...]) -> str:
    """Those of `wanted` that there are, else the first that there are."""
    names = [name for name in wanted if name in progress.metrics] or list(progress.metrics)[: len(wanted)]
    return "  ".join(f"{name} {figure(name, progress.metrics[name])}" for name in names)
