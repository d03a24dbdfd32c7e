"""Editing a node's title in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from graph_engine.document import title_of
from graph_engine.document.geometry import HEADER, TITLE_SIZE

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class RenameField(QLineEdit):
    """Lies over the header of a node: Enter or leaving takes the title, Esc gives up, empty is the block's own."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas.viewport())
        self._canvas = canvas
        self._node: str | None = None
        self._take: Callable[[str], object] | None = None
        self.setAccessibleName("Title of the node")
        self.hide()
        self.installEventFilter(self)

    def open(self, node: str, take: Callable[[str], object] | None = None) -> None:
        """Edit the title of `node`; `take` is given the text instead of the node."""
        self._node, self._take = node, take
        graph = self._canvas.canvas_scene.graph
        self.setText(title_of(graph[node], graph))
        self.setPlaceholderText(title_of(graph[node].with_(title=""), graph))
        self.follow()
        self.show()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def cancel(self) -> None:
        """Give up."""
        self._leave()

    def follow(self) -> None:
        """Lie where the header is now."""
        item = self._canvas.canvas_scene.nodes.get(self._node) if self._node is not None else None
        if item is None:
            return
        header = QRectF(item.x(), item.y(), item.geometry.width, HEADER)
        rect = self._canvas.mapFromScene(header).boundingRect()
        scale = max(self._canvas.scale_now, 0.8)
        height = max(rect.height(), round(HEADER * 0.9 * self._canvas.canvas_scene.look.style.unit))
        self.setGeometry(rect.left(), rect.top(), max(rect.width(), round(120 * scale)), height)
        font = self.font()
        font.setPixelSize(max(round(TITLE_SIZE * scale), 10))
        self.setFont(font)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and event.type() == QEvent.Type.FocusOut and self._node is not None:
            self.commit()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            # both end here: a line edit would hand Enter on to the canvas, which opens the node
            if event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.commit()
                return True
        return super().eventFilter(watched, event)

    def commit(self) -> None:
        """Take the title."""
        node, take, text = self._node, self._take, " ".join(self.text().split())
        self._leave()
        if node is None or node not in self._canvas.canvas_scene.nodes:
            return
        if take is not None:
            take(text)
        else:
            self._canvas.editing.set_title(node, text)

    def _leave(self) -> None:
        if self._node is None:
            return
        self._node = None
        had_focus = self.hasFocus()
        self.hide()
        if had_focus:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
