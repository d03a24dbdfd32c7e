"""The canvas: a view of the scene that gestures, keys and the wheel act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QSinglePointEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from app.canvas import changes
from app.canvas.adding import AddBlock
from app.canvas.editing import Editing
from app.canvas.gestures import Gesture, Pointer, pick
from app.canvas.gestures.drop import DropBlock
from app.canvas.host import Host
from app.canvas.hover import Hover
from app.canvas.keyboard import Keys
from app.canvas.look import Detail
from app.canvas.minimap import Minimap
from app.canvas.node_item import NodeItem, PortRef
from app.canvas.note import Note
from app.canvas.paint.empty import paint_empty, paint_hint
from app.canvas.paint.grid import paint_grid
from app.canvas.rename import RenameField
from app.canvas.scene import CanvasScene
from app.canvas.wire_item import WireItem
from app.canvas.wiring import Wiring
from app.theme import theme_manager
from graph_engine.document import Graph, Node

BLOCK_MIME = "application/x-layerloom-block"
"""What a drag from the library carries: the name of a block."""

LEAST_ZOOM, MOST_ZOOM = 0.02, 4.0

_REACH = 12.0  # px: how near to a port the pointer must be
_WIRE_REACH = 6.0  # px
_EXTENT = 4.0e5  # scene units that can be scrolled over, to each side
_FIT_MARGIN = 48.0  # px
_WHEEL = 1.0016  # zoom for an eighth of a degree
_MOST_PARTS, _SLACK = 12, 4000  # rectangles painted one by one; px² that may be painted needlessly to save one


def block_mime(block: str) -> QMimeData:
    """What a drag of a block onto the canvas carries."""
    data = QMimeData()
    data.setData(BLOCK_MIME, block.encode())
    return data


class CanvasView(QGraphicsView):
    """Shows a `CanvasScene` and lets it be edited."""

    node_activated = Signal(str)
    """A node was double-clicked, or Enter was pressed on it."""

    message = Signal(str, QPoint)
    """Something to tell the user, and where on the screen it concerns."""

    menu_requested = Signal(QPoint)
    """A menu is asked for at a place on the screen; what is under the pointer is selected."""

    zoom_changed = Signal(float)
    """1.0 is 100 %."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.canvas_scene = CanvasScene()
        super().__init__(self.canvas_scene, parent)
        self.canvas_scene.setParent(self)
        look = self.canvas_scene.look
        self.snap = False
        """Whether drags snap to the grid without Shift (and do not with it)."""
        self.space_held = False
        self._space_used = False
        self.gesture: Gesture | None = None
        self._gesture_area = QRect()
        self._part = QRect()
        self._keys = Keys()
        self._pointer: QPointF | None = None
        self._zoom = 1.0
        self.minimap = Minimap(self.canvas_scene)
        self.note = Note(look, self._update_px)
        self.hover = Hover(self)
        self.editing = Editing(self)
        self.adding = AddBlock(self)
        self._rename = RenameField(self)
        self._set_up()
        self.set_zoom(1.0)
        theme_manager().changed.connect(self._on_theme)
        self.canvas_scene.contents_changed.connect(self._on_contents)

    # --- what it shows

    def show_host(self, host: Host | None) -> None:
        """Show the graph of `host` from here on, all of it in view; None shows nothing."""
        self.cancel_gesture()
        self.adding.close()
        self._rename.cancel()
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

    # --- where the eye is

    @property
    def scale_now(self) -> float:
        """Device-independent pixels for a scene unit."""
        return self.canvas_scene.look.scale

    @property
    def zoom(self) -> float:
        """1.0 is 100 %, at which a scene unit is a pixel at the base text size."""
        return self._zoom

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom so that the scene stays in place under `at` (px of the viewport; its middle without it)."""
        zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        look = self.canvas_scene.look
        self._zoom = zoom
        scale = zoom * look.style.unit
        anchor = QRectF(self.viewport().rect()).center() if at is None else at
        before = self._to_scene(anchor)
        look.set_scale(scale)
        self.setTransform(QTransform.fromScale(scale, scale))
        away = (before - self._to_scene(anchor)) * scale
        self.scroll_by(away.x(), away.y())
        self._view_changed()
        self.zoom_changed.emit(zoom)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        self.set_zoom(self.zoom * factor, at)

    def scroll_by(self, dx: float, dy: float) -> None:
        """Move the view by pixels."""
        for bar, step in ((self.horizontalScrollBar(), dx), (self.verticalScrollBar(), dy)):
            bar.setValue(bar.value() + round(step))

    def fit_all(self) -> None:
        """Show the whole drawing."""
        self._fit(self.canvas_scene.contents())

    def fit_selection(self) -> None:
        """Show what is selected, or all."""
        chosen = self.canvas_scene.selected_nodes
        self._fit(self.canvas_scene.contents(chosen or None))

    def reveal(self, nodes: Sequence[str]) -> None:
        """Bring nodes into view, and no nearer than needed."""
        rect = self.canvas_scene.contents([node for node in nodes if node in self.canvas_scene.nodes])
        if rect.isEmpty() or self.visible_rect().contains(rect):
            return
        room = self.visible_rect().size()
        if rect.width() > room.width() or rect.height() > room.height():
            self._fit(rect)
        else:
            self.centerOn(rect.center())

    def keep_in_view(self) -> None:
        """After the drawing moved: show all of it when nothing of it is in view, or most is not."""
        contents = self.canvas_scene.contents()
        if not self.visible_rect().contains(contents):
            self.fit_all()

    def visible_rect(self) -> QRectF:
        """What is in view, in scene coordinates."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def pointer_in_scene(self) -> QPointF | None:
        """Where the pointer is; None while it is not over the canvas."""
        return None if self._pointer is None else self._to_scene(self._pointer)

    # --- what is under the pointer

    def port_near(self, at: QPointF) -> PortRef | None:
        """The port at a scene position; none where ports are too small to be seen."""
        if self.canvas_scene.look.detail is not Detail.TEXT:
            return None
        return self.canvas_scene.port_at(at, min(_REACH / self.scale_now, _REACH))

    def wire_near(self, at: QPointF) -> WireItem | None:
        return self.canvas_scene.wire_at(at, _WIRE_REACH / self.scale_now)

    def wire_for(self, item: NodeItem, node: Node) -> WireItem | None:
        """The wire that passes under a node and into which it fits."""
        return self.wire_across(item.card, node)

    def wire_across(self, card: QRectF, node: Node) -> WireItem | None:
        """The wire nearest to the middle of `card` into which `node` could be put."""
        graph = self.canvas_scene.graph
        best, least = None, card.height() / 2
        for item in self.canvas_scene.items(card, Qt.ItemSelectionMode.IntersectsItemBoundingRect):
            if not isinstance(item, WireItem) or node.id in (item.wire.source, item.wire.target):
                continue
            distance = item.distance(card.center())
            if distance < least and self._may_stand_on(graph, node, item):
                best, least = item, distance
        return best

    def _may_stand_on(self, graph: Graph, node: Node, item: WireItem) -> bool:
        inserted = changes.splice(graph, node, item.wire, "", added=True)
        if inserted is None:
            return False
        return Wiring(self.canvas_scene, PortRef(item.wire.source, "output", item.wire.output)).fits_block(node.block)

    # --- what the user is told

    def tell(self, text: str) -> None:
        """Say something that concerns the canvas."""
        at = self.viewport().mapToGlobal(self.viewport().rect().center())
        self.message.emit(text, QCursor.pos() if self._pointer is not None else at)

    def refuse(self, reason: str, pointer: Pointer) -> None:
        """Say why something was not done; it stays beside the pointer until that moves on."""
        self.note.show_refusal(reason, pointer.view)
        self.message.emit(reason, pointer.screen)

    # --- adding and naming

    def add_block(self) -> None:
        """Open the list of blocks at the pointer, or in the middle."""
        self.adding.open(self._pointer)

    def add_from_port(self, anchor: PortRef, pointer: Pointer) -> None:
        """Open the list of what fits a wire that was released on empty canvas."""
        self.adding.open(pointer.view, anchor)

    def rename(self, node: str | None = None) -> None:
        """Edit the title of a node (else of the one selected last) in place."""
        chosen = node or (self.canvas_scene.selected_nodes[-1] if self.canvas_scene.selected_nodes else None)
        if chosen is not None:
            self.reveal((chosen,))
            self._rename.open(chosen)

    # --- gestures

    def begin_gesture(self, gesture: Gesture) -> None:
        self.hover.leave()
        self.gesture = gesture
        if gesture.cursor is not None and not isinstance(gesture, DropBlock):
            self.viewport().setCursor(gesture.cursor)
        self._update_gesture()
        self._update_hint()

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

    def _gesture_left(self) -> None:
        self._set_cursor()
        self._update_gesture()
        self._update_hint()

    def _update_gesture(self) -> None:
        """Repaint where the gesture drew and where it draws now."""
        now = QRect()
        if self.gesture is not None and not (area := self.gesture.area()).isEmpty():
            now = self.mapFromScene(area).boundingRect().adjusted(-3, -3, 3, 3)
        dirty = self._gesture_area.united(now)
        self._gesture_area = now
        if not dirty.isEmpty():
            self.viewport().update(dirty)

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
            self.hover.move(pointer)
            return
        self._space_used = self._space_used or self.space_held
        self.gesture.moved_to(pointer)
        self._update_gesture()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer_of(event)
        if self.gesture is not None and event.button() == self.gesture.start.button:
            self.end_gesture(pointer)
            if self.note.is_refusal:
                return
            self.hover.move(pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer_of(event)
        if event.button() != Qt.MouseButton.LeftButton or not self.canvas_scene.has_graph:
            return
        if self.minimap.contains(pointer.view) or self.port_near(pointer.scene) is not None:
            self.mousePressEvent(event)
            return
        node = self.canvas_scene.node_at(pointer.scene)
        if node is None:
            if self.wire_near(pointer.scene) is None:
                self.adding.open(pointer.view)
        elif self.canvas_scene.look.detail is Detail.TEXT and pointer.scene.y() - node.y() < node.header_height:
            self.rename(node.id)
        else:
            self.node_activated.emit(node.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier or self.gesture is not None:
                return
            node = self.canvas_scene.node_at(self._to_scene(QPointF(event.pos())))
            if node is not None and not node.selected:
                self.canvas_scene.choose((node.id,))
        self.menu_requested.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.hover.leave()
        super().leaveEvent(event)

    # --- wheel and touchpad

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        at = event.position()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not pixels.isNull() and not control:
            self.scroll_by(-pixels.x(), -pixels.y())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = angle.y() or angle.x()
            self.scroll_by(-step, 0)
        elif angle.y():
            self.zoom_by(_WHEEL ** angle.y(), at)
        else:
            self.scroll_by(-angle.x(), 0)
        self.note.hide()
        self._update_gesture()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    # --- keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._paint_frame()
            return True
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
        if key == Qt.Key.Key_Escape:
            self._escape()
            return
        if key == Qt.Key.Key_Space and not event.modifiers():
            self._hold_space(event)
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.canvas_scene.selected_nodes:
                self.node_activated.emit(self.canvas_scene.selected_nodes[-1])
            return
        command = self._keys.command(event.keyCombination().toCombined()) if self.gesture is None else None
        if command is None or (command.needs_selection and not self._has_selection()):
            event.ignore()
            return
        command.run(self)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat() and self.space_held:
            self.space_held = False
            self._set_cursor()
            if not self._space_used and self.gesture is None:
                self.add_block()
            return
        super().keyReleaseEvent(event)

    def _hold_space(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self.gesture is None:
            self.space_held, self._space_used = True, False
            self._set_cursor()

    def _escape(self) -> None:
        self.note.hide()
        if self.gesture is not None:
            self.cancel_gesture()
        elif self._has_selection():
            self.canvas_scene.choose()

    def _has_selection(self) -> bool:
        return bool(self.canvas_scene.selected_nodes or self.canvas_scene.selected_wires)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.space_held = False
        super().focusOutEvent(event)
        self.update()

    # --- drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        block = _block_of(event.mimeData())
        if block is None or not self.canvas_scene.has_graph:
            event.ignore()
            return
        self.cancel_gesture()
        event.acceptProposedAction()
        self.begin_gesture(DropBlock(self, self._pointer_at(event.position()), block))

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

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.canvas_scene.look
        look.ratio = self.devicePixelRatioF()
        region = event.region()
        if look.detail is Detail.FAR:
            # Qt keeps books of what is dirty while it paints: it is given one pixel to do so
            super().paintEvent(QPaintEvent(QRegion(0, 0, 1, 1)))
            self._paint_far(region)
            return
        # Qt would draw all items within the bounds of what is dirty, which after a scroll is nearly everything
        for rect in _parts(region):
            self._part = rect
            super().paintEvent(QPaintEvent(rect))

    def _paint_frame(self) -> None:
        """The line around the canvas, which shows whether the keyboard is here."""
        style = self.canvas_scene.look.style
        painter = QPainter(self)
        painter.setPen(style.focus_pen if self.hasFocus() else style.unfocused_pen)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_far(self, region: QRegion) -> None:
        painter = QPainter(self.viewport())
        painter.setTransform(self.viewportTransform())
        self._part = region.boundingRect()
        rect = self.mapToScene(self._part).boundingRect()
        self.drawBackground(painter, rect)
        self.canvas_scene.overview.paint(painter, self.canvas_scene.look)
        self.drawForeground(painter, rect)
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        transform = painter.transform()
        painter.resetTransform()
        painter.setClipRect(self._part)
        painter.setTransform(transform)
        paint_grid(painter, QRectF(rect), self.canvas_scene.look)

    def drawForeground(self, painter: QPainter, _rect: QRectF | QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.gesture is not None:
            self.gesture.paint(painter, self.canvas_scene.look.style)
        painter.save()
        painter.resetTransform()
        self._paint_over(painter)
        painter.restore()

    def _paint_over(self, painter: QPainter) -> None:
        """What belongs to the window rather than to the drawing; in pixels of the viewport."""
        style = self.canvas_scene.look.style
        area = QRectF(self.viewport().rect())
        if self.canvas_scene.has_graph and not self.canvas_scene.nodes:
            paint_empty(painter, area, style)
        part = QRectF(self._part)
        if (rect := self._hint_rect).intersects(part):
            paint_hint(painter, rect, style, self._hint)
        if self.minimap.rect.intersects(part):
            self.minimap.paint(painter, self.visible_rect())
        if self.note.rect.intersects(part):
            self.note.paint(painter)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        # what is painted over the viewport stays where it is while the pixels below it move
        for rect in self._fixed_rects():
            self.viewport().update(rect)
            self.viewport().update(rect.translated(dx, dy))
        self._view_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.minimap.resize(self.viewport().size())
        self.note.resize(self.viewport().size().toSizeF())
        self._rename.follow()
        self.viewport().update()

    # --- inside

    def _set_up(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName("Drawing of the network")
        self.setAccessibleDescription("Nodes and wires. Tab adds a block, Alt with arrows goes from node to node.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(1, 1, 1, 1)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSceneRect(-_EXTENT, -_EXTENT, 2 * _EXTENT, 2 * _EXTENT)
        self.setDragMode(QGraphicsView.DragMode.NoDrag)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # so that scrolling moves its pixels
        self.viewport().setMouseTracking(True)
        self.viewport().setAcceptDrops(True)
        self.setMouseTracking(True)

    def _fit(self, rect: QRectF) -> None:
        area = QRectF(self.viewport().rect())
        if rect.isEmpty():
            self.set_zoom(1.0)
            self.centerOn(0.0, 0.0)
            return
        room_x = max(area.width() - 2 * _FIT_MARGIN, 80.0)
        room_y = max(area.height() - 2 * _FIT_MARGIN, 80.0)
        unit = self.canvas_scene.look.style.unit
        self.set_zoom(min(room_x / rect.width() / unit, room_y / rect.height() / unit, 1.0))
        self.centerOn(rect.center())

    def _to_scene(self, at: QPointF) -> QPointF:
        inverted, _ = self.viewportTransform().inverted()
        return inverted.map(at)

    def _pointer_of(self, event: QSinglePointEvent) -> Pointer:
        at = event.position()
        return Pointer(
            at, self._to_scene(at), event.globalPosition().toPoint(), event.modifiers(), event.button()
        )

    def _pointer_at(self, at: QPointF) -> Pointer:
        return Pointer(at, self._to_scene(at), self.viewport().mapToGlobal(at.toPoint()))

    def _set_cursor(self) -> None:
        if self.space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    @property
    def _hint(self) -> str:
        if self.gesture is not None:
            return self.gesture.hint
        if not self.canvas_scene.nodes:
            return ""
        return "Tab: add a block · drag from a port: wire · Space + drag: move · Home: fit all"

    @property
    def _hint_rect(self) -> QRectF:
        area = self.viewport().rect()
        style = self.canvas_scene.look.style
        height = style.unit * 20.0
        room = area.width() - 24.0 - (self.minimap.rect.width() + 12.0 if not self.minimap.rect.isEmpty() else 0.0)
        width = min(style.ui_width(self._hint) + 2.0, room)
        return QRectF(12.0, area.height() - height - 6.0, max(width, 0.0), height)

    def _fixed_rects(self) -> list[QRect]:
        found = [self.minimap.rect, self._hint_rect, self.note.rect]
        rects = [rect.toAlignedRect().adjusted(-1, -1, 1, 1) for rect in found if not rect.isEmpty()]
        if not self.canvas_scene.nodes:
            rects.append(self.viewport().rect())
        return rects

    def _update_px(self, rect: QRectF) -> None:
        self.viewport().update(rect.toAlignedRect().adjusted(-1, -1, 1, 1))

    def _update_hint(self) -> None:
        self._update_px(self._hint_rect)

    def _view_changed(self) -> None:
        self._rename.follow()
        if self.gesture is not None:
            self.gesture.view_changed()
        if self.canvas_scene.look.detail is Detail.FAR:
            self.viewport().update()
        elif not self.minimap.rect.isEmpty():
            self._update_px(self.minimap.rect)

    def _on_contents(self) -> None:
        for rect in self._fixed_rects():
            self.viewport().update(rect)

    def _on_theme(self) -> None:
        self.set_zoom(self.zoom)
        self.minimap.invalidate()
        self.viewport().update()


def _parts(region: QRegion) -> list[QRect]:
    """Few rectangles that cover `region` and little more."""
    parts: list[QRect] = []
    for rect in region:  # type: ignore[attr-defined]
        for at, part in enumerate(parts):
            union = part.united(rect)
            if _area(union) <= _area(part) + _area(rect) + _SLACK:
                parts[at] = union
                break
        else:
            parts.append(rect)
    return parts if len(parts) <= _MOST_PARTS else [region.boundingRect()]


def _area(rect: QRect) -> int:
    return rect.width() * rect.height()


def _block_of(data: QMimeData) -> str | None:
    """The block that a drag carries."""
    from graph_engine.blocks import find_block

    if not data.hasFormat(BLOCK_MIME):
        return None
    name = bytes(data.data(BLOCK_MIME).data()).decode(errors="replace")
    return name if find_block(name) is not None else None
