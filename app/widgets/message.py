"""What toasts and banners share: how serious a message is, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import icon, theme_manager

Severity = Literal["info", "success", "warning", "error"]

_ROLES: dict[Severity, str] = {
    "info": "accent",
    "success": "success",
    "warning": "warning",
    "error": "danger",
}


@dataclass(frozen=True, slots=True)
class MessageAction:
    """A button of a message: its text, and what it does. What only shows something leaves the message there: it
    `stays`.
    """

    text: str
    run: Callable[[], object]
    stays: bool = False


class SeverityIcon(QWidget):
    """The sign of a severity, by shape and colour."""

    def __init__(self, severity: Severity, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = icon(severity, _ROLES[severity])
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        spacing = theme_manager().spacing
        return QSize(spacing.icon, spacing.px(18))  # as high as the cross at the other end

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        self._icon.paint(QPainter(self), self.rect())


def announce(widget: QWidget, text: str, *, severity: Severity) -> None:
    """Has a screen reader say `text`: at once for warnings and errors, else when it has finished its
    sentence.
    """
    event = QAccessibleAnnouncementEvent(widget, text)
    urgent = severity in ("warning", "error")
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if urgent else politeness.Polite)
    QAccessible.updateAccessibility(event)
