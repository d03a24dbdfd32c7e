"""Short messages over the lower right corner of a window or a part of it, which go by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon, qcolor, set_role, theme_manager
from app.widgets.elided_button import ElidedButton
from app.widgets.message import MessageAction, Severity, SeverityIcon, announce

_AT_MOST = 4
_BESIDE = 130
"""How wide (px at the base size) an action may be to stand beside the words rather than below them."""

_LEAST = 200  # px at the base size; a narrower part of the window is no place for words
_MOVES = (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)
_SHOWN_FOR = 5000
_SHOWN_LONGER_FOR = 9000
"""How long (ms) a message stays without and with an action; warnings stay the longer time, errors and what offers a
choice until dismissed.
"""


class Toast(QFrame):
    """One message. It stays while the pointer is on it or the focus in it."""

    closed = Signal()

    def __init__(self, text: str, *, severity: Severity, actions: Sequence[MessageAction], parent: QWidget) -> None:
        super().__init__(parent)
        self._text = QLabel(text, self)
        self._text.setWordWrap(True)
        self._actions = tuple(actions)
        self._row = row = QHBoxLayout(self)
        spacing = theme_manager().spacing
        row.setContentsMargins(spacing.l, spacing.px(10), spacing.m, spacing.px(10))
        row.setSpacing(spacing.px(10))
        side = Qt.AlignmentFlag.AlignTop if len(self._actions) > 1 else Qt.AlignmentFlag(0)
        row.addWidget(SeverityIcon(severity, self), 0, side)
        words = QVBoxLayout()
        words.setSpacing(spacing.s)
        words.addWidget(self._text)
        row.addLayout(words, 1)
        for action in self._actions:
            button = ElidedButton(action.text, self)
            set_role(button, "quiet")
            button.clicked.connect(lambda _=False, action=action: self._run(action))
            if len(self._actions) > 1 or button.sizeHint().width() > spacing.px(_BESIDE):
                words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                row.addWidget(button)
        cross = QToolButton(self)
        set_role(cross, "small")
        cross.setIcon(icon("close"))
        cross.setAccessibleName("Dismiss")
        cross.clicked.connect(self.close_message)
        row.addWidget(cross, 0, side)
        self.setAccessibleName(text)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(spacing.xxl)
        shadow.setOffset(0, spacing.s)
        colors = theme_manager().palette
        shadow.setColor(qcolor(colors.shadow, 0.5 if colors.is_dark else 0.2))
        self.setGraphicsEffect(shadow)
        self._timer = QTimer(self, singleShot=True, interval=self._duration(severity))
        self._timer.timeout.connect(self._on_time)
        self._goes_by_itself = severity != "error" and len(self._actions) < 2

    def text(self) -> str:
        return self._text.text()

    def height_at(self, width: int) -> int:
        """How high (px) the message is when it is `width` px wide."""
        return self._row.totalHeightForWidth(width)

    def start(self) -> None:
        """Begins the time after which the message goes."""
        if self._goes_by_itself:
            self._timer.start()

    def close_message(self) -> None:
        """Takes the message away."""
        self._timer.stop()
        self.hide()
        self.closed.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_message()
        else:
            super().keyPressEvent(event)

    def _duration(self, severity: Severity) -> int:
        return _SHOWN_LONGER_FOR if self._actions or severity == "warning" else _SHOWN_FOR

    def _on_time(self) -> None:
        if any(child.hasFocus() for child in self.findChildren(QWidget)):
            self._timer.start()
        else:
            self.close_message()

    def _run(self, action: MessageAction) -> None:
        if not action.stays:
            self.close_message()
        action.run()


class ToastStack(QObject):
    """The messages over one window, newest at the bottom; as many as have room, four at most: the oldest gives way."""

    def __init__(self, window: QWidget, *, bottom_margin: int = 0) -> None:
        """`bottom_margin` (px) is left free below, for a status bar."""
        super().__init__(window)
        self._window = window
        self._bottom_margin = bottom_margin
        self._toasts: list[Toast] = []
        self._over: QWidget | None = None
        window.installEventFilter(self)
        theme_manager().changed.connect(self.arrange)

    def show(
        self,
        text: str,
        *,
        severity: Severity = "info",
        action: MessageAction | None = None,
        more: Sequence[MessageAction] = (),
    ) -> Toast:
        """Shows a message, with `more` that can be done; never takes the focus. One with the same words gives way."""
        for same in [toast for toast in self._toasts if toast.text() == text]:
            same.close_message()
        for oldest in self._toasts[: max(0, len(self._toasts) - _AT_MOST + 1)]:
            oldest.close_message()
        toast = Toast(text, severity=severity, actions=([action] if action else []) + [*more], parent=self._window)
        toast.closed.connect(lambda: self._forget(toast))
        self._toasts.append(toast)
        toast.show()
        self.arrange()
        toast.start()
        announce(toast, text, severity=severity)
        return toast

    def toasts(self) -> tuple[Toast, ...]:
        """The messages on screen, oldest first."""
        return tuple(self._toasts)

    def clear(self) -> None:
        """Takes all messages away."""
        for toast in self.toasts():
            toast.close_message()

    def set_bottom_margin(self, pixels: int) -> None:
        """Leaves `pixels` free below the messages."""
        self._bottom_margin = pixels
        self.arrange()

    def keep_over(self, part: QWidget) -> None:
        """Keeps the messages over a part of the window while that is on screen: elsewhere they would cover buttons."""
        self._over = part
        part.installEventFilter(self)
        self.arrange()

    def arrange(self) -> None:
        """Puts the messages into the corner, one above the other."""
        spacing = theme_manager().spacing
        room = self._room()
        width = min(spacing.px(380), room.width() - 2 * spacing.l)
        bottom = room.top() + room.height() - spacing.l
        homeless = []
        for toast in reversed(self._toasts):
            toast.setFixedWidth(width)
            height = toast.height_at(width)
            if bottom - height < room.top() and toast is not self._toasts[-1]:
                homeless.append(toast)
            toast.resize(width, height)
            top = max(bottom - height, room.top()) if toast is self._toasts[-1] else bottom - height
            toast.move(QPoint(room.left() + room.width() - width - spacing.l, top))
            toast.raise_()
            bottom -= height + spacing.m
        for toast in homeless:
            toast.close_message()

    def _room(self) -> QRect:
        """Where the messages may lie, in the window."""
        over = self._over
        if over is None or not over.isVisible() or over.width() < theme_manager().spacing.px(_LEAST):
            return self._window.rect().adjusted(0, 0, 0, -self._bottom_margin)
        return QRect(over.mapTo(self._window, QPoint()), over.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._toasts and event.type() in _MOVES:
            self.arrange()
        return super().eventFilter(watched, event)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.deleteLater()
            self.arrange()
