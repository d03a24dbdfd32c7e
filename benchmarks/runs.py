"""What thousands of runs cost: found on disk, listed again, shown, sorted, filtered, grouped, drawn as lines.

5 000 runs of 250 settings and twenty seeds, each a folder with its record. CPU time of the process, medians.
`python -m benchmarks --only runs`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from graph_engine.runs import RunRecord

RUNS, SEEDS = 5000, 20


def run(quick: bool) -> dict[str, Figure]:
    """Milliseconds, and seconds for what is done once."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    repeats = 3 if quick else 15
    with tempfile.TemporaryDirectory(prefix="layerloom-runs-") as folder:
        figures, records = _store(Path(folder), repeats)
    return figures | _window(records, repeats)


def _records() -> list[RunRecord]:
    from graph_engine.runs import RunRecord, RunState

    return [
        RunRecord(
            id=f"net-{number}",
            name=f"net-{number}",
            document="Net",
            dataset="digits",
            state=RunState.FINISHED,
            created=f"2026-01-01T00:00:00.{number:06}+00:00",
            epoch=3,
            epochs=3,
            step=600,
            seconds=float(number),
            metrics={"val_accuracy": 0.9 + number / 1e5, "val_loss": 1 / (number + 1)},
            best={"val_accuracy": 0.9 + number / 1e5, "val_loss": 1 / (number + 1), "epoch": 3.0, "step": 600.0},
            settings={
                "learning_rate": 10.0 ** -(1 + number // SEEDS % 5),
                "batch_size": 16 * (1 + number // SEEDS % 10),
                "conv2d_1.channels": 4 * (1 + number // SEEDS % 25),
                "seed": number % SEEDS,
            },
        )
        for number in range(RUNS)
    ]


def _store(folder: Path, repeats: int) -> tuple[dict[str, Figure], list[RunRecord]]:
    from graph_engine.runs import RunStore

    RunStore(folder).records()  # the folder is made, and what it takes is loaded
    for record in _records():
        (folder / record.id).mkdir()
        RunStore(folder).run_folder(record.id).write(record)
    began = process_time()
    found = RunStore(folder).records()
    first = process_time() - began
    if len(found) != RUNS:
        raise RuntimeError(f"{RUNS} runs were made, {len(found)} found")
    store = RunStore(folder)
    figures = {
        "5000 runs that nobody has listed": Figure(first, "s", 3.0),
        "5000 runs, listed again": Figure(_median(store.records, repeats), "ms", 250.0),
        "the newest 50 of them with a word": Figure(
            _median(lambda: store.records(text="net-49", limit=50), repeats), "ms", 50.0
        ),
    }
    return figures, found


def _window(records: list[RunRecord], repeats: int) -> dict[str, Figure]:
    from PySide6.QtCore import Qt

    from app.panels.parallel_plot import ParallelPlot
    from app.panels.runs_model import RunsModel
    from app.panels.runs_table import RunsTable
    from app.runs.shown import ShownRuns
    from app.start import make_application
    from app.theme import theme_manager
    from graph_engine.runs.comparing import group_over_seeds

    make_application(["benchmark"])
    theme_manager().set_mode("dark")
    shown = ShownRuns(lambda _run, _take: None)
    model = RunsModel(shown)
    table = RunsTable(model)
    table.resize(1200, 400)
    _put_on_screen(table)
    orders = [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder] * repeats
    words = ["net-4", "net", "net-49", ""] * repeats
    figures = {}

    def painted(change: Callable[[], None]) -> Callable[[], None]:
        def work() -> None:
            change()
            table.viewport().repaint()

        return work

    figures["shown in the table"] = Figure(_median(painted(lambda: model.set_records(records)), repeats), "ms", 50.0)
    figures["sorted by a column"] = Figure(_median(painted(lambda: model.sort(3, orders.pop())), repeats), "ms", 50.0)
    figures["filtered by a word"] = Figure(_median(painted(lambda: model.set_filter(words.pop())), repeats), "ms", 50.0)
    figures["grouped over their seeds"] = Figure(_median(lambda: group_over_seeds(records), repeats), "ms", 250.0)
    plot = ParallelPlot()
    plot.show_runs(records[:500], "val_accuracy")
    plot.resize(800, 400)
    _put_on_screen(plot)

    def anew() -> None:
        plot.show_runs(records[:500], "val_accuracy")
        plot.repaint()

    figures["500 lines across their settings"] = Figure(_median(anew, repeats), "ms", 100.0)
    figures["the same under the pointer"] = Figure(_median(plot.repaint, repeats), "ms", 16.0)
    for widget in (table, plot):
        widget.close()
        widget.deleteLater()
    return figures


def _put_on_screen(widget: QWidget) -> None:
    """What is not exposed yet is not painted, however often it is asked to."""
    from PySide6.QtWidgets import QApplication

    widget.show()
    for _ in range(3):
        QApplication.processEvents()


def _median(work: Callable[[], object], repeats: int) -> float:
    """ms of CPU time."""
    times = []
    for _ in range(repeats):
        began = process_time()
        work()
        times.append((process_time() - began) * 1e3)
    return median(times)
