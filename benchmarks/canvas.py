"""The canvas with real nodes: build, repaint, pan, zoom, drag and memory at 100, 1000 and 5000 nodes.

A chain with skip wires in rows, checked, in a view of 1600 × 900 px off screen. Each size is measured in a process of
its own, for its memory, in CPU time: what is drawn off screen waits for nothing but for its turn on the processor.

Three cases: *plain* nodes; *dressed* ones, each with thumbnails and two badges; and dressed ones *while training*:
LeNet-5 learns on a thread as it does in the window, and each second new thumbnails come for some nodes. Then the clock
is what counts, since the window waits for the other thread's Python; how much of it the window's own thread computes
stands beside it, and tells on a busy machine which of the two was late.

Where NodeGraphQt is installed (the extra `bench`), such processes and its own take turns: how long it takes to build
tells how fast the machine is meanwhile, and so what our times would be on the machine that the budgets were set on.
`python -m benchmarks.canvas [--json]` measures the canvas alone.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median, quantiles
from time import perf_counter, process_time, sleep, thread_time
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QWidget

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
_THEIR_BUILD = 1300.0  # ms that NodeGraphQt 0.6.44 took for 1000 nodes on the machine that the budgets were set on
_PAIRS = {100: 1, 1000: 3, 5000: 2}
Case = Literal["plain", "dressed", "training"]
_SUFFIX: dict[Case, str] = {"plain": "", "dressed": ", thumbnails and badges", "training": ", while training"}
_AT_ONCE, _EVERY = 24, 1000
"""How many nodes get new thumbnails while it trains, and how often (ms): as in the window."""
_PATIENCE = 60.0  # s that the run may take to begin
SIZE = (1600, 900)
Clock = Callable[[], float]
"""Seconds."""


def run(quick: bool) -> dict[str, Figure]:
    """Medians in ms, the 95th percentile for the zoom sweep, memory in MB; see README for how they are judged."""
    from benchmarks import nodegraphqt

    paired = nodegraphqt.is_installed()
    if not paired:
        sys.stderr.write(
            "NodeGraphQt is not installed, so the canvas is judged in the milliseconds of this machine, whatever its "
            "speed. To have its speed measured beside: pip install -e '.[bench]'\n"
        )
    figures: dict[str, Figure] = {}
    for nodes in (100, 1000) if quick else (100, 1000, 5000):
        for case in get_args(Case) if nodes > 100 else ("plain",):
            figures |= _case(nodes, case, paired=paired, quick=quick)
    if paired:
        figures |= {f"NodeGraphQt: {name}, 1000 nodes": value for name, value in _of_theirs(quick=quick).items()}
    return figures


def _case(nodes: int, case: Case, *, paired: bool, quick: bool) -> dict[str, Figure]:
    """The figures of one size and case, judged at the reference's speed where that is measured beside."""
    ours, theirs = _in_turns(nodes, case, quick=quick) if paired else ([_measured(nodes, case, quick=quick)], [])
    figures: dict[str, Figure] = {}
    for name in ours[0]:
        budget = _BUDGETS.get(name, {}).get(nodes)
        value = median(one[name] for one in ours)
        title = f"{name}, {nodes} nodes{_SUFFIX[case]}"
        if name == "memory":
            figures[title] = Figure(value, "MB", budget)
            continue
        figures[title] = Figure(value, "ms", None if theirs else budget)
        if theirs and budget is not None:
            scaled = [one[name] * _THEIR_BUILD / other["build"] for one, other in zip(ours, theirs, strict=True)]
            figures[f"{title}, at the reference's speed"] = Figure(median(scaled), "ms", budget)
    if theirs:
        slower = median(other["build"] for other in theirs) / _THEIR_BUILD
        figures[f"NodeGraphQt's build meanwhile, of the reference's ({nodes}{_SUFFIX[case]})"] = Figure(slower, "×")
    return figures


def _in_turns(nodes: int, case: Case, *, quick: bool) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Our figures with `nodes` nodes, and NodeGraphQt's build of 1000 each time right before or after."""
    ours, theirs = [], []
    for at in range(1 if quick else _PAIRS[nodes]):
        # the first of a pair changes, so that a machine that slows down meanwhile favours neither
        for name in ("canvas", "nodegraphqt") if at % 2 == 0 else ("nodegraphqt", "canvas"):
            if name == "canvas":
                ours.append(_measured(nodes, case, quick=quick))
            else:
                theirs.append(_printed("nodegraphqt", "--nodes", "1000", "--build-only", quick=quick))
    return ours, theirs


def _of_theirs(*, quick: bool) -> dict[str, Figure]:
    """What NodeGraphQt takes, for comparison."""
    measured = _printed("nodegraphqt", "--nodes", "1000", quick=quick)
    return {name: Figure(value, "MB" if name == "memory" else "ms") for name, value in measured.items()}


