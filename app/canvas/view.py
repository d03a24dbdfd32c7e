"""The canvas: the scene as it is seen, and what pointer, keys and drops do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QSinglePointEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas import changes
from app.canvas.adding import AddBlock
from app.canvas.annotating import Annotating
from app.canvas.connecting import ConnectTo
from app.canvas.editing import Editing
from app.canvas.eye import Eye
from app.canvas.gestures import Gesture, Pointer, pick
from app.canvas.gestures.drop import DropBlock
from app.canvas.host import Host
from app.canvas.hover import Hover
from app.canvas.keyboard import Keys
from app.canvas.look import Detail
from app.canvas.node_item import PortRef
from app.canvas.rename import RenameField
from app.canvas.stock import Placeable, Stock
from app.canvas.tidying import Tidying
from app.canvas.wire_item import BEND, WireItem
from app.canvas.wiring import Wiring
from graph_engine.blocks import Block
from graph_engine.document import Node, Wire
from graph_engine.document.geometry import HEADER, PORT_TOP
from graph_engine.document.layout import COLUMN_GAP

BLOCK_MIME = "application/x-layerloom-block"
"""What a drag from the library carries: the name of a block."""

_REACH = 12.0  # px: how near to a port the pointer must be
_WIRE_REACH = 6.0  # px
_NEW = (150.0, 84.0)  # about as large as a node is, in scene units


def block_mime(block: str) -> QMimeData:
    """What a drag of a block onto the canvas carries."""
    data = QMimeData()
    data.setData(BLOCK_MIME, block.encode())
    return data


class CanvasView(Eye):
    """Shows the graph of a host and lets it be edited."""

    editing: Editing
    adding: AddBlock
    annotating: Annotating
    tidying: Tidying
    connecting: ConnectTo
    gesture: Gesture | None = None

    node_activated = Signal(str)
    """A node was double-clicked, or Enter was pressed on it."""

    leave_requested = Signal()
    """Esc was pressed, and there was nothing here that it would end."""

    graph_requested = Signal(str)
    """Another graph of the document is to be shown."""

    message = Signal(str, QPoint)
    """Something to tell the user, and where on the screen it concerns."""

    menu_requested = Signal(QPoint)
    """A menu is asked for at a place on the screen; what is under the pointer is selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stock = Stock()
        """What can be placed; the window puts the user's own blocks in."""
        self.snap = False
        """Whether drags snap to the grid without Shift (and do not with it)."""
        self.space_held = False
        self._space_used = False
        self._gesture_area = QRect()
        self._keys = Keys()
        self._pointer: QPointF | None = None
        self._hover = Hover(self)
        self.editing = Editing(self)
        self.adding = AddBlock(self)
        self._rename = RenameField(self)
        self.annotating = Annotating(self)
        self.tidying = Tidying(self)
        self.connecting = ConnectTo(self)
        self.setObjectName("canvas")
        self.setAccessibleName("Drawing of the network")
        self.viewport().setAccessibleName("Drawing of the network")
        self.setAccessibleDescription("Nodes and wires. Tab adds a block, Alt with arrows goes from node to node.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.view_changed.connect(self._on_view_changed)
        self.canvas_scene.contents_changed.connect(self.cancel_gesture)  # by a key: what is dragged may be gone
        self.set_zoom(1.0)

    # --- what it shows

    def show_host(self, host: Host | None) -> None:
        """Show the graph of `host` from here on, all of it in view; None shows nothing."""
        self.cancel_gesture()
        self.adding.close()
        self.connecting.close()
        self._rename.cancel()
        self.annotating.field.cancel()
        self._hover.forget()
        self.canvas_scene.show_host(host)
        self.fit_all()

    def close_document(self) -> None:
        """Stop following the document."""
        self.show_host(None)

    def set_keys(self, keys: Mapping[str, tuple[str, ...]] | None) -> None:
        """Map ids of commands to keys; None takes the usual ones, an empty mapping leaves all keys to the window."""
        self._keys = Keys(keys)

    def set_minimap(self, *, on: bool) -> None:
        self.minimap.visible = on
        self.viewport().update()

    def pointer_in_scene(self) -> QPointF | None:
        """Where the pointer is; None while it is not over the canvas."""
        return None if self._pointer is None else self.to_scene(self._pointer)

    # --- what is under the pointer

    def port_near(self, at: QPointF) -> PortRef | None:
        """The port at a scene position; none where ports are too small to be seen."""
        if self.canvas_scene.look.detail is not Detail.TEXT:
            return None
        return self.canvas_scene.port_at(at, min(_REACH / self.scale_now, _REACH))

    def wire_near(self, at: QPointF) -> WireItem | None:
        return self.canvas_scene.wire_at(at, _WIRE_REACH / self.scale_now)

    def bend_near(self, at: QPointF) -> tuple[Wire, int] | None:
        """The wire that is led through a point at a scene position, and which of its points that is."""
        item = self.wire_near(at)
        number = item.bend_at(at, max(BEND + 2.0, _WIRE_REACH / self.scale_now)) if item is not None else None
        return (item.wire, number) if item is not None and number is not None else None

    def wire_across(self, card: QRectF, node: Node, block: type[Block] | None = None) -> WireItem | None:
        """The wire nearest to the middle of `card` into which `node` could be put.

        `block` is that of the node, where the document does not know it yet.
        """
        best, least = None, card.height() / 2
        for item in self.canvas_scene.items(card, Qt.ItemSelectionMode.IntersectsItemBoundingRect):
            if not isinstance(item, WireItem) or node.id in (item.wire.source, item.wire.target):
                continue
            distance = item.distance(card.center())
            if distance < least and self._may_stand_on(node, item, block):
                best, least = item, distance
        return best

    def _may_stand_on(self, node: Node, item: WireItem, block: type[Block] | None) -> bool:
        if changes.splice(self.canvas_scene.graph, node, item.wire, "", added=True, block=block) is None:
            return False
        source = PortRef(item.wire.source, "output", item.wire.output)
        return Wiring(self.canvas_scene, source).fits_block(block or node.block)

    # --- what the user is told

    def tell(self, text: str) -> None:
        """Say something that concerns the canvas."""
        middle = self.viewport().mapToGlobal(self.viewport().rect().center())
        self.message.emit(text, QCursor.pos() if self._pointer is not None else middle)

    def refuse(self, reason: str, pointer: Pointer) -> None:
        """Say why something was not done; it stays beside the pointer until that moves on."""
        self.note.show_refusal(reason, pointer.view)
        self.message.emit(reason, pointer.screen)

    # --- adding and naming

    def add_block(self) -> None:
        """Open the list of blocks at the pointer, or in the middle."""
        self.adding.open(self._pointer)

    def add_after(self) -> None:
        """Open the list of what fits the output of the selected node; a choice stands to its right, wired."""
        scene = self.canvas_scene
        node = scene.selected_nodes[-1] if scene.selected_nodes else None
        outputs = scene.nodes[node].ports("output") if node is not None else ()
        if node is None or not outputs:
            self.tell("Select a node with an output to add what follows it.")
            return
        free = [name for name in outputs if not scene.graph.wires_out_of(node, name)]
        anchor = PortRef(node, "output", free[0] if free else outputs[0])
        port, right = scene.nodes[node].port_position("output", anchor.name), scene.nodes[node].card.right()
        place = QRectF(right + COLUMN_GAP, port.y() - PORT_TOP, *_NEW)
        while scene.nodes_in(place.adjusted(-8.0, -8.0, 8.0, 8.0)):
            place.translate(0.0, _NEW[1] / 2)
        if not self.visible_rect().contains(place):
            self.centerOn(place.center())
        at = self.viewportTransform().map(QPointF(place.left(), place.top() + PORT_TOP))
        self.adding.open(at, anchor)

    def add_from_port(self, anchor: PortRef, pointer: Pointer) -> None:
        """Open the list of what fits a wire that was released on empty canvas."""
        self.adding.open(pointer.view, anchor)

    def rename(self, node: str | None = None, take: Callable[[str], object] | None = None) -> None:
        """Edit the title of a node (else of the one selected last) in place; `take` is given it instead of the node."""
        chosen = node or next(reversed(self.canvas_scene.selected_nodes), None)
        if chosen is None and self.canvas_scene.selected_annotations:
            self.annotating.write(self.canvas_scene.selected_annotations[-1])
        if chosen is not None:
            self.reveal((chosen,))
            self._rename.open(chosen, take)

    # --- gestures

    def begin_gesture(self, gesture: Gesture) -> None:
        self._hover.leave()
        self.gesture = gesture
        if gesture.cursor is not None:
            self.viewport().setCursor(gesture.cursor)
        self._update_gesture()
        self.update_hint()

    def end_gesture(self, pointer: Pointer) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.end(pointer)
        self._gesture_left()

    def cancel_gesture(self) -> None:
        """Give up what is being done with the pointer."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.cancel()
            self._gesture_left()

    @property
    def hint(self) -> str:
        return self.gesture.hint if self.gesture is not None else super().hint

    def paint_gesture(self, painter: QPainter) -> None:
        if self.gesture is not None:
            self.gesture.paint(painter, self.canvas_scene.look.style)

    def _on_view_changed(self) -> None:
        self._rename.follow()
        self.annotating.field.follow()
        if self.gesture is not None:
            self.gesture.view_changed()

    def _gesture_left(self) -> None:
        self._set_cursor()
        self._update_gesture()
        self.update_hint()

    def _update_gesture(self) -> None:
        """Repaint where the gesture drew and where it draws now."""
        now = QRect()
        if self.gesture is not None and not (area := self.gesture.area()).isEmpty():
            now = self.mapFromScene(area).boundingRect().adjusted(-3, -3, 3, 3)
        dirty = self._gesture_area.united(now)
        self._gesture_area = now
        if not dirty.isEmpty():
            self.viewport().update(dirty)

    # --- pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.gesture is not None or not self.canvas_scene.has_graph:
            return
        self.note.hide()
        gesture = pick(self, self._pointer_of(event))
        if gesture is not None:
            self.begin_gesture(gesture)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer_of(event)
        self._pointer = pointer.view
        if not self.canvas_scene.has_graph:
            return
        if self.gesture is None:
            self._hover.move(pointer)
            return
        self._space_used = self._space_used or self.space_held
        self.gesture.moved_to(pointer)
        self._update_gesture()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.gesture is None or event.button() != self.gesture.start.button:
            return
        self.end_gesture(self._pointer_of(event))
        if not self.note.is_refusal:
            self._hover.move(self._pointer_of(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer_of(event)
        if event.button() != Qt.MouseButton.LeftButton or not self.canvas_scene.has_graph:
            return
        if self.minimap.contains(pointer.view) or self.port_near(pointer.scene) is not None:
            self.mousePressEvent(event)
            return
        node = self.canvas_scene.node_at(pointer.scene)
        if node is None:
            self._double_click_beside(pointer)
        elif self.canvas_scene.look.detail is Detail.TEXT and pointer.scene.y() - node.y() < HEADER:
            self.rename(node.id)
        else:
            self.node_activated.emit(node.id)

    def _double_click_beside(self, pointer: Pointer) -> None:
        """A point of a wire comes or goes, a frame or note is written, or else a block is added."""
        held = self.canvas_scene.annotation_at(pointer.scene)
        item = self.wire_near(pointer.scene)
        if held is not None and (item is None or not held[0].is_frame):
            self.annotating.write(held[0].id)
        elif (bend := self.bend_near(pointer.scene)) is not None:
            self.annotating.straighten_at(*bend)
        elif item is not None:
            self.annotating.bend(item.wire, pointer.scene)
        else:
            self.adding.open(pointer.view)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier or self.gesture is not None:
                return
            node = self.canvas_scene.node_at(self.to_scene(QPointF(event.pos())))
            held = self.canvas_scene.annotation_at(self.to_scene(QPointF(event.pos())))
            if node is not None and not node.selected:
                self.canvas_scene.choose((node.id,))
            elif node is None and held is not None and not held[0].selected:
                self.canvas_scene.choose((), (), (held[0].id,))
        self.menu_requested.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover.leave()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        self._update_gesture()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rename.follow()

    # --- keys

    def event(self, event: QEvent) -> bool:
        # Tab adds a block here; F6 leads on to the next pane
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab:
            self.keyPressEvent(event)
            return event.isAccepted()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        if not self.canvas_scene.has_graph:
            event.ignore()
            return
        key = Qt.Key(event.key())
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif key == Qt.Key.Key_Space and plain:
            self._hold_space(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            if self.canvas_scene.selected_nodes:
                self.node_activated.emit(self.canvas_scene.selected_nodes[-1])
        elif not self._run_command(event):
            event.ignore()

    def _run_command(self, event: QKeyEvent) -> bool:
        command = self._keys.command(event.keyCombination().toCombined()) if self.gesture is None else None
        if command is None or (command.needs_selection and not self.has_selection):
            return False
        command.run(self)
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat() or not self.space_held:
            super().keyReleaseEvent(event)
            return
        self.space_held = False
        self._set_cursor()
        if not self._space_used and self.gesture is None:
            self.add_block()

    def _hold_space(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self.gesture is None:
            self.space_held, self._space_used = True, False
            self._set_cursor()

    def _escape(self) -> None:
        self.note.hide()
        if self.gesture is not None:
            self.cancel_gesture()
        elif self.has_selection:
            self.canvas_scene.choose()
        else:
            self.leave_requested.emit()

    @property
    def has_selection(self) -> bool:
        """Whether a node, a wire, a frame or a note is selected."""
        scene = self.canvas_scene
        return bool(scene.selected_nodes or scene.selected_wires or scene.selected_annotations)

    def _set_cursor(self) -> None:
        if self.space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.space_held = False
        super().focusOutEvent(event)
        self.update()

    # --- drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        placed = self._placed_by(event.mimeData()) if self.canvas_scene.has_graph else None
        if placed is None:
            event.ignore()
            return
        self.cancel_gesture()
        event.acceptProposedAction()
        self.begin_gesture(DropBlock(self, self._pointer_at(event.position()), placed))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self.gesture, DropBlock):
            self.gesture.move(self._pointer_at(event.position()))
            self._update_gesture()
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.cancel_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        if isinstance(self.gesture, DropBlock):
            self._pointer = event.position()
            self.end_gesture(self._pointer_at(event.position()))
            event.acceptProposedAction()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            event.ignore()

    def _pointer_of(self, event: QSinglePointEvent) -> Pointer:
        at = event.position()
        screen = event.globalPosition().toPoint()
        return Pointer(at, self.to_scene(at), screen, event.modifiers(), event.button())

    def _pointer_at(self, at: QPointF) -> Pointer:
        return Pointer(at, self.to_scene(at), self.viewport().mapToGlobal(at.toPoint()))

    def _placed_by(self, data: QMimeData) -> Placeable | None:
        """What a drag carries."""
        if not data.hasFormat(BLOCK_MIME):
            return None
        name = bytes(data.data(BLOCK_MIME).data()).decode(errors="replace")
        return self.stock.find(self.canvas_scene.host.document, name)
