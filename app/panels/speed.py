"""The speed test below the plan: a button that asks, a row for each way that was tried, and a button to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QWidget

from app.forecasts import duration
from app.speed_tests import SpeedTests, details_of
from app.theme import icon, set_role, theme_manager
from app.widgets import Section

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.train.speed import Timed

_HELP = (
    "Trains some steps with each precision and memory layout that the device has, on the data of the plan, in a "
    "process of its own. Nothing of the document changes."
)


class SpeedSection(Section):
    """What is fastest here, measured."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Speed test", parent=parent)
        self._tests: SpeedTests = session.speed_tests
        self.ask = QPushButton()
        self.ask.setToolTip(_HELP)
        self.ask.setAccessibleDescription(_HELP)
        self.ask.clicked.connect(self._ask_or_stop)
        self.add(self.ask)
        self.compiled = QCheckBox("torch.compile too")
        self.compiled.setToolTip("The first step of each such way takes half a minute or so.")
        self.add(self.compiled)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.add(self.note)
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(0, 1)
        self.uses: list[QPushButton] = []
        self.add(self._table)
        for signal in (self._tests.changed, session.program_changed, session.check_changed):
            signal.connect(self.refresh)
        theme_manager().changed.connect(self.refresh)
        self.refresh()

    def rows(self) -> list[str]:
        """What the table says, a line a row."""
        lines: dict[int, list[str]] = {}
        for at in range(self._grid.count()):
            item = self._grid.itemAt(at)
            label = item.widget() if item is not None else None
            if isinstance(label, QLabel):
                place = cast("tuple[int, int, int, int]", self._grid.getItemPosition(at))
                row = place[0]
                lines.setdefault(row, []).append(label.text())
        return ["  ".join(parts) for _, parts in sorted(lines.items())]

    def refresh(self) -> None:
        """Shows what is known now."""
        tests = self._tests
        self.ask.setText("Stop" if tests.going_on else "Test what is fastest")
        self.ask.setIcon(icon("stop" if tests.going_on else "flask"))
        self.ask.setEnabled(tests.going_on or tests.possible)
        self.compiled.setEnabled(not tests.going_on)
        if tests.trouble:
            text = tests.trouble
        elif tests.going_on:
            text = "Trying …"
        else:
            text = tests.verdict() or ("" if tests.found else "Precision and memory layout, tried on a few real steps.")
        self.note.setText(text)
        set_role(self.note, "danger" if tests.trouble else "faint")
        self.note.setVisible(bool(text))
        self._show(tests.found)

    def _ask_or_stop(self) -> None:
        if self._tests.going_on:
            self._tests.stop()
        else:
            self._tests.ask(compiled=self.compiled.isChecked())

    def _show(self, found: list[Timed]) -> None:
        spacing = theme_manager().spacing
        self._grid.setHorizontalSpacing(spacing.l)
        self._grid.setVerticalSpacing(spacing.xs)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.uses = []
        self._table.setVisible(bool(found))
        fastest = self._tests.fastest
        again = self._tests.is_complete and len(found) > 1
        for row, each in enumerate(found):
            name = f"{each.way.name}{', again' if again and row == len(found) - 1 else ''}"
            labels = [QLabel(name), QLabel("–" if each.trouble else duration(each.seconds))]
            labels[0].setWordWrap(True)
            for column, label in enumerate(labels):
                label.setToolTip(details_of(each))
                set_role(label, "mono" if column else "strong" if each is fastest else "dim")
                self._grid.addWidget(label, row, column)
            use = QPushButton("Used" if self._tests.is_used(each) else "Use")
            use.setEnabled(not each.trouble and not self._tests.is_used(each))
            use.setAccessibleName(f"Train with {each.way.name}")
            use.setAccessibleDescription(details_of(each))
            use.clicked.connect(lambda _=False, each=each: self._tests.use(each))
            self._grid.addWidget(use, row, 2)
            self._grid.setRowMinimumHeight(row, use.sizeHint().height())
            self.uses.append(use)
        for row in range(len(found), self._grid.rowCount()):
            self._grid.setRowMinimumHeight(row, 0)
