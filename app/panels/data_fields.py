"""The fields of the data that no input asks for yet, each with a button that draws one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.theme import icon, set_role, theme_manager
from graph_engine.data import Field


class FieldRows(QWidget):
    """One row a field; hidden while there is none."""

    wanted = Signal(object)
    """The `Field` for which an Input is to be drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: tuple[Field, ...] = ()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._heading = QLabel("Not used yet", self)
        set_role(self._heading, "section")
        self._rows.addWidget(self._heading)
        self.hide()

    def set_fields(self, fields: tuple[Field, ...]) -> None:
        """Shows these."""
        self.setVisible(bool(fields))
        if fields == self._fields:
            return
        self._fields = fields
        while (item := self._rows.takeAt(1)) is not None:
            if (row := item.widget()) is not None:
                row.hide()
                row.deleteLater()
        for each in fields:
            self._rows.addWidget(self._row(each))

    def _row(self, field: Field) -> QWidget:
        row = QWidget(self)
        text = QLabel(f"{field.name}: {field.describe()}", row)
        text.setWordWrap(True)
        set_role(text, "small")
        add = QToolButton(row)
        set_role(add, "framed")
        add.setIcon(icon("plus"))
        add.setToolTip(f"Draw an Input that is fed {field.name}")
        add.setAccessibleName(f"Draw an Input for {field.name}")
        add.clicked.connect(lambda: self.wanted.emit(field))
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme_manager().spacing.s)
        line.addWidget(text, 1)
        line.addWidget(add)
        return row
