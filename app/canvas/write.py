"""Writing the title of a frame, or the text of a note, in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from graph_engine.document import Annotate
from graph_engine.document.geometry import TELL_SIZE, TITLE_SIZE

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class WriteField(QPlainTextEdit):
    """Lies over a frame's title or a note. Leaving it keeps what was written.

    Of a title, Enter keeps it and Esc gives up; in a note, Enter begins a line, and Ctrl+Enter or Esc keeps it.
    """

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas.viewport())
        self._canvas = canvas
        self._id: str | None = None
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.hide()
        self.installEventFilter(self)

    def open(self, annotation: str) -> None:
        """Write what `annotation` says."""
        item = self._canvas.canvas_scene.annotations[annotation]
        self._id = annotation
        self.setAccessibleName("Title of the frame" if item.is_frame else "Text of the note")
        self.setPlaceholderText("Title" if item.is_frame else "Note")
        self.setPlainText(item.annotation.text)
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff if item.is_frame else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        )
        self.follow()
        self.show()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_open(self) -> bool:
        return self._id is not None

    def follow(self) -> None:
        """Lie where it is now."""
        item = self._canvas.canvas_scene.annotations.get(self._id) if self._id is not None else None
        if item is None:
            return
        place = item.title_area if item.is_frame else item.area
        rect = self._canvas.mapFromScene(QRectF(place)).boundingRect()
        unit, scale = self._canvas.canvas_scene.look.style.unit, max(self._canvas.scale_now, 0.8)
        least = round((30.0 if item.is_frame else 56.0) * unit)
        height = max(rect.height(), least)
        self.setGeometry(
            rect.left(),
            rect.bottom() - height if item.is_frame else rect.top(),
            max(rect.width(), round(160 * unit)),
            height,
        )
        font = self.font()
        font.setPixelSize(max(round((TITLE_SIZE if item.is_frame else TELL_SIZE) * scale), 10))
        self.setFont(font)

    def commit(self) -> None:
        """Keep what is written."""
        name, text = self._id, self.toPlainText()
        self.cancel()
        annotation = self._canvas.canvas_scene.graph.annotations.get(name) if name is not None else None
        if annotation is None:
            return
        text = " ".join(text.split()) if annotation.kind == "frame" else text.rstrip()
        if text != annotation.text:
            host = self._canvas.canvas_scene.host
            label = "Rename the frame" if annotation.kind == "frame" else "Write the note"
            host.attempt(Annotate((replace(annotation, text=text),), (), host.graph_name), label=label)

    def cancel(self) -> None:
        """Give up."""
        if self._id is None:
            return
        self._id = None
        had_focus = self.hasFocus()
        self.hide()
        if had_focus:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and event.type() == QEvent.Type.FocusOut and self._id is not None:
            self.commit()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._id is not None:
            return self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        item = self._canvas.canvas_scene.annotations.get(self._id or "")
        is_frame = item is not None and item.is_frame
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Escape and is_frame:
            self.cancel()
        elif event.key() == Qt.Key.Key_Escape or (enter and (is_frame or control)):
            self.commit()
        else:
            return False
        return True
