"""NodeGraphQt 0.6.44 through the same frames as our canvas, as a measure that moves with the machine as ours does.

`python -m benchmarks.nodegraphqt --nodes 1000` prints what `python -m benchmarks.canvas --nodes 1000` prints, in a
process like that one: the same chain at the same places with the same wires, in a view of the same size. It does what
its users do by the calls that its own mouse events make; nothing of it is changed but that undo is not recorded.

How the figures for it in our table of budgets were taken is not written down. Its build and memory come out alike here;
repainting and panning take many times as long, so that they were something else. Hence only the build is a measure.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from benchmarks.canvas import SIZE, arranged, drag_frames, resident, times


def is_installed() -> bool:
    """Whether the extra `bench` is there."""
    return importlib.util.find_spec("NodeGraphQt") is not None


def measure(nodes: int, rounds: int, *, build_only: bool = False) -> dict[str, float]:
    """Medians in ms of CPU time, the 95th percentile for the zoom sweep, memory in MB."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_PREFERRED_BINDING"] = "PySide6"
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    package = importlib.import_module("NodeGraphQt")
    graph = package.NodeGraph()
    graph.register_node(_node_type(package.BaseNode))
    viewer = graph.viewer()
    graph.widget.resize(*SIZE)
    _build(graph, 8)
    graph.widget.show()
    application.processEvents()
    graph.clear_session()
    gc.collect()
    before = resident()
    (build,) = times(lambda: _build(graph, nodes), 1)
    if build_only:
        return {"build": build}
    application.processEvents()
    figures = _paint_figures(graph, viewer, rounds, application.processEvents)
    return {"build": build} | figures | {"memory": max(resident() - before, 0.0)}


def _node_type(base: Any) -> Any:
    def start(self: Any) -> None:
        base.__init__(self)
        self.add_input("x")
        self.add_input("skip")
        self.add_output("y")

    return type("Operation", (base,), {"__identifier__": "bench", "NODE_NAME": "Operation", "__init__": start})


def _build(graph: Any, nodes: int) -> None:
    made: list[Any] = []
    for at, (name, place) in enumerate(arranged(nodes)):
        node = graph.create_node("bench.Operation", name=name, pos=list(place), selected=False, push_undo=False)
        if made:
            made[-1].output(0).connect_to(node.input(0), push_undo=False)
        if at and at % 4 == 0:
            made[-4].output(0).connect_to(node.input(1), push_undo=False)
        made.append(node)


def _paint_figures(graph: Any, viewer: Any, rounds: int, flush: Callable[[], object]) -> dict[str, float]:
    items = [node.view for node in graph.all_nodes()]
    viewer.zoom_to_nodes(items)
    flush()
    repaint = median(times(viewer.viewport().repaint, rounds))
    fitted, steps = viewer.transform().m11(), 12 * rounds

    def nearer() -> None:
        factor = (2.0 / fitted) ** (1 / (steps - 1))
        viewer.scale(factor, factor)
        viewer.viewport().repaint()

    sweep = times(nearer, steps)
    middle = viewer.scene().itemsBoundingRect().center()
    viewer.reset_zoom(middle)
    flush()

    def pan() -> None:
        viewer._set_viewer_pan(12, 7)  # noqa: SLF001 - what its mouse calls
        flush()

    panned = median(times(pan, 4 * rounds))
    card = min(
        (item for item in items if viewer.mapToScene(viewer.viewport().rect()).boundingRect().contains(item.pos())),
        key=lambda item: (item.pos() - middle).manhattanLength(),
    )
    place = viewer.mapFromScene(card.sceneBoundingRect().center())
    return {
        "repaint, all in view": repaint,
        "pan at 100 %": panned,
        "zoom sweep, 95 %": quantiles(sweep, n=20)[-1],
        "drag one node, a frame": median(drag_frames(viewer.viewport(), place, 4 * rounds, flush)),
    }


if __name__ == "__main__":
    count = int(sys.argv[sys.argv.index("--nodes") + 1])
    print(json.dumps(measure(count, 5 if "--quick" in sys.argv else 15, build_only="--build-only" in sys.argv)))
