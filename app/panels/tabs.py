"""Tabs in which panels are made when they are first shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.theme import set_surface, theme_manager


@dataclass(frozen=True, slots=True)
class Tab:
    """A panel of a tab bar: its name, the words on its tab, and what makes it."""

    name: str
    title: str
    make: Callable[[], QWidget]


class LazyTabs(QWidget):
    """A bar of words over a stack of panels, each made when it comes to the front for the first time."""

    shown = Signal(str)
    """The name of the panel that came to the front."""

    def __init__(self, tabs: list[Tab], *, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = tabs
        self._panels: dict[str, QWidget] = {}
        set_surface(self, "panel")
        self.bar = QTabBar()
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setAccessibleName(label)
        self.bar.setUsesScrollButtons(True)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for tab in tabs:
            self.bar.addTab(tab.title)
        self._stack = QStackedWidget()
        self._stack.setMinimumWidth(1)  # a panel that is not even shown holds no window open
        self._top = QHBoxLayout()
        self._top.addWidget(self.bar, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._top)
        column.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._on_current)
        theme_manager().changed.connect(self._space)
        self._space()

    @property
    def names(self) -> list[str]:
        """The panels, in the order of their tabs."""
        return [tab.name for tab in self._tabs]

    @property
    def current(self) -> str:
        """The panel in front."""
        return self._tabs[max(0, self.bar.currentIndex())].name

    def panel(self, name: str) -> QWidget:
        """A panel, made if it was not yet."""
        if name not in self._panels:
            tab = next(tab for tab in self._tabs if tab.name == name)
            self._panels[name] = tab.make()
            self._stack.addWidget(self._panels[name])
        return self._panels[name]

    def made(self, name: str) -> QWidget | None:
        """A panel, if it was made."""
        return self._panels.get(name)

    def show_panel(self, name: str) -> None:
        """Brings a panel to the front."""
        self.bar.setCurrentIndex(self.names.index(name))
        self._on_current(self.bar.currentIndex())

    def set_mark(self, name: str, widget: QWidget | None) -> None:
        """Puts a small widget behind the words of a tab."""
        self.bar.setTabButton(self.names.index(name), QTabBar.ButtonPosition.RightSide, widget)

    def _on_current(self, index: int) -> None:
        if index < 0 or not self.isVisibleTo(self.window()):
            return
        name = self._tabs[index].name
        self._stack.setCurrentWidget(self.panel(name))
        self.shown.emit(name)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._top.setContentsMargins(spacing.s, spacing.s, spacing.m, 0)