def _measured(nodes: int, case: Case, *, quick: bool) -> dict[str, float]:
    return _printed("canvas", "--nodes", str(nodes), "--case", case, quick=quick)


def _printed(module: str, *options: str, quick: bool) -> dict[str, float]:
    """What a benchmark prints in a process of its own."""
    if quick:
        options = (*options, "--quick")
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *options], stdout=subprocess.PIPE, text=True, check=True
    )
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


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


def chain(nodes: int, *, badges: bool = False) -> Document:
    """A chain of convolutions, norms and activations; every fourth node adds what was three before it.

    `badges`: every node but the first is frozen, and every other one repeated or bypassed as well.
    """
    from graph_engine.document import AddNodes, Document, Node, Wire

    made, wires = [], []
    for at, (name, place) in enumerate(arranged(nodes)):
        block = name.rpartition("_")[0]
        if not at:
            made.append(Node(name, block, {"shape": [8, 32, 32]}))
            continue
        before = made[-1].id
        marks: _Marks = _marks(at) if badges else {}
        if at % 4 == 0:
            node = Node(name, block, {}, place, **marks)
            wires += [Wire(before, "y", node.id, "xs.0"), Wire(made[-4].id, "y", node.id, "xs.1")]
        else:
            node = Node(name, block, {"channels": 8} if block == "conv2d" else {}, place, **marks)
            wires.append(Wire(before, "y", node.id, "x"))
        made.append(node)
    document = Document()
    document.apply(AddNodes(tuple(made), tuple(wires)))
    return document


class _Marks(TypedDict, total=False):
    """What a node shows as badges."""

    frozen: bool
    repeat: int
    bypassed: bool


def _marks(at: int) -> _Marks:
    """Two badges, as many as are usual at most; a node that takes several inputs can't be repeated."""
    return {"frozen": True, "repeat": 2} if at % 4 else {"frozen": True, "bypassed": True}


