"""How the scene is seen: zoom, scrolling, and painting no more than what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QNativeGestureEvent, QPainter, QPaintEvent, QRegion, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from app.canvas.hints import hints_for, usual_key
from app.canvas.look import Detail
from app.canvas.minimap import Minimap
from app.canvas.note import Note
from app.canvas.paint.annotation import paint_far
from app.canvas.paint.boxes import paint_boxes
from app.canvas.paint.empty import paint_empty, paint_hint
from app.canvas.paint.grid import Grid
from app.canvas.paint.heat import Heat, legend_rect, paint_heat, paint_legend
from app.canvas.scene import CanvasScene
from app.theme import theme_manager
from graph_engine.document import MAIN

LEAST_ZOOM, MOST_ZOOM = 0.02, 4.0

_EXTENT = 4.0e5  # scene units that can be scrolled over, to each side
_FIT_MARGIN = 48.0  # px
_WHEEL = 1.0016  # zoom for an eighth of a degree
_MOST_PARTS, _SLACK = 12, 4000  # rectangles painted one by one; px² that may be painted needlessly to save one


@dataclass(frozen=True, slots=True)
class View:
    """Where the eye is: its zoom, what it has in its middle (in scene coordinates), whether it is to show all."""

    zoom: float
    center: QPointF
    shows_all: bool = False


class Eye(QGraphicsView):
    """A view of the scene that can be zoomed and scrolled. Grid, minimap, note and hints are painted with it."""

    canvas_scene: CanvasScene
    minimap: Minimap
    note: Note

    view_changed = Signal()
    """Scene positions are at other pixels than before."""

    zoom_changed = Signal(float)
    """1.0 is 100 %."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.canvas_scene = CanvasScene()
        super().__init__(self.canvas_scene, parent)
        self.canvas_scene.setParent(self)
        self._zoom = 1.0
        self._shows_all = False  # and is to show all at another size as well
        self._tells_empty = True  # what to do on an empty canvas
        self._part = QRect()
        self._gathered: QPoint | None = None
        self._grid = Grid()
        self._heat: Heat | None = None
        self._hints = hints_for(usual_key)
        self.minimap = Minimap(self.canvas_scene)
        self.note = Note(self.canvas_scene.look, self.update_px)
        self._set_up()
        theme_manager().changed.connect(self._on_theme)
        self.canvas_scene.contents_changed.connect(self._on_contents)

    # --- what a gesture adds

    @property
    def hint(self) -> str:
        """What can be done now, in one line at the foot."""
        if not self.canvas_scene.nodes:
            return ""
        foot = self._hints.foot
        return foot if self.canvas_scene.host.graph_name == MAIN else f"Esc: back out · {foot}"

    def name_keys(self, key_of: Callable[[str], str]) -> None:
        """Have the hints name the keys that `key_of` gives for the ids of commands, "" for one without a key."""
        self._hints = hints_for(key_of)
        self.viewport().update()

    def paint_gesture(self, painter: QPainter) -> None:
        """Draw over the scene, in scene coordinates."""

    @property
    def heat(self) -> Heat | None:
        """By what nodes are coloured; None while they are not."""
        return self._heat

    def set_heat(self, heat: Heat | None) -> None:
        """Colour the nodes by what they cost, or no longer."""
        if heat != self._heat:
            self._heat = heat
            self.viewport().update()

    def _tell_view_changed(self) -> None:
        before = self.minimap.rect
        self.minimap.look_at(self.visible_rect())
        if self.canvas_scene.look.detail is Detail.FAR:
            self.viewport().update()
        elif not (dirty := before.united(self.minimap.rect)).isEmpty():
            self.update_px(dirty)
        self.view_changed.emit()

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
        self._zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        self._shows_all = False
        look = self.canvas_scene.look
        scale = self._zoom * look.style.unit
        anchor = QRectF(self.viewport().rect()).center() if at is None else at
        before = self.to_scene(anchor)
        look.set_scale(scale)
        self.setTransform(QTransform.fromScale(scale, scale))
        away = (before - self.to_scene(anchor)) * scale
        self.scroll_by(away.x(), away.y())
        self._tell_view_changed()
        self.zoom_changed.emit(self._zoom)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        self.set_zoom(self.zoom * factor, at)

    def scroll_by(self, dx: float, dy: float) -> None:
        """Move the view by pixels, both ways at once: Qt alone would move all pixels for each scroll bar."""
        self._gathered = QPoint()
        for bar, step in ((self.horizontalScrollBar(), dx), (self.verticalScrollBar(), dy)):
            bar.setValue(bar.value() + round(step))
        moved, self._gathered = self._gathered, None
        if not moved.isNull():
            self.scrollContentsBy(moved.x(), moved.y())

    @property
    def view(self) -> View:
        """Where the eye is now, to come back to."""
        return View(self.zoom, self.visible_rect().center(), shows_all=self._shows_all)

    def come_back(self, view: View) -> None:
        """Look as `view` did."""
        if view.shows_all:
            self.fit_all()
        else:
            self.set_zoom(view.zoom)
            self.centerOn(view.center)

    @property
    def sees_something(self) -> bool:
        """Whether anything drawn is in view; true of an empty drawing as well."""
        contents = self.canvas_scene.contents()
        return contents.isEmpty() or contents.intersects(self.visible_rect())

    def fit_all(self) -> None:
        """Show the whole drawing, also when the canvas gets another size before it is moved or zoomed."""
        self._fit(self.canvas_scene.contents())
        self._shows_all = True

    def fit_selection(self) -> None:
        """Show what is selected, or all."""
        chosen = self.canvas_scene.selected_nodes
        self._fit(self.canvas_scene.contents(chosen or None))

    def reveal(self, nodes: Sequence[str]) -> None:
        """Bring nodes into view, and no nearer than needed; a view of all stays one of all."""
        rect = self.canvas_scene.contents([node for node in nodes if node in self.canvas_scene.nodes])
        visible = self.visible_rect()
        if rect.isEmpty() or visible.contains(rect):
            return
        if self._shows_all:
            self.fit_all()
        elif rect.width() > visible.width() or rect.height() > visible.height():
            self._fit(rect)
        else:
            self.centerOn(rect.center())

    def visible_rect(self) -> QRectF:
        """What is in view, in scene coordinates."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def to_scene(self, at: QPointF) -> QPointF:
        """The scene position at a place of the viewport, to fractions of a pixel."""
        inverted, _ = self.viewportTransform().inverted()
        return inverted.map(at)

    # --- wheel and touchpad

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not pixels.isNull() and not control:
            self.scroll_by(-pixels.x(), -pixels.y())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.scroll_by(-(angle.y() or angle.x()), 0)
        elif angle.y():
            self.zoom_by(_WHEEL ** angle.y(), event.position())
        else:
            self.scroll_by(-angle.x(), 0)
        self.note.hide()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    # --- painting

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._paint_frame()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.canvas_scene.look
        look.ratio = self.devicePixelRatioF()
        look.sprites.begin(look.style, look.scale, look.ratio)
        region = event.region()
        if look.detail is Detail.FAR:
            # Qt keeps books of what is dirty while it paints: it is given one pixel to do so
            super().paintEvent(QPaintEvent(QRegion(0, 0, 1, 1)))
            self._paint_far(region)
        elif look.detail is Detail.ICON:
            super().paintEvent(QPaintEvent(QRegion(0, 0, 1, 1)))
            for rect in _parts(region):
                self._paint_boxes(rect)
        else:
            # Qt would draw all items within the bounds of what is dirty, which after a scroll is nearly everything
            for rect in _parts(region):
                self._part = rect
                super().paintEvent(QPaintEvent(rect))
        self._paint_over(region)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        transform = painter.transform()
        painter.resetTransform()
        painter.setClipRect(self._part)
        painter.setTransform(transform)
        self._grid.paint(painter, QRectF(rect), self.canvas_scene.look)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._heat is not None:
            paint_heat(painter, self._heat, self.canvas_scene.nodes, self.canvas_scene.look, QRectF(rect))
        self.paint_gesture(painter)

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802 - Qt's own name
        if self._gathered is not None:
            self._gathered += QPoint(dx, dy)
            return
        super().scrollContentsBy(dx, dy)
        self._shows_all = False
        if self._tells_empty:
            self.viewport().update()
        # what is painted over the viewport stays where it is while the pixels below it move; where both are is given as
        # one rectangle, since lines are drawn many times more slowly where the clip is anything else
        for rect in self._fixed_rects():
            moved = rect.translated(dx, dy)
            if rect.intersects(moved):
                self.viewport().update(rect.united(moved))
            else:
                self.viewport().update(rect)
                self.viewport().update(moved)
        self._tell_view_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        shows_all = self._shows_all
        super().resizeEvent(event)
        if shows_all:
            self.fit_all()
        self.minimap.resize(self.viewport().size())
        self.minimap.look_at(self.visible_rect())
        self.note.resize(self.viewport().size().toSizeF())
        self.viewport().update()

    def update_px(self, rect: QRectF) -> None:
        """Repaint a part of the viewport, in its pixels."""
        self.viewport().update(rect.toAlignedRect().adjusted(-1, -1, 1, 1))

    def update_hint(self) -> None:
        """Repaint the line at the foot."""
        room = self._hint_room()
        self.update_px(room)

    # --- inside

    def _set_up(self) -> None:
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
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # so that scrolling moves its pixels

    def _fit(self, rect: QRectF) -> None:
        if rect.isEmpty():
            self.set_zoom(1.0)
            self.centerOn(0.0, 0.0)
            return
        unit = self.canvas_scene.look.style.unit
        room_x = max(self.viewport().width() - 2 * _FIT_MARGIN, 80.0) / unit
        room_y = max(self.viewport().height() - 2 * _FIT_MARGIN, 80.0) / unit
        self.set_zoom(min(room_x / rect.width(), room_y / rect.height(), 1.0))
        self.centerOn(rect.center())

    def _paint_frame(self) -> None:
        """The line around the canvas, which shows whether the keyboard is here."""
        style = self.canvas_scene.look.style
        painter = QPainter(self)
        painter.setPen(style.focus_pen if self.hasFocus() else style.unfocused_pen)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_far(self, region: QRegion) -> None:
        self._part = region.boundingRect()
        painter = QPainter(self.viewport())
        painter.setTransform(self.viewportTransform())
        rect = self.mapToScene(self._part).boundingRect()
        self.drawBackground(painter, rect)
        paint_far(painter, self.canvas_scene.annotations.values(), self.canvas_scene.look)
        self.canvas_scene.overview.paint(painter, self.canvas_scene.look)
        self.drawForeground(painter, rect)
        painter.end()

    def _paint_boxes(self, part: QRect) -> None:
        self._part = part
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(part)
        painter.setTransform(self.viewportTransform())
        rect = self.mapToScene(part.adjusted(-2, -2, 2, 2)).boundingRect()
        self.drawBackground(painter, rect)
        paint_boxes(painter, self.canvas_scene.items_in(rect), self.canvas_scene.look)
        self.drawForeground(painter, rect)
        painter.end()

    def _paint_over(self, region: QRegion) -> None:
        """What belongs to the window rather than to the drawing; in pixels of the viewport."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style = self.canvas_scene.look.style
        if self.canvas_scene.has_graph and not self.canvas_scene.nodes:
            paint_empty(painter, QRectF(self.viewport().rect()), self._hints.empty, style)
        if (hint := self.hint) and _touches(region, room := self._hint_rect()):
            self._stamp_hint(painter, room, hint)
        if self._heat is not None and _touches(region, legend := self._legend_rect()):
            paint_legend(painter, self._heat, self.canvas_scene.look, legend)
        if _touches(region, self.minimap.rect):
            self.minimap.paint(painter, self.visible_rect())
        if _touches(region, self.note.rect):
            self.note.paint(painter)
        painter.end()

    def _stamp_hint(self, painter: QPainter, room: QRectF, hint: str) -> None:
        """The line at the foot, which is painted anew with every scroll."""
        style, size = self.canvas_scene.look.style, room.size()
        painter.translate(room.topLeft())
        self.canvas_scene.look.sprites.stamp(
            painter,
            ("hint", hint, size.width(), size.height()),
            size,
            0.0,
            lambda into: paint_hint(into, QRectF(QPointF(), size), style, hint),
        )
        painter.translate(-room.topLeft())

    def _hint_room(self) -> QRectF:
        """Where the line at the foot may stand."""
        area = self.viewport().rect()
        height = self.canvas_scene.look.style.unit * 20.0
        taken = self.minimap.rect.width() + 12.0 if not self.minimap.rect.isEmpty() else 0.0
        return QRectF(12.0, area.height() - height - 6.0, max(area.width() - 24.0 - taken, 0.0), height)

    def _hint_rect(self) -> QRectF:
        room = self._hint_room()
        room.setWidth(min(self.canvas_scene.look.style.ui_width(self.hint) + 2.0, room.width()))
        return room

    def _legend_rect(self) -> QRectF:
        """Where it is told what the colours of nodes mean; empty while they are their own."""
        if self._heat is None:
            return QRectF()
        return legend_rect(self._heat, self.canvas_scene.look, self.viewport().width())

    def _fixed_rects(self) -> list[QRect]:
        """Where something is painted that does not move with the drawing."""
        if not self.canvas_scene.nodes:
            return [self.viewport().rect()]
        found = [self.minimap.rect, self._hint_rect(), self.note.rect, self._legend_rect()]
        return [rect.toAlignedRect().adjusted(-1, -1, 1, 1) for rect in found if not rect.isEmpty()]

    def _on_contents(self) -> None:
        self._tell_view_changed()
        is_empty = not self.canvas_scene.nodes
        if is_empty or self._tells_empty:  # in the middle of the viewport stands what to do then, or stood
            self.viewport().update()
        self._tells_empty = is_empty
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


def _touches(region: QRegion, rect: QRectF) -> bool:
    return not rect.isEmpty() and region.intersects(rect.toAlignedRect())


def _area(rect: QRect) -> int:
    return rect.width() * rect.height()
