"""What training will take, below the plan: memory by purpose, time a step, the largest batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from app.forecasts import Forecasts, lines_of
from app.theme import icon, set_role, theme_manager
from app.widgets import Section

if TYPE_CHECKING:
    from app.session import Session

_HELP = (
    "Takes a few steps on small batches of made-up samples, on this device, and carries on what they take to the "
    "whole batch."
)


class ForecastSection(Section):
    """A button that asks, and a table of what was found."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Forecast", parent=parent)
        self._forecasts: Forecasts = session.forecasts
        self.ask = QPushButton("Try some steps")
        self.ask.setIcon(icon("flask"))
        self.ask.setToolTip(_HELP)
        self.ask.setAccessibleDescription(_HELP)
        self.ask.clicked.connect(self._forecasts.ask)
        self.add(self.ask)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.add(self.note)
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self.figures: dict[str, QLabel] = {}
        self.add(self._table)
        for signal in (self._forecasts.changed, session.program_changed, session.check_changed):
            signal.connect(self.refresh)
        theme_manager().changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows what is known now."""
        forecasts = self._forecasts
        found = forecasts.current
        self.ask.setEnabled(forecasts.possible)
        if forecasts.trouble:
            text, role = forecasts.trouble, "danger"
        elif forecasts.going_on:
            text, role = "Trying …", "faint"
        elif found is None:
            text, role = (
                "Memory and time of a step, and the largest batch that fits.",
                "faint",
            )
        else:
            text, role = "", "faint"
        self.note.setText(text)
        set_role(self.note, role)  # type: ignore[arg-type]  # one of the two above
        self.note.setVisible(bool(text))
        self._table.setVisible(found is not None)
        self._show(lines_of(found) if found is not None else [])

    def _show(self, lines: list[tuple[str, str]]) -> None:
        spacing = theme_manager().spacing
        self._grid.setHorizontalSpacing(spacing.l)
        self._grid.setVerticalSpacing(spacing.xs)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.figures = {}
        for row, (name, figure) in enumerate(lines):
            label, value = QLabel(name), QLabel(figure)
            set_role(label, "strong" if name == "In all" else "dim")
            set_role(value, "mono")
            value.setAccessibleName(f"{name}: {figure}")
            self._grid.addWidget(label, row, 0)
            self._grid.addWidget(value, row, 1)
            self.figures[name] = value
