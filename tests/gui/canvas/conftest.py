"""A canvas over a real history, driven by real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas import CanvasView
from app.canvas.look import Detail
from app.canvas.node_item import NodeItem
from app.theme import theme_manager
from graph_engine.blocks import Axis, TensorSpec
from graph_engine.check.report import CheckResult, Code, NodeReport, Problem, Severity, State
from graph_engine.document import Document, Edit, EditRefused, Graph, History
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class PlainHost:
    """The smallest open work: a document, its history, and a check that a test makes by hand."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.history = History(document)
        self.graph_name = "main"
        self.check: CheckResult | None = None
        self.refused: list[str] = []

    @property
    def reports(self) -> Mapping[str, NodeReport]:
        return self.check.nodes if self.check is not None else {}

    def attempt(self, edit: Edit, merge: str = "", label: str = "") -> bool:
        try:
            self.history.perform(edit, merge, label)
        except EditRefused as refusal:
            self.refused.append(str(refusal))
            return False
        return True

    def undo(self) -> None:
        self.history.undo()

    def redo(self) -> None:
        self.history.redo()


class Bench:
    """A canvas with hands: presses, drags and keys go through Qt's own event delivery."""

    def __init__(self, host: PlainHost) -> None:
        self.host = host
        self.view = CanvasView()
        self.view.resize(1000, 640)
        self.view.show()
        self.messages: list[str] = []
        self.selections: list[list[str]] = []
        self.activated: list[str] = []
        self.view.message.connect(lambda text, _at: self.messages.append(text))
        self.view.canvas_scene.selection_changed.connect(lambda nodes, _wires: self.selections.append(nodes))
        self.view.node_activated.connect(self.activated.append)
        self.view.show_host(host)
        self.view.set_zoom(1.0)
        self.view.centerOn(self.view.canvas_scene.contents().center())
        self.settle()

    # --- what there is

    @property
    def graph(self) -> Graph:
        return self.host.document.main

    @property
    def dumps(self) -> str:
        return dumps(self.host.document)

    @property
    def wires(self) -> set[str]:
        return {str(wire) for wire in self.graph.wires}

    def item(self, node: str) -> NodeItem:
        return self.view.canvas_scene.nodes[node]

    @property
    def selected(self) -> list[str]:
        return self.view.canvas_scene.selected_nodes

    # --- where it is, in pixels of the viewport

    def at(self, point: QPointF) -> QPoint:
        return self.view.mapFromScene(point)

    def body(self, node: str) -> QPoint:
        """A place on the body of a node, away from its title and ports."""
        card = self.item(node).card
        return self.at(QPointF(card.center().x(), card.bottom() - 6.0))

    def title(self, node: str) -> QPoint:
        card = self.item(node).card
        return self.at(QPointF(card.center().x(), card.top() + 14.0))

    def port(self, node: str, side: str, name: str) -> QPoint:
        return self.at(self.item(node).port_position(side, name))  # type: ignore[arg-type]

    def wire_middle(self, target: str, port: str) -> QPoint:
        wire = self.graph.wire_at(target, port)
        assert wire is not None
        return self.at(self.view.canvas_scene.wires[wire].middle())

    @property
    def empty(self) -> QPoint:
        """A place where nothing is."""
        for x in range(30, self.view.viewport().width() - 200, 40):
            for y in range(30, self.view.viewport().height() - 140, 40):
                corners = self.view.mapToScene(QPoint(x - 20, y - 20)), self.view.mapToScene(QPoint(x + 20, y + 20))
                if not self.view.canvas_scene.items(QRectF(*corners)):
                    return QPoint(x, y)
        raise AssertionError("no empty place is in view")

    # --- hands

    def press(self, at: QPoint, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mousePress(self.view.viewport(), button, modifiers, at)

    def move(self, at: QPoint, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Move with a button held: QTest.mouseMove carries no modifiers."""
        from PySide6.QtGui import QMouseEvent

        event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(at),
            QPointF(self.view.viewport().mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            button,
            modifiers,
        )
        QApplication.sendEvent(self.view.viewport(), event)

    def release(self, at: QPoint, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseRelease(self.view.viewport(), button, modifiers, at)
        self.settle()

    def click(self, at: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        self.press(at, button, modifiers)
        self.release(at, button, modifiers)

    def double_click(self, at: QPoint) -> None:
        self.click(at)
        QTest.mouseDClick(self.view.viewport(), LEFT, NONE, at)
        QTest.mouseRelease(self.view.viewport(), LEFT, NONE, at)
        self.settle()

    def drag(
        self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT
    ) -> None:
        self.press(start, button, modifiers)
        for step in range(1, 6):
            self.move(start + (end - start) * step / 5, button, modifiers)
        self.release(end, button, modifiers)

    def hover(self, at: QPoint) -> None:
        self.move(at, Qt.MouseButton.NoButton)
        self.settle()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.view, key, modifiers)
        self.settle()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.view.adding.popup.search.field, text)
        self.settle()

    def choose(self) -> None:
        """Enter in the open list."""
        QTest.keyClick(self.view.adding.popup.search.field, Qt.Key.Key_Return)
        self.settle()

    def settle(self) -> None:
        QApplication.processEvents()

    # --- eyes

    def picture(self) -> QImage:
        self.settle()
        return self.view.viewport().grab().toImage()

    def color(self, at: QPoint) -> QColor:
        ratio = self.view.devicePixelRatioF()
        return self.picture().pixelColor(round(at.x() * ratio), round(at.y() * ratio))

    def shows(self, color: str, around: QPoint, reach: int = 12) -> bool:
        """Whether a pixel near `around` has about this colour."""
        wanted, picture = QColor(color), self.picture()
        for x in range(around.x() - reach, around.x() + reach + 1):
            for y in range(around.y() - reach, around.y() + reach + 1):
                if picture.rect().contains(x, y) and _alike(picture.pixelColor(x, y), wanted):
                    return True
        return False


def _alike(one: QColor, other: QColor) -> bool:
    return abs(one.red() - other.red()) + abs(one.green() - other.green()) + abs(one.blue() - other.blue()) < 36


def image(*lengths: int) -> TensorSpec:
    """What a picture of one sample is, batched."""
    return TensorSpec((Axis("N"), *lengths))


LABEL = TensorSpec((Axis("N"),), "int64", classes=10)


def checked(
    document: Document, outputs: dict[str, TensorSpec], errors: dict[str, tuple[str, str]] | None = None
) -> CheckResult:
    """A check made by hand: what leaves each node, and (port, sentence) of the faulty ones; what follows them waits."""
    errors = errors or {}
    graph = document.main
    faulty = graph.downstream(errors) - set(errors)
    reports = {}
    for node in graph:
        state = State.ERROR if node.id in errors else State.WAITING if node.id in faulty else State.OK
        out = {"y": outputs[node.id]} if node.id in outputs and state is State.OK else {}
        into = {
            port: outputs[wire.source]
            for port, wire in graph.wires_into(node.id).items()
            if wire.source in outputs and wire.source not in errors and wire.source not in faulty
        }
        message = errors[node.id][1] if node.id in errors else ""
        reports[node.id] = NodeReport(state, into, out, message=message)
    problems = tuple(Problem(Severity.ERROR, Code.REFUSED, text, node, port) for node, (port, text) in errors.items())
    return CheckResult(document.revision, reports, problems)


def small_net() -> tuple[Document, dict[str, TensorSpec]]:
    """Input → Conv 2d → ReLU → Flatten → Linear, with a label input, an Add and a Cross entropy that are not wired."""
    net = Builder("Small")
    x = net.input("image", 1, 28, 28)
    for block, parameters in (("conv2d", {"channels": 6}), ("relu", {}), ("flatten", {}), ("linear", {"features": 10})):
        x = net.add(block, x, **parameters)
    net.input("label", classes=10, label=True)
    net.add("add")
    net.add("cross_entropy")
    document = net.document
    places = {
        "input_1": (0.0, 0.0),
        "conv2d_1": (168.0, 0.0),
        "relu_1": (336.0, 0.0),
        "flatten_1": (504.0, 0.0),
        "linear_1": (672.0, 0.0),
        "input_2": (0.0, 160.0),
        "add_1": (336.0, 160.0),
        "cross_entropy_1": (672.0, 160.0),
    }
    from graph_engine.document import Move

    document.apply(Move(tuple(places.items())))
    outputs = {
        "input_1": image(1, 28, 28),
        "conv2d_1": image(6, 28, 28),
        "relu_1": image(6, 28, 28),
        "flatten_1": image(4704),
        "linear_1": image(10),
        "input_2": LABEL,
    }
    return document, outputs


@pytest.fixture
def make_bench(qapp: QApplication) -> Iterator[Callable[[Document], Bench]]:
    """Opens documents on canvases, and closes these at the end."""
    theme_manager().set_mode("dark")
    made: list[Bench] = []

    def make(document: Document) -> Bench:
        made.append(Bench(PlainHost(document)))
        return made[-1]

    yield make
    for bench in made:
        bench.view.close_document()
        bench.view.close()
        bench.view.deleteLater()


@pytest.fixture
def bench(make_bench: Callable[[Document], Bench]) -> Bench:
    """The small net, checked."""
    document, outputs = small_net()
    made = make_bench(document)
    made.host.check = checked(document, outputs)
    made.view.canvas_scene.set_result(made.host.check)
    assert made.view.canvas_scene.look.detail is Detail.TEXT
    return made


@pytest.fixture
def check_by_hand() -> Callable[..., CheckResult]:
    """Makes a check result: `check_by_hand(document, outputs, errors)`."""
    return checked
