"""Preferences: look, canvas, start, keys. Every change is seen at once; there is nothing to apply."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from app.dialogs.dialog import Dialog
from app.dialogs.key_table import KeyTable
from app.theme import set_role, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, NumberField, Section, Toggle, scrolled
from graph_engine.home import place

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.settings import Settings


class PreferencesDialog(Dialog):
    """Writes into the settings, to which the window listens."""

    def __init__(self, settings: Settings, book: ActionBook, window: QWidget) -> None:
        super().__init__("Preferences", window)
        self._settings = settings
        spacing = theme_manager().spacing
        self.resize(spacing.px(620), spacing.px(560))
        self.tabs = QTabWidget()
        self.tabs.addTab(scrolled(self._general()), "General")
        self.keys = KeyTable(book, settings)
        self.tabs.addTab(_padded(self.keys), "Keys")
        self.column.addWidget(self.tabs, 1)
        self.finish()

    def show_setting(self, name: str) -> None:
        """Brings a setting to the front and puts the keyboard into it; an unknown one changes nothing."""
        fields: dict[str, QWidget] = {
            "theme": self.theme,
            "text_size": self.scale,
            "menu_bar": self.menu_bar,
            "snap": self.snap,
            "welcome": self.welcome,
            "key_set": self.keys.key_set,
            "keys": self.keys.filter,
        }
        field = fields.get(name)
        if field is not None:
            self.tabs.setCurrentIndex(1 if self.keys.isAncestorOf(field) else 0)
            field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _general(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        spacing = theme_manager().spacing
        column.setContentsMargins(0, spacing.l, 0, 0)
        column.setSpacing(spacing.xl)
        look, canvas, runs, start = Section("Look"), Section("Canvas"), Section("Runs"), Section("Start")
        self.theme = ChoiceField(
            [
                Choice("system", "As the system", "Follows the system when it changes"),
                Choice("dark", "Dark"),
                Choice("light", "Light"),
            ],
            self._settings.theme,
        )
        self.theme.committed.connect(self._set_theme)
        look.add(FormRow("Theme", self.theme, help_text="Changes at once.", default="system"))
        self.scale = NumberField(
            round(self._settings.text_scale * 100), whole=True, minimum=75, maximum=300, step=5, unit="%"
        )
        self.scale.committed.connect(self._set_scale)
        look.add(FormRow("Text size", self.scale, help_text="Of the system's text size.", default=100))
        self.menu_bar = Toggle(self._settings.menu_bar)
        self.menu_bar.committed.connect(lambda on: setattr(self._settings, "menu_bar", bool(on)))
        look.add(FormRow("Menu bar", self.menu_bar, help_text="Shows the menus in a row of their own.", default=False))
        self.snap = Toggle(self._settings.snap_to_grid)
        self.snap.committed.connect(lambda on: setattr(self._settings, "snap_to_grid", bool(on)))
        canvas.add(FormRow("Snap to grid", self.snap, help_text="Shift does so for one drag.", default=False))
        self.own_process = Toggle(self._settings.own_process)
        self.own_process.committed.connect(lambda on: setattr(self._settings, "own_process", bool(on)))
        runs.add(
            FormRow(
                "In a process of their own",
                self.own_process,
                help_text="Runs go on when the window is closed, and no error of a device reaches it. They start some "
                "seconds later, and feature maps follow their checkpoints.",
                default=False,
            )
        )
        self.at_once = NumberField(
            self._settings.runs_at_once, whole=True, minimum=1, maximum=max(os.cpu_count() or 1, 2)
        )
        self.at_once.committed.connect(self._set_at_once)
        runs.add(
            FormRow("Runs side by side", self.at_once, help_text="Of the queue; each slows the others.", default=1)
        )
        self.welcome = Toggle(self._settings.welcome)
        self.welcome.committed.connect(lambda on: setattr(self._settings, "welcome", bool(on)))
        start.add(FormRow("Welcome page", self.welcome, help_text="Shown when no file is given.", default=True))
        where = QLabel(f"Runs, journals and these settings are kept in {place()}. LAYERLOOM_HOME names another folder.")
        where.setWordWrap(True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_role(where, "faint")
        start.add(where)
        if self._settings.problem:
            problem = QLabel(self._settings.problem)
            problem.setWordWrap(True)
            set_role(problem, "warning")
            start.add(problem)
        for section in (look, canvas, runs, start):
            column.addWidget(section)
        column.addStretch(1)
        return page

    def _set_at_once(self, count: object) -> None:
        if isinstance(count, int):
            self._settings.runs_at_once = count

    def _set_theme(self, mode: object) -> None:
        if mode in ("system", "dark", "light"):
            self._settings.theme = mode

    def _set_scale(self, percent: object) -> None:
        if isinstance(percent, (int, float)):
            self._settings.text_scale = percent / 100


def _padded(widget: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, theme_manager().spacing.l, 0, 0)
    column.addWidget(widget)
    return page