def arranged(nodes: int) -> list[tuple[str, tuple[float, float]]]:
    """The nodes of the chain in its order, and where they are: in rows."""
    across = max(8, round((nodes * 1.45) ** 0.5))
    blocks = ("add", "conv2d", "batch_norm", "relu")
    names = ["input_1", *(f"{blocks[at % 4]}_{at}" for at in range(1, nodes))]
    return [(name, (at % across * 176.0, at // across * 132.0)) for at, name in enumerate(names)]


def measure(nodes: int, rounds: int, case: Case) -> dict[str, float]:
    """All figures at one size; in a process that has done nothing else."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    from app.canvas import CanvasView
    from app.theme import theme_manager
    from graph_engine.check import Checker

    theme_manager().set_mode("dark")
    document = chain(nodes, badges=case != "plain")
    host = _Host(document, Checker().check(document))
    view = CanvasView()
    view.resize(*SIZE)
    small = chain(8)
    view.show_host(_Host(small, Checker().check(small)))
    view.show()
    application.processEvents()
    gc.collect()
    before = resident()
    builds = times(lambda: view.show_host(host), 1)
    application.processEvents()
    if case != "plain":
        _dress(view, [*view.canvas_scene.nodes])
        application.processEvents()
    figures: dict[str, float] = {}
    if case == "training":
        with _trained(view, application.processEvents):
            figures = _paint_figures(view, rounds, application.processEvents, perf_counter)
            of_own = _paint_figures(view, rounds, application.processEvents, thread_time)
        return figures | {f"{name}, computed by the window": value for name, value in of_own.items()}
    figures = _paint_figures(view, rounds, application.processEvents, process_time)
    figures["memory"] = max(resident() - before, 0.0)
    for _ in range(4):
        view.close_document()
        builds += times(lambda: view.show_host(host), 1)
    view.close_document()
    return {"build": median(builds)} | figures


def _dress(view: CanvasView, nodes: list[str]) -> None:
    """Gives nodes a strip of maps each, of its own, as large as the window makes it for square maps."""
    import numpy as np

    from app.panels.feature_maps_color import color_table
    from app.panels.feature_maps_strip import TILES, edge, gap
    from app.panels.feature_maps_tiles import indexed_image

    width, height = TILES * (edge() + gap()) - gap(), edge()
    table = color_table("viridis", "#f87171", "#000000")
    draw = np.random.default_rng(0)
    for node in nodes:
        levels = draw.integers(0, 256, (height, width), dtype=np.uint8)
        view.canvas_scene.set_thumbnail(node, indexed_image(levels, table))


@contextmanager
def _trained(view: CanvasView, flush: Callable[[], None]) -> Iterator[None]:
    """While LeNet-5 is trained on a thread and followed, and nodes get new strips now and then, as in the window."""
    from tempfile import TemporaryDirectory

    from PySide6.QtCore import QTimer

    from app.open_document import OpenDocument
    from app.session import Session
    from app.start import SWITCH
    from app.workers import CheckWorker
    from presets import open_preset

    with TemporaryDirectory() as home:
        os.environ["LAYERLOOM_HOME"] = home
        sys.setswitchinterval(SWITCH)
        document = open_preset("lenet5")
        plan = document.plan
        document.plan = replace(plan.with_first(stage=replace(plan.stages[0], epochs=100_000)), batch_size=64)
        worker = CheckWorker()
        session = Session(worker)
        session.show(OpenDocument(document, name="LeNet-5"))
        worker.start()
        runs, names = session.runs, [*view.canvas_scene.nodes]
        _until(lambda: session.program is not None, flush)
        runs.start()
        _until(lambda: runs.progress is not None and runs.progress.step > 3, flush)
        clock = QTimer(view, interval=_EVERY)
        clock.timeout.connect(lambda: _dress(view, names[:_AT_ONCE]))
        clock.start()
        try:
            yield
        finally:
            clock.stop()
            runs.stop()
            _until(lambda: not runs.live, flush)
            runs.close()
            session.jobs.close()
            worker.close()


def _until(happened: Callable[[], bool], flush: Callable[[], None]) -> None:
    """Raises: TimeoutError."""
    ends = perf_counter() + _PATIENCE
    while not happened():
        if perf_counter() > ends:
            raise TimeoutError("The run did not begin, or did not end.")
        flush()
        sleep(0.02)


def _paint_figures(view: CanvasView, rounds: int, flush: Callable[[], None], clock: Clock) -> dict[str, float]:
    view.fit_all()
    flush()
    repaint = median(times(view.viewport().repaint, rounds, clock))
    fitted = view.zoom
    sweep: list[float] = []
    steps = 12 * rounds
    for at in range(steps):
        zoom = fitted * (2.0 / fitted) ** (at / (steps - 1))
        start = clock()
        view.set_zoom(zoom)
        view.viewport().repaint()
        sweep.append((clock() - start) * 1e3)
    view.set_zoom(1.0)
    view.centerOn(view.canvas_scene.contents().center())
    flush()

    def pan() -> None:
        view.scroll_by(12, 7)
        flush()

    return {
        "repaint, all in view": repaint,
        "pan at 100 %": median(times(pan, 4 * rounds, clock)),
        "zoom sweep, 95 %": quantiles(sweep, n=20)[-1],
        "drag one node, a frame": _drag(view, rounds, flush, clock),
    }


def _drag(view: CanvasView, rounds: int, flush: Callable[[], None], clock: Clock) -> float:
    scene = view.canvas_scene
    item = min(scene.nodes_in(view.visible_rect()), key=lambda name: name)
    start = view.mapFromScene(scene.nodes[item].card.center())
    return median(drag_frames(view.viewport(), start, 4 * rounds, flush, clock))


def drag_frames(
    viewport: QWidget, start: QPoint, count: int, flush: Callable[[], object], clock: Clock = process_time
) -> list[float]:
    """ms for each of `count` steps of a drag of what lies at `start` in a viewport."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    frames: list[float] = []
    for at in range(1, count):
        begun = clock()
        QTest.mouseMove(viewport, start + QPoint(3 * at, 2 * at))
        flush()
        frames.append((clock() - begun) * 1e3)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(3 * count, 2 * count))
    return frames


def times(action: Callable[[], object], count: int, clock: Clock = process_time) -> list[float]:
    """ms for each of `count` calls, of CPU time if no other clock is given."""
    found = []
    for _ in range(count):
        start = clock()
        action()
        found.append((clock() - start) * 1e3)
    return found


def resident() -> float:
    """Resident memory of this process, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> int:
    """Measure one size (`--nodes`, and `--case`), or all as a table or as JSON."""
    quick = "--quick" in sys.argv
    if "--nodes" in sys.argv:
        nodes = int(sys.argv[sys.argv.index("--nodes") + 1])
        asked = sys.argv[sys.argv.index("--case") + 1] if "--case" in sys.argv else "plain"
        case: Case = next((each for each in _SUFFIX if each == asked), "plain")
        print(json.dumps(measure(nodes, 5 if quick else 15, case)))
        return 0
    figures = run(quick)
    if "--json" in sys.argv:
        print(json.dumps({name: figure.as_data() for name, figure in figures.items()}, indent=2, ensure_ascii=False))
    else:
        for name, figure in figures.items():
            mark = {True: "ok", False: "OVER", None: ""}[figure.ok]
            print(f"{name:<60} {figure.text:>12} {figure.budget_text:>12} {mark}")
    return 1 if any(figure.ok is False for figure in figures.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
