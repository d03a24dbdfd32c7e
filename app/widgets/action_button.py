"""Buttons for actions: text, icon, state and tooltip are the action's.

While a button has the keyboard it keeps it, also when its action becomes impossible, as Train does by being pressed: Qt
would send the keyboard on to whatever comes next, by asking the button that it has just disabled. Tab goes on from
there as from any other place: of that the parent is asked.
"""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.theme import icon, set_role


class ActionButton(QPushButton):
    """A push button for an action."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's own
        return not self.isEnabled() or super().focusNextPrevChild(forward)

    def _follow(self) -> None:
        self.setText(self._action.text().removesuffix("…"))
        self.setIcon(icon("play", "accent_text"))
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())


class ActionToolButton(QToolButton):
    """A framed tool button for an action, of which it shows the icon; `name` is for screen readers."""

    def __init__(self, action: QAction, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDefaultAction(action)
        self.setAccessibleName(name)
        set_role(self, "framed")

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's own
        return not self.isEnabled() or super().focusNextPrevChild(forward)
