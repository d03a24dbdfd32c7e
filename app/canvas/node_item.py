"""A node on the canvas: what is known of it, where its ports are, how it is lit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.look import Look
from app.canvas.paint.card import Finish
from app.canvas.paint.node import message_rect, paint_node
from graph_engine.blocks import Block, Kind, Role
from graph_engine.check.report import NodeReport, State
from graph_engine.document import Node
from graph_engine.document.composite import is_composite
from graph_engine.document.geometry import NodeGeometry, Side, badges_of, measure, tell_of

_AURA = 9.0
"""How far halo and port glow reach beyond the card, in scene units."""


@dataclass(frozen=True, slots=True)
class PortRef:
    """A port of a node in the scene."""

    node: str
    side: Side
    name: str


PortMark = tuple[Side, str, Kind, bool, float, float]
"""A port's side and name, its kind, whether it has a wire, and where it is on the card."""


class NodeItem(QGraphicsRectItem):
    """Draws one node with its ports. Its rectangle is what it may paint on; the card starts at (0, 0)."""

    def __init__(
        self, look: Look, node: Node, block: type[Block] | None, inputs: Collection[str], outputs: Collection[str]
    ) -> None:
        super().__init__()
        self.look = look
        self.node = node
        self.block = block
        self.selected = False
        self.hovered = False
        self.faded = False
        self.legal: frozenset[tuple[Side, str]] | None = None
        self.port_under_pointer: tuple[Side, str] | None = None
        self.thumbnail: QImage | None = None
        self.report: NodeReport | None = None
        self.waits_for = ""
        self._shape_text: str | None = None
        self._port_marks: tuple[PortMark, ...] | None = None
        self._size: tuple[float, float] | None = None
        self.geometry: NodeGeometry
        self.set_node(node, block, inputs, outputs)
        self.setPen(Qt.PenStyle.NoPen)

    # --- what it shows

    @property
    def id(self) -> str:
        return self.node.id

    def set_node(
        self, node: Node, block: type[Block] | None, inputs: Collection[str], outputs: Collection[str]
    ) -> None:
        """Show another state of the node, which is of `block` (None when it is not known), with these ports wired."""
        self.node, self.block = node, block
        self.category = block.category.value if block else ""
        self.title = node.title or (block.title if block else node.block)
        self.short_title = node.title or _name_of_border(node, block) or self.title
        self.own_tell = tell_of(node, block)
        self.badges = badges_of(node)
        self.finish = Finish(stacked=is_composite(node.block), striped=node.bypassed)
        wired: set[tuple[Side, str]] = {("input", name) for name in inputs}
        wired.update(("output", name) for name in outputs)
        self.wired = frozenset(wired)
        self._measure(inputs, outputs)
        self.setPos(*node.position)
        self._fit()

    def set_report(self, report: NodeReport | None, waits_for: str) -> None:
        """Show what a check said; `waits_for` is the title of the node before it that must be mended first."""
        if report == self.report and waits_for == self.waits_for:
            return
        self.report, self.waits_for = report, waits_for
        self._shape_text = None
        self._fit()
        self._stack()
        self.update()

    def set_thumbnail(self, image: QImage | None) -> None:
        """Show a strip of maps, or none."""
        had = self.thumbnail is not None
        self.thumbnail = image
        if had != (image is not None):
            inputs = [name for side, name in self.wired if side == "input"]
            outputs = [name for side, name in self.wired if side == "output"]
            self._measure(inputs, outputs)
            self._fit()
        self.update()

    @property
    def state(self) -> State:
        return self.report.state if self.report is not None else State.OK

    @property
    def tell(self) -> str:
        """The telling parameters."""
        return (self.report.tell if self.report is not None else "") or self.own_tell

    @property
    def shape_text(self) -> str:
        """The shapes, each once, that leave it, or enter it if it has no outputs; written when first asked for."""
        if self._shape_text is None:
            specs = (self.report.outputs or self.report.inputs) if self.report is not None else {}
            self._shape_text = "  ".join(dict.fromkeys(map(str, specs.values())))
        return self._shape_text

    @property
    def message(self) -> str:
        """What is wrong with this node; empty when nothing is."""
        return self.report.message if self.report is not None and self.report.state is State.ERROR else ""

    # --- how it is lit

    def set_selected(self, *, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self._stack()
            self.update()

    def set_hover(self, *, on: bool, port: tuple[Side, str] | None = None) -> None:
        if on != self.hovered or port != self.port_under_pointer:
            self.hovered, self.port_under_pointer = on, port
            self.update()

    def set_legal(self, ports: frozenset[tuple[Side, str]] | None, *, faded: bool = False) -> None:
        """Let these ports glow while a wire is dragged, or fade when none may take it; None ends that."""
        if ports != self.legal or faded != self.faded:
            self.legal, self.faded = ports, faded
            self.update()

    # --- where things are

    @property
    def card(self) -> QRectF:
        """The card in scene coordinates."""
        return QRectF(self.x(), self.y(), self.geometry.width, self.geometry.height)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """`card` as left, top, right, bottom."""
        return self.x(), self.y(), self.x() + self.geometry.width, self.y() + self.geometry.height

    def port_position(self, side: Side, name: str) -> QPointF:
        """The middle of a port in scene coordinates."""
        return QPointF(*self.port_place(side, name))

    def port_place(self, side: Side, name: str) -> tuple[float, float]:
        """`port_position` as plain numbers, which cost a quarter of the time."""
        x, y = self.geometry.offset(side, name)
        return self.x() + x, self.y() + y

    def ports(self, side: Side) -> tuple[str, ...]:
        return tuple(name for name, _ in (self.geometry.inputs if side == "input" else self.geometry.outputs))

    def port_at(self, at: QPointF, reach: float) -> tuple[Side, str] | None:
        """The port nearest to a scene position, at most `reach` scene units away."""
        x, y = at.x() - self.x(), at.y() - self.y()
        best, least = None, reach * reach
        sides: tuple[tuple[Side, float, tuple[tuple[str, float], ...]], ...] = (
            ("input", 0.0, self.geometry.inputs),
            ("output", self.geometry.width, self.geometry.outputs),
        )
        for side, edge, ports in sides:
            for name, height in ports:
                distance = (x - edge) ** 2 + (y - height) ** 2
                if distance <= least:
                    best, least = (side, name), distance
        return best

    def kind_of(self, side: Side, name: str) -> Kind:
        """What is known to be carried at a port."""
        if self.report is not None:
            spec = (self.report.inputs if side == "input" else self.report.outputs).get(name)
            if spec is not None:
                return spec.kind
        block = self.block
        if side == "output":
            declared = block.output(name) if block else None
            return declared.kind if declared else Kind.ANY
        port = block.input(name) if block else None
        return port.kinds[0] if port is not None and len(port.kinds) == 1 else Kind.ANY

    @property
    def port_marks(self) -> tuple[PortMark, ...]:
        """What is to be drawn for every port."""
        if self._port_marks is None:
            width = self.geometry.width
            ports: list[tuple[Side, str, float, float]] = [("input", name, 0.0, y) for name, y in self.geometry.inputs]
            ports += [("output", name, width, y) for name, y in self.geometry.outputs]
            self._port_marks = tuple(
                (side, name, self.kind_of(side, name), (side, name) in self.wired, x, y) for side, name, x, y in ports
            )
        return self._port_marks

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        paint_node(painter, self, self.look)

    def _measure(self, inputs: Collection[str], outputs: Collection[str]) -> None:
        thumbnails = self.thumbnail is not None
        self.geometry = measure(self.node, inputs, outputs, thumbnails=thumbnails, block=self.block, tell=self.own_tell)

    def _stack(self) -> None:
        """Selected nodes lie over others, and so do long messages."""
        height = 3.0 if self.selected else 2.0 if self.message else 1.0
        if height != self.zValue():
            self.setZValue(height)

    def _fit(self) -> None:
        self._port_marks = None
        width, height = self.geometry.width, self.geometry.height
        if self.message:
            height = max(height, message_rect(self, self.look.style).bottom())
        if (width, height) != self._size:
            self._size = width, height
            self.setRect(-_AURA, -_AURA, width + 2 * _AURA, height + 2 * _AURA)


def _name_of_border(node: Node, block: type[Block] | None) -> str:
    """What an input or output is called, which says more than what it is where there is room for one word."""
    if block is None or block.role not in (Role.INPUT, Role.OUTPUT):
        return ""
    return str(node.parameters.get("name", getattr(block, "name", "")))
