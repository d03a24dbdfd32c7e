"""The page that a window without a file opens with: what was left unsaved, recent files, presets, an empty canvas."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import find
from app.figures import ago, plural
from app.panels.preset_card import PresetCard
from app.panels.presets import preset_entry
from app.theme import icon, set_role, set_surface, theme_manager
from app.widgets import Banner, ElidedLabel, MessageAction, SearchField, scrolled

if TYPE_CHECKING:
    from app.preset_shelf import PresetShelf
    from app.settings import Settings
    from graph_engine.document.journal import Recovery

_RECENT = 7
_CARD = 236  # px at the base size
_SIDE = 300
_EDGE = 56


class WelcomePage(QWidget):
    """Everything one may begin with."""

    new_chosen = Signal()
    open_chosen = Signal()
    file_chosen = Signal(object)
    """A recent file (a Path)."""
    preset_chosen = Signal(str)
    recovery_chosen = Signal(object)
    """A `Recovery` to be shown."""
    recovery_given_up = Signal(object)

    def __init__(self, shelf: PresetShelf, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._settings = settings
        self._cards: list[PresetCard] = []
        self._shown: list[PresetCard] = []
        self._columns = 0
        set_surface(self, "canvas")
        self.setAccessibleName("Welcome")
        self._offers = QVBoxLayout()
        self._side = self._make_side()
        self._presets = QGridLayout()
        self._none_found = QLabel()
        set_role(self._none_found, "dim")
        self._none_found.hide()
        right = QVBoxLayout()
        right.addLayout(self._make_head())
        right.addWidget(self._none_found)
        right.addLayout(self._presets)
        right.addStretch(1)
        self._right = right
        self._body = QHBoxLayout()
        self._body.addWidget(self._side, 0, Qt.AlignmentFlag.AlignTop)
        self._body.addLayout(right, 1)
        holder = QWidget()
        set_surface(holder, "canvas")
        self._page = QVBoxLayout(holder)
        self._page.addLayout(self._offers)
        self._page.addLayout(self._body)
        self._page.addStretch(1)
        scroll = scrolled(holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        shelf.changed.connect(self._show_presets)
        settings.recent_changed.connect(self._show_recent)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show_recent()
        self._show_presets()

    def offer_recoveries(self, recoveries: list[Recovery]) -> None:
        """Offers what crashed windows left."""
        for recovery in recoveries:
            name = recovery.path.name if recovery.path is not None else recovery.title
            when = ago(max(0.0, time.time() - recovery.changed))
            banner = Banner(
                f"{name} was not closed properly. {plural(recovery.edits, 'unsaved change')}, the last {when}.",
                severity="warning",
                actions=(
                    MessageAction("Restore", partial(self.recovery_chosen.emit, recovery)),
                    MessageAction("Discard", partial(self.recovery_given_up.emit, recovery)),
                ),
                closable=False,
            )
            banner.setMaximumWidth(theme_manager().spacing.px(720))
            self._offers.addWidget(banner)
            banner.show()
            banner.announce()

    @property
    def recoveries(self) -> list[Banner]:
        """The offers that are open."""
        items = (self._offers.itemAt(at) for at in range(self._offers.count()))
        return [it for item in items if item and isinstance(it := item.widget(), Banner) and not it.isHidden()]

    def cards(self) -> list[PresetCard]:
        """The presets, in order."""
        return self._cards

    def focus_first(self) -> None:
        """Puts the keyboard where one begins."""
        self.new_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_cards()

    def _make_head(self) -> QHBoxLayout:
        self._presets_title = QLabel("Begin with a preset")
        set_role(self._presets_title, "heading")
        self._presets_hint = QLabel("Each opens ready to train. Change anything; undo takes it back.")
        self._presets_hint.setWordWrap(True)
        set_role(self._presets_hint, "dim")
        self.filter = SearchField("Filter presets…")
        self.filter.edited.connect(self._filter_cards)
        self.filter.committed.connect(self._go_to_first)
        words = QVBoxLayout()
        words.addWidget(self._presets_title)
        words.addWidget(self._presets_hint)
        self._words = words
        self._head = head = QHBoxLayout()
        head.addLayout(words, 1)
        head.addWidget(self.filter, 0, Qt.AlignmentFlag.AlignBottom)
        return head

    def _make_side(self) -> QWidget:
        side = QWidget()
        side.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._side_column = QVBoxLayout(side)
        self._side_column.setContentsMargins(0, 0, 0, 0)
        title = QLabel("Layerloom")
        title.setObjectName("wordmark")
        self._side_column.addWidget(title)
        claim = QLabel("Draw a neural network, see at once whether it fits, watch it learn, take it home as PyTorch.")
        claim.setWordWrap(True)
        set_role(claim, "dim")
        self._side_column.addWidget(claim)
        self._side_column.addSpacing(theme_manager().spacing.m)
        self.new_button = QPushButton("Empty canvas")
        set_role(self.new_button, "primary")
        self.new_button.setIcon(icon("plus", "accent_text"))
        self.new_button.clicked.connect(self.new_chosen)
        self.open_button = QPushButton("Open a file…")
        self.open_button.setIcon(icon("folder"))
        self.open_button.clicked.connect(self.open_chosen)
        for button in (self.new_button, self.open_button):
            self._side_column.addWidget(button)
        self._side_column.addSpacing(theme_manager().spacing.l)
        self._recent_title = QLabel("Recent")
        set_role(self._recent_title, "section")
        self._side_column.addWidget(self._recent_title)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._side_column.addLayout(self._recent)
        return side

    def _show_recent(self) -> None:
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        files = self._settings.recent_files[:_RECENT]
        for path in files:
            row = RecentFile(path)
            row.chosen.connect(self.file_chosen)
            self._recent.addWidget(row)
        self._recent_title.setVisible(bool(files))

    def _show_presets(self) -> None:
        if self._shelf.trouble:
            self._presets_hint.setText(self._shelf.trouble)
        if not self._shelf.presets or self._cards:
            return
        for shelved in self._shelf.presets:
            card = PresetCard(shelved, details=False, parent=self)  # shown without one, it would be a window
            card.opened.connect(self.preset_chosen)
            card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
            self._cards.append(card)
        self._filter_cards(self.filter.value())

    def _lay_out_cards(self) -> None:
        spacing = theme_manager().spacing
        edge = spacing.px(_EDGE)
        beside = self.width() - spacing.px(_SIDE) - 3 * edge  # the room for cards, unless they stand below the side
        is_narrow = beside < spacing.px(_CARD)
        direction = QHBoxLayout.Direction
        for row, is_tight in ((self._body, is_narrow), (self._head, beside < 2 * spacing.px(_CARD))):
            row.setDirection(direction.TopToBottom if is_tight else direction.LeftToRight)
        self._page.setContentsMargins(*(spacing.xxl if is_narrow else edge,) * 3, spacing.xxl)
        room = self.width() - 2 * spacing.xxl if is_narrow else beside
        columns = max(1, min(4, room // spacing.px(_CARD)))
        if columns == self._columns or not self._cards:
            return
        self._columns = columns
        for card in self._cards:
            self._presets.removeWidget(card)
        for at, card in enumerate(self._shown):
            self._presets.addWidget(card, at // columns, at % columns)
        for column in range(4):
            self._presets.setColumnStretch(column, 1 if column < columns else 0)

    def _filter_cards(self, text: str) -> None:
        """Shows the presets that answer to `text`, the best match first; all, in their order, without one."""
        entries = [preset_entry(each.preset) for each in self._shelf.presets]
        rank = {match.entry.key.partition(":")[2]: at for at, match in enumerate(find(text, entries))}
        for card in self._cards:
            card.setVisible(card.name in rank)
        self._shown = sorted((card for card in self._cards if card.name in rank), key=lambda card: rank[card.name])
        self._none_found.setText(f"No preset answers to “{text}”. Try a family, a title or a paper.")
        self._none_found.setVisible(bool(self._cards) and not rank)
        self._columns = 0
        self._lay_out_cards()

    def _go_to_first(self) -> None:
        """Puts the keyboard on the first preset that is shown."""
        if self._shown:
            self._shown[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self.filter.setFixedWidth(spacing.px(_CARD))
        self._words.setSpacing(spacing.s)
        self._side.setFixedWidth(spacing.px(_SIDE))
        self._side_column.setSpacing(spacing.m)
        self._page.setSpacing(spacing.xl)
        self._body.setSpacing(spacing.px(_EDGE))
        self._right.setSpacing(spacing.s)
        self._presets.setSpacing(spacing.px(14))
        self._presets.setContentsMargins(0, spacing.l, 0, 0)
        self._offers.setSpacing(spacing.m)
        self._columns = 0
        self._lay_out_cards()


class RecentFile(QToolButton):
    """A file that was open not long ago: its name, and its folder below."""

    chosen = Signal(object)

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        spacing = theme_manager().spacing
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(str(path))
        self.setAccessibleName(f"Open {path.name}")
        self.setAccessibleDescription(str(path.parent))
        row = QVBoxLayout(self)
        row.setContentsMargins(spacing.m, spacing.px(5), spacing.m, spacing.px(5))
        row.setSpacing(0)
        name = ElidedLabel(path.name)
        folder = ElidedLabel(_short(path.parent), elide=Qt.TextElideMode.ElideMiddle)
        set_role(folder, "faint")
        for label in (name, folder):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(label)
        self.setFixedHeight(row.sizeHint().height())
        self.clicked.connect(lambda: self.chosen.emit(path))


def _short(folder: Path) -> str:
    """A folder with `~` for the home folder."""
    try:
        return f"~/{folder.relative_to(Path.home())}" if folder != Path.home() else "~"
    except ValueError:
        return str(folder)
