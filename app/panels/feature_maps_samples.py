"""Which sample the feature maps are of: its neighbours as pictures, a number to type, the next, the last, any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRandomGenerator, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app.panels.data_grid import Ask, SampleGrid
from app.theme import icon, theme_manager
from app.widgets import NumberField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph_engine.data import Sample


class SamplePicker(QWidget):
    """A row below the maps."""

    chosen = Signal(int)
    """The user chose another sample."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        """`ask` is called with the samples whose pictures are in view and not there yet; they come by `add`."""
        super().__init__(parent)
        self._count = 0
        self.back = self._button("chevron-left", "Sample before", lambda: self._go(-1))
        self.strip = SampleGrid(ask, strip=True, edge=30, parent=self)
        self.strip.current_changed.connect(self._choose)
        self.forth = self._button("chevron-right", "Next sample", lambda: self._go(1))
        self.random = self._button("refresh", "Any sample", self._any)
        self.number = NumberField(0, whole=True, minimum=0, parent=self)
        self.number.setAccessibleName("Sample")
        self.number.setToolTip("Number of the sample, from 0")
        self.number.committed.connect(lambda value: self._choose(int(value)))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.number, self.back, self.strip, self.forth, self.random):
            self._row.addWidget(widget, 1 if widget is self.strip else 0)
        theme_manager().changed.connect(self._space)
        self._space()

    def set_count(self, count: int) -> None:
        """Offers samples 0 to `count` - 1 of other data."""
        self._count = count
        self.strip.clear()
        self.strip.set_indices(range(count))
        self.setEnabled(count > 0)

    def add(self, found: Sequence[Sample]) -> None:
        """Takes pictures that were asked for."""
        self.strip.add(found)

    def set_current(self, sample: int) -> None:
        """Marks the sample whose maps are shown."""
        self.number.set_value(sample)
        self.strip.set_current(sample if sample < self._count else None)
        self.back.setEnabled(sample > 0)
        self.forth.setEnabled(sample < self._count - 1)

    def _go(self, step: int) -> None:
        self._choose((self.strip.current() or 0) + step)

    def _any(self) -> None:
        if self._count:
            self._choose(QRandomGenerator.global_().bounded(self._count))

    def _choose(self, sample: int) -> None:
        sample = min(max(sample, 0), max(self._count - 1, 0))
        self.set_current(sample)
        self.chosen.emit(sample)

    def _button(self, name: str, words: str, run: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.clicked.connect(run)
        return button

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setSpacing(spacing.xs)
        self.number.setFixedWidth(spacing.px(64))
