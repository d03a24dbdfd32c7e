"""A message inside a panel, which stays until it is dealt with."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon, set_role, theme_manager
from app.widgets.message import MessageAction, Severity, SeverityIcon, announce


class Banner(QFrame):
    """Icon, text, actions and, unless it must be answered, a cross."""

    closed = Signal()
    """The cross was pressed or an action has run; the banner is hidden."""

    def __init__(
        self,
        text: str,
        *,
        severity: Severity = "info",
        actions: Sequence[MessageAction] = (),
        closable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """The first action is the one proposed."""
        super().__init__(parent)
        self.setProperty("kind", severity)
        self._severity: Severity = severity
        self._text = QLabel(text, self)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row = QHBoxLayout(self)
        self._row.addWidget(SeverityIcon(severity, self), 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout()
        self._column.addWidget(self._text)
        self._buttons = QHBoxLayout()
        for index, action in enumerate(actions):
            self._buttons.addWidget(self._button(action, proposed=index == 0))
        self._buttons.addStretch(1)
        if actions:
            self._column.addLayout(self._buttons)
        self._row.addLayout(self._column, 1)
        if closable:
            cross = QToolButton(self)
            set_role(cross, "small")
            cross.setIcon(icon("close"))
            cross.setAccessibleName("Dismiss")
            cross.setToolTip("Dismiss")
            cross.clicked.connect(self.dismiss)
            self._row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(text)
        theme_manager().changed.connect(self._space)
        self._space()

    def text(self) -> str:
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Says something else."""
        self._text.setText(text)
        self.setAccessibleName(text)

    def announce(self) -> None:
        """Has a screen reader say the text."""
        announce(self, self.text(), severity=self._severity)

    def dismiss(self) -> None:
        """Hides the banner and says so."""
        self.hide()
        self.closed.emit()

    def _button(self, action: MessageAction, *, proposed: bool) -> QPushButton:
        button = QPushButton(action.text, self)
        if proposed:
            set_role(button, "primary")

        def run() -> None:
            self.dismiss()
            action.run()

        button.clicked.connect(run)
        return button

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setContentsMargins(spacing.l, spacing.px(10), spacing.m, spacing.px(10))
        self._row.setSpacing(spacing.px(10))
        self._column.setSpacing(spacing.px(10))
        self._buttons.setSpacing(spacing.m)
