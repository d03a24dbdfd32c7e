"""The presets as cards by family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.canvas.search import Entry, find
from app.panels.preset_card import PresetCard
from app.theme import set_surface, theme_manager
from app.widgets import EmptyState, SearchField, Section, scrolled

if TYPE_CHECKING:
    from app.preset_shelf import PresetShelf
    from presets import Preset


class PresetsPanel(QWidget):
    """Filter line and cards; opening one is the window's business (`chosen`)."""

    chosen = Signal(str)
    """`name` or `name:key=value,…`."""

    def __init__(self, shelf: PresetShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._sections: list[Section] = []
        self._cards: list[PresetCard] = []
        self._entries: list[Entry] = []
        set_surface(self, "panel")
        self.setAccessibleName("Presets")
        self.filter = SearchField("Filter presets…")
        self.filter.edited.connect(self._filter)
        self._holder = QWidget()
        set_surface(self._holder, "panel")
        self._rows = QVBoxLayout(self._holder)
        self._rows.addStretch(1)
        scroll = scrolled(self._holder)
        self._empty = EmptyState("layers", "They are being drawn.", title="Presets")
        body = QWidget()
        self._stack = QStackedLayout(body)  # without a widget to lie in it would show the first as a window
        self._stack.addWidget(self._empty)
        self._stack.addWidget(scroll)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.filter)
        self._column.addWidget(body, 1)
        shelf.changed.connect(self._show)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show()

    def cards(self) -> list[PresetCard]:
        """Every card, in order."""
        return self._cards

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._shelf.load()

    def _show(self) -> None:
        if self._shelf.trouble:
            self._empty.set_sentence(self._shelf.trouble, title="No presets")
        if not self._shelf.presets or self._cards:
            return
        for family, presets in self._shelf.families().items():
            section = Section(family)
            for shelved in presets:
                card = PresetCard(shelved)
                card.opened.connect(self.chosen)
                section.add(card)
                self._cards.append(card)
                self._entries.append(preset_entry(shelved.preset))
            self._sections.append(section)
            self._rows.insertWidget(self._rows.count() - 1, section)
        self._stack.setCurrentIndex(1)

    def _filter(self, text: str) -> None:
        wanted = {match.entry.key for match in find(text, self._entries)}
        for card in self._cards:
            card.setVisible(f"preset:{card.name}" in wanted)
        for section in self._sections:
            cards = [card for card in self._cards if section.isAncestorOf(card)]
            section.setVisible(any(not card.isHidden() for card in cards))
        found = any(not card.isHidden() for card in self._cards)
        if not found:
            self._empty.set_sentence("Try a family, a title or a paper.", title=f"No preset answers to “{text}”")
        self._stack.setCurrentIndex(1 if found else 0)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.px(10), spacing.px(10), spacing.px(10), 0)
        self._column.setSpacing(spacing.m)
        self._rows.setContentsMargins(0, 0, spacing.m, spacing.l)
        self._rows.setSpacing(spacing.m)


def preset_entry(preset: Preset) -> Entry:
    """A preset as something that can be searched for."""
    words = (
        preset.name,
        "preset",
        *(word.strip(".,:;") for word in preset.summary.split()),
        *(preset.paper or "").split(),
    )
    return Entry(f"preset:{preset.name}", preset.title, preset.family, preset.summary, words)
