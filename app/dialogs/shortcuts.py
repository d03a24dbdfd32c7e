"""The sheet of keys and gestures, made from the actions and searchable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.actions import Menu
from app.canvas.search import Entry, find
from app.dialogs.dialog import Dialog
from app.theme import set_role, set_surface, theme_manager
from app.widgets import KeyHint, SearchField, scrolled

if TYPE_CHECKING:
    from app.actions.book import ActionBook

GESTURES = (
    ("Pan", "Middle-button drag, Space + left drag, or two fingers"),
    ("Zoom at the cursor", "Wheel, or pinch"),
    ("Add a block", "Double-click empty canvas, or drag from the library"),
    ("Add from a wire", "Release a wire on empty canvas"),
    ("Splice", "Drop a block on a wire"),
    ("Select", "Drag a rectangle; Shift adds, Ctrl toggles"),
    ("Connect", "Drag from port to port"),
    ("Replace a wire", "Drop another one on a taken port"),
    ("Move a wire", "Ctrl-drag from a port, or drag its end"),
    ("Cut wires", "Ctrl + right-drag across them; Alt-click one, or a port"),
    ("Reroute point", "Double-click a wire; drag the point; double-click takes it away"),
    ("Rename", "Double-click the title of a node or frame; double-click a note"),
    ("Move a frame", "Drag its title or edge: what lies in it comes along"),
    ("Resize a frame or note", "Drag its lower right corner"),
    ("Snap", "Shift while dragging: to other nodes, else to the grid"),
    ("Duplicate", "Alt-drag a node, a frame or a note"),
    ("Enter a composite", "Double-click it; Esc leaves"),
    ("Change a number", "Drag its label sideways, or use arrows and the wheel in its field"),
)
"""What the pointer can do: every one of these also has a key or an action."""


_NARROW = 760  # px at the base size


@dataclass(frozen=True, slots=True)
class _Row:
    """An action or gesture with its keys, and its place while nothing is searched."""

    entry: Entry
    name: QWidget
    keys: QWidget
    grid: QGridLayout
    at: int


class ShortcutSheet(Dialog):
    """Two columns of keys by menu, and the gestures of the canvas; what is searched is one list, the best on top."""

    def __init__(self, book: ActionBook, window: QWidget) -> None:
        super().__init__("Keys and gestures", window)
        spacing = theme_manager().spacing
        self.resize(spacing.px(820), spacing.px(640))
        self.search = SearchField("Filter keys…")
        self.search.edited.connect(self._filter)
        self.column.addWidget(self.search)
        self._rows: list[_Row] = []
        self._found: list[_Row] = []
        self._list = _grid()
        self._columns = QWidget()
        self._side_by_side = columns = QHBoxLayout(self._columns)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(spacing.px(36))
        left, right = QVBoxLayout(), QVBoxLayout()
        for menu in Menu:
            group = self._group(menu.value, [self._key_row(book, name) for name in _names(book, menu)])
            (left if menu in (Menu.FILE, Menu.EDIT) else right).addWidget(group)
        right.addWidget(self._group("Gestures", [self._gesture_row(*each) for each in GESTURES]))
        for column in (left, right):
            column.setSpacing(spacing.xl)
            column.addStretch(1)
            columns.addLayout(column, 1)
        holder = QWidget()
        set_surface(holder, "panel")
        column_ = QVBoxLayout(holder)
        column_.setContentsMargins(0, 0, spacing.m, 0)
        column_.setSpacing(0)
        column_.addLayout(self._list)
        column_.addWidget(self._columns)
        column_.addStretch(1)
        self._nothing = QLabel()
        set_role(self._nothing, "faint")
        self._nothing.hide()
        self.column.addWidget(self._nothing)
        scroll = scrolled(holder)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # nothing in it takes keys
        self.column.addWidget(scroll, 1)
        self.finish()
        self.search.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column below the other where there is no room for two."""
        super().resizeEvent(event)
        direction = QHBoxLayout.Direction
        is_narrow = self.width() < theme_manager().spacing.px(_NARROW)
        self._side_by_side.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)

    def shown(self) -> list[str]:
        """What is listed; while something is searched, the best first."""
        return [row.entry.title for row in (self._found if self._columns.isHidden() else self._rows)]

    def _key_row(self, book: ActionBook, name: str) -> tuple[Entry, QWidget, QWidget]:
        action = book.action(name)
        label = QLabel(action.plain_title)
        label.setToolTip(action.help)
        keys = QWidget()
        row = QHBoxLayout(keys)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme_manager().spacing.l)
        row.addStretch(1)
        shown = book.keys(name)[:2]
        for key in shown:
            row.addWidget(KeyHint(key))
        words = (*(key.toString() for key in shown), action.help, action.menu.value)
        return Entry(name, action.plain_title, action.menu.value, action.help, words), label, keys

    def _gesture_row(self, title: str, text: str) -> tuple[Entry, QWidget, QWidget]:
        name, what = QLabel(title), QLabel(text)
        what.setWordWrap(True)
        what.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        set_role(what, "dim")
        return Entry(title, title, "Gestures", text, tuple(text.split())), name, what

    def _group(self, title: str, rows: list[tuple[Entry, QWidget, QWidget]]) -> QWidget:
        group = QWidget()
        grid = _grid()
        group.setLayout(grid)
        heading = QLabel(title)
        set_role(heading, "section")
        grid.addWidget(heading, 0, 0, 1, 2)
        for at, (entry, name, keys) in enumerate(rows):
            row = _Row(entry, name, keys, grid, at + 1)
            _put(row, grid, row.at)
            self._rows.append(row)
        return group

    def _filter(self, text: str) -> None:
        searched = bool(text.strip())
        rows = {row.entry.key: row for row in self._rows}
        found = [rows[match.entry.key] for match in find(text, [row.entry for row in self._rows])] if searched else []
        for row in self._found:
            _put(row, row.grid, row.at)
        for at, row in enumerate(found):
            _put(row, self._list, at)
        self._found = found
        self._columns.setVisible(not searched)
        self._nothing.setVisible(searched and not found)
        self._nothing.setText(f"Nothing answers to “{text}”.")


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(theme_manager().spacing.px(6))
    grid.setHorizontalSpacing(theme_manager().spacing.l)
    grid.setColumnStretch(1, 1)
    return grid


def _put(row: _Row, grid: QGridLayout, at: int) -> None:
    """Puts a row into a grid; Qt takes it out of the one in which it was."""
    grid.addWidget(row.name, at, 0)
    grid.addWidget(row.keys, at, 1)


def _names(book: ActionBook, menu: Menu) -> list[str]:
    """The actions of a menu that have keys."""
    return [action.id for action in book.actions if action.menu is menu and book.keys(action.id)]
