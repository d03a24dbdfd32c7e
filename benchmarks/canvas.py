"""The canvas with real nodes: build, repaint, pan, zoom, drag and memory at 100, 1000 and 5000 nodes.

A chain with skip wires in rows, checked, in a view of 1600 × 900 px off screen. Each size is measured in a process of
its own, for its memory. `python -m benchmarks.canvas [--json]` measures the canvas alone.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from graph_engine.check import CheckResult
    from graph_engine.document import Document, Edit

_BUDGETS = {
    "build": {1000: 100.0, 5000: 500.0},
    "repaint, all in view": {1000: 5.0, 5000: 16.0},
    "pan at 100 %": {1000: 2.0, 5000: 2.0},
    "zoom sweep, 95 %": {1000: 16.0, 5000: 16.0},
    "drag one node, a frame": {1000: 2.0},
    "memory": {1000: 40.0, 5000: 120.0},
}
_SIZE = (1600, 900)


def run(quick: bool) -> dict[str, Figure]:
    """Medians in ms, the 95th percentile for the zoom sweep, memory in MB."""
    figures: dict[str, Figure] = {}
    for nodes in (100, 1000) if quick else (100, 1000, 5000):
        command = [sys.executable, "-m", "benchmarks.canvas", "--nodes", str(nodes), *(["--quick"] if quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        for name, value in measured.items():
            unit = "MB" if name == "memory" else "ms"
            figures[f"{name}, {nodes} nodes"] = Figure(value, unit, _BUDGETS[name].get(nodes))
    return figures


class _Host:
    """A document and its last check; nothing is edited but by dragging."""

    def __init__(self, document: Document, check: CheckResult) -> None:
        self.document = document
        self.graph_name = "main"
        self.check = check
        self.reports = check.nodes

    def attempt(self, edit: Edit, merge: str = "", label: str = "") -> bool:  # noqa: ARG002
        self.document.apply(edit)
        return True

    def undo(self) -> None:
        raise NotImplementedError

    def redo(self) -> None:
        raise NotImplementedError


def chain(nodes: int) -> Document:
    """A chain of convolutions, norms and activations; every fourth node adds what was three before it."""
    from graph_engine.document import AddNodes, Document, Node, Wire

    across = max(8, round((nodes * 1.45) ** 0.5))
    blocks = ("conv2d", "batch_norm", "relu")
    made, wires = [], []
    made.append(Node("input_1", "input", {"shape": [8, 32, 32]}))
    for at in range(1, nodes):
        place = (at % across * 176.0, at // across * 132.0)
        before = made[-1].id
        if at % 4 == 0:
            node = Node(f"add_{at}", "add", {}, place)
            wires += [Wire(before, "y", node.id, "xs.0"), Wire(made[-4].id, "y", node.id, "xs.1")]
        else:
            block = blocks[at % 4 - 1]
            node = Node(f"{block}_{at}", block, {"channels": 8} if block == "conv2d" else {}, place)
            wires.append(Wire(before, "y", node.id, "x"))
        made.append(node)
    document = Document()
    document.apply(AddNodes(tuple(made), tuple(wires)))
    return document


def measure(nodes: int, rounds: int) -> dict[str, float]:
    """All figures at one size; in a process that has done nothing else."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    from app.canvas import CanvasView
    from app.theme import theme_manager
    from graph_engine.check import Checker

    theme_manager().set_mode("dark")
    document = chain(nodes)
    host = _Host(document, Checker().check(document))
    view = CanvasView()
    view.resize(*_SIZE)
    small = chain(8)
    view.show_host(_Host(small, Checker().check(small)))
    view.show()
    application.processEvents()
    gc.collect()
    before = _resident()
    builds = _times(lambda: view.show_host(host), 1)
    application.processEvents()
    figures = _paint_figures(view, rounds, application.processEvents)
    figures["memory"] = max(_resident() - before, 0.0)
    for _ in range(4):
        view.close_document()
        builds += _times(lambda: view.show_host(host), 1)
    view.close_document()
    return {"build": median(builds)} | figures


def _paint_figures(view: CanvasView, rounds: int, flush: Callable[[], None]) -> dict[str, float]:
    view.fit_all()
    flush()
    repaint = median(_times(view.viewport().repaint, rounds))
    fitted = view.zoom
    sweep: list[float] = []
    steps = 12 * rounds
    for at in range(steps):
        zoom = fitted * (2.0 / fitted) ** (at / (steps - 1))
        start = perf_counter()
        view.set_zoom(zoom)
        view.viewport().repaint()
        sweep.append((perf_counter() - start) * 1e3)
    view.set_zoom(1.0)
    view.centerOn(view.canvas_scene.contents().center())
    flush()

    def pan() -> None:
        view.scroll_by(12, 7)
        flush()

    return {
        "repaint, all in view": repaint,
        "pan at 100 %": median(_times(pan, 4 * rounds)),
        "zoom sweep, 95 %": quantiles(sweep, n=20)[-1],
        "drag one node, a frame": _drag(view, rounds, flush),
    }


def _drag(view: CanvasView, rounds: int, flush: Callable[[], None]) -> float:
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    scene = view.canvas_scene
    item = min(scene.nodes_in(view.visible_rect()), key=lambda name: name)
    center = view.mapFromScene(scene.nodes[item].card.center())
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=center)
    frames: list[float] = []
    for at in range(1, 4 * rounds):
        start = perf_counter()
        QTest.mouseMove(view.viewport(), center + QPoint(3 * at, 2 * at))
        flush()
        frames.append((perf_counter() - start) * 1e3)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=center + QPoint(12 * rounds, 8 * rounds))
    return median(frames)


def _times(action: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(count):
        start = perf_counter()
        action()
        found.append((perf_counter() - start) * 1e3)
    return found


def _resident() -> float:
    """Resident memory of this process, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> int:
    """Measure one size (`--nodes`), or all as a table or as JSON."""
    quick = "--quick" in sys.argv
    if "--nodes" in sys.argv:
        print(json.dumps(measure(int(sys.argv[sys.argv.index("--nodes") + 1]), 5 if quick else 15)))
        return 0
    figures = run(quick)
    if "--json" in sys.argv:
        print(json.dumps({name: figure.as_data() for name, figure in figures.items()}, indent=2, ensure_ascii=False))
    else:
        for name, figure in figures.items():
            mark = {True: "ok", False: "OVER", None: ""}[figure.ok]
            print(f"{name:<40} {figure.text:>12} {figure.budget_text:>12} {mark}")
    return 1 if any(figure.ok is False for figure in figures.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
