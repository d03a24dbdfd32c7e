"""How late a 16 ms timer of the window comes while a network is trained on a thread, charts and feature maps in view.

The whole window off screen, 1680 × 1050 px: a perceptron whose step takes a fraction of a millisecond (nearly all
Python), and LeNet-5 with larger batches, whose steps take some milliseconds (nearly all outside of Python). Lateness
is the time from one timer event to the next; 16 ms is the least. `python -m benchmarks --only responsiveness`.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.start import Studio
    from graph_engine.document import Document

_INTERVAL = 16  # ms
_P99, _MAX = 25.0, 100.0  # ms
_PATIENCE = 120.0  # s


def run(quick: bool) -> dict[str, Figure]:
    """Medians, 99th percentiles and maxima in ms, for both networks, beside those of a window at rest."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["LAYERLOOM_HOME"] = home
        studio = _open(Path(home))
        seconds = 4.0 if quick else 20.0
        figures: dict[str, Figure] = {}
        try:
            for name, document, node in (("mlp", _mlp(), "linear_1"), ("LeNet-5, batch 256", _lenet(), "conv2d_2")):
                if not figures:
                    _show(studio, document, node)
                    _wait(studio, 1.0)
                    figures |= _figures("at rest", _gaps(studio, seconds / 2), 1.0, begin=None)
                else:
                    _show(studio, document, node)
                figures |= _train(studio, name, seconds)
        finally:
            studio.discard()
    return figures


def _open(home: Path) -> Studio:
    import sys

    from app.settings import Settings
    from app.start import SWITCH, Studio, make_application
    from app.theme import theme_manager

    make_application(["benchmark"])
    sys.setswitchinterval(SWITCH)
    theme_manager().set_mode("dark")
    studio = Studio(Settings(home / "window.ini"))
    studio.window.resize(1680, 1050)
    studio.window.show_drawing()
    studio.window.show()
    studio.begin()
    _until(studio, lambda: studio.settled)
    studio.window.show_panel("charts")
    return studio


def _mlp() -> Document:
    from presets import open_preset

    return _long(open_preset("mlp"), 64)


def _lenet() -> Document:
    from presets import open_preset

    return _long(open_preset("lenet5"), 256)


def _long(document: Document, batch_size: int) -> Document:
    """The document with a plan that does not end while it is measured."""
    plan = document.plan
    document.plan = replace(plan.with_first(stage=replace(plan.stages[0], epochs=100_000)), batch_size=batch_size)
    return document


def _show(studio: Studio, document: Document, node: str) -> None:
    from app.open_document import OpenDocument

    session = studio.session
    session.show(OpenDocument(document, name=document.title))
    _until(studio, lambda: studio.settled)
    session.select([node])
    _wait(studio, 1.0)


def _train(studio: Studio, name: str, seconds: float) -> dict[str, Figure]:
    """From the moment Train is pressed: the start, and then the time in which it goes on."""
    session = studio.session
    session.runs.start()
    began = _gaps(studio, 2.0)
    progress = session.runs.progress
    first, at = (progress.step if progress is not None else 0), perf_counter()
    gaps = _gaps(studio, seconds)
    progress = session.runs.progress
    last = progress.step if progress is not None else 0
    step = (perf_counter() - at) * 1e3 / max(last - first, 1)
    session.runs.stop()
    _until(studio, lambda: not session.runs.live)
    return _figures(f"training {name}", gaps, step, begin=max(began))


def _figures(what: str, gaps: list[float], step: float, *, begin: float | None) -> dict[str, Figure]:
    gaps = sorted(gaps)
    found = {
        f"timer, p50, {what}": Figure(median(gaps), "ms"),
        f"timer, p99, {what}": Figure(gaps[int(0.99 * (len(gaps) - 1))], "ms", _P99),
        f"timer, max, {what}": Figure(gaps[-1], "ms", _MAX),
    }
    if begin is not None:
        found[f"timer, max of the start, {what}"] = Figure(begin, "ms", _MAX)
        found[f"a step, {what}"] = Figure(step, "ms")
    return found


def _gaps(studio: Studio, seconds: float) -> list[float]:
    """ms between the events of a 16 ms timer, for `seconds`."""
    from PySide6.QtCore import Qt, QTimer

    gaps: list[float] = []
    last = perf_counter()

    def tick() -> None:
        nonlocal last
        now = perf_counter()
        gaps.append((now - last) * 1e3)
        last = now

    timer = QTimer(studio, interval=_INTERVAL, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start()
    _wait(studio, seconds)
    timer.stop()
    timer.deleteLater()
    return gaps


def _wait(studio: Studio, seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop(studio)
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _until(studio: Studio, happened: Callable[[], bool]) -> None:
    """Lets the window work until it `happened`.

    Raises: TimeoutError.
    """
    ends = perf_counter() + _PATIENCE
    while not happened():
        if perf_counter() > ends:
            raise TimeoutError("the window did not come to rest")
        _wait(studio, 0.05)
