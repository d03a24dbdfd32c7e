"""What one update of a chart costs: fifty new points, fitted, decimated and painted, at 10⁴, 10⁵ and 10⁶ points.

One plot of 560 × 230 px off screen with the curve of training (raw values, and smoothed over them) and that of
validation. Beside it, what the tiles of 64 feature maps cost. `python -m benchmarks --only charts`.
"""

from __future__ import annotations

import os
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.panels.charts_plot import PlotView
    from app.runs.series import Curve

_LENGTHS = (10_000, 100_000, 1_000_000)
_BUDGET = 5.0  # ms, at any length
_NEW = 50


def run(quick: bool) -> dict[str, Figure]:
    """Medians in ms."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.start import make_application
    from app.theme import theme_manager

    make_application(["benchmark"])
    theme_manager().set_mode("dark")
    repeats = 30 if quick else 200
    figures = {
        f"update of a chart, {length:_} points": Figure(_update(length, repeats), "ms", _BUDGET) for length in _LENGTHS
    }
    figures["smoothing anew, 1_000_000 points"] = Figure(_smooth(_LENGTHS[-1], 3 if quick else 9), "ms")
    figures["64 feature maps of 8×8, new values"] = Figure(_tiles(repeats), "ms", _BUDGET)
    return figures


def _curve(length: int, weight: float = 0.8) -> Curve:
    import numpy as np

    from app.runs.series import Curve

    steps = np.arange(1, length + 1)
    noise = np.random.default_rng(0).normal(scale=0.1, size=length)
    curve = Curve(weight)
    curve.extend(steps, steps / 390, steps * 0.01, np.abs(2.3 * np.exp(-4 * steps / length) + 0.05 + noise))
    return curve


def _plot(length: int) -> tuple[PlotView, Curve]:
    import numpy as np

    from app.panels.charts_items import Line
    from app.panels.charts_plot import PlotView

    training, validation = _curve(length), _curve(30, 0.0)
    steps = np.linspace(length / 30, length, 30)
    validation.clear()
    validation.extend(steps, steps / 390, steps * 0.01, 2.3 * np.exp(-4 * steps / length) + 0.1)
    plot = PlotView("Loss", "number")
    plot.resize(560, 230)
    plot.set_lines([Line("train", "train", training, 0, raw_behind=True), Line("val", "val", validation, 1)])
    _put_on_screen(plot)
    return plot, training


def _put_on_screen(widget: QWidget) -> None:
    """What is not exposed yet is not painted, however often it is asked to."""
    from PySide6.QtWidgets import QApplication

    widget.show()
    for _ in range(3):
        QApplication.processEvents()


def _update(length: int, repeats: int) -> float:
    import numpy as np

    plot, curve = _plot(length)
    rng = np.random.default_rng(1)
    times = []
    for _ in range(repeats):
        steps = np.arange(len(curve) + 1, len(curve) + 1 + _NEW)
        values = 0.1 + 0.02 * rng.random(_NEW)
        began = perf_counter()
        curve.extend(steps, steps / 390, steps * 0.01, values)
        plot.refresh()
        plot.viewport().repaint()
        times.append((perf_counter() - began) * 1e3)
    plot.deleteLater()
    return median(times)


def _smooth(length: int, repeats: int) -> float:
    curve = _curve(length)
    times = []
    for at in range(repeats):
        began = perf_counter()
        curve.set_weight(0.5 + 0.04 * at)
        times.append((perf_counter() - began) * 1e3)
    return median(times)


def _tiles(repeats: int) -> float:
    import numpy as np

    from app.panels.feature_maps_view import TileView
    from app.runs.activation import Activation

    view = TileView()
    view.resize(300, 220)
    _put_on_screen(view)
    rng = np.random.default_rng(0)
    times = []
    for _ in range(repeats):
        shown = Activation("conv2d_1", rng.random((64, 8, 8), dtype=np.float32), 0)
        began = perf_counter()
        view.show_values(shown)
        view.viewport().repaint()
        times.append((perf_counter() - began) * 1e3)
    view.deleteLater()
    return median(times)
