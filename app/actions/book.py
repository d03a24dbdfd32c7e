"""The actions as Qt's: with keys, icons and a state that follows the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.actions.action import Action, Menu, Scope
from app.key_sets import KeySet, usual_keys
from app.theme import icon
from app.widgets import commit_focused
from graph_engine.document import EditRefused

if TYPE_CHECKING:
    from app.actions.desk import Desk


class ActionBook(QObject):
    """Makes a `QAction` of every action and keeps it up to date.

    `own_keys` are those the user chose, by action id; the others have those of `key_set`. States are
    looked at again, once, after `refresh_soon`.
    """

    refused = Signal(str)
    """Why an action could not do what it was asked to."""

    keys_changed = Signal()
    """Actions have other keys than before."""

    def __init__(
        self,
        actions: Iterable[Action],
        desk: Desk,
        window: QWidget,
        own_keys: Mapping[str, list[str]] | None = None,
        key_set: KeySet = "layerloom",
    ) -> None:
        super().__init__(window)
        self._desk = desk
        self._window = window
        self._actions = {action.id: action for action in actions}
        self._made: dict[str, QAction] = {}
        self.key_set: KeySet = "layerloom"
        self.menus_after: dict[str, Callable[[QWidget], QMenu]] = {}
        """Menus whose content is no action, such as the recent files, by the action that they stand below."""
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        for action in self._actions.values():
            self._made[action.id] = self._make(action)
        self.set_own_keys(own_keys or {}, key_set)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All of them, in the order of the menus."""
        return tuple(self._actions.values())

    def action(self, name: str) -> Action:
        """The action of an id."""
        return self._actions[name]

    def qaction(self, name: str) -> QAction:
        """Qt's action of an id, for a button or a menu."""
        self._give_icon(name)
        return self._made[name]

    def keys(self, name: str) -> list[QKeySequence]:
        """The keys of an action, as they are now."""
        return self._made[name].shortcuts()

    def attach(self, canvas: QWidget) -> None:
        """Gives the canvas the actions whose keys are its alone."""
        for action in self._actions.values():
            if action.scope is Scope.CANVAS:
                self._window.removeAction(self._made[action.id])
                canvas.addAction(self._made[action.id])

    def set_own_keys(self, own: Mapping[str, list[str]], key_set: KeySet | None = None) -> None:
        """Takes the user's keys for the actions named, those of the set for the rest."""
        self.key_set = key_set or self.key_set
        for name, keys in self.keys_with(own).items():
            self._made[name].setShortcuts([QKeySequence(key) for key in keys])
            self._describe(name)
        self.keys_changed.emit()

    def usual(self, name: str) -> list[str]:
        """The keys of an action in the set that is in use."""
        return list(usual_keys(name, self._actions[name].keys, self.key_set))

    def keys_with(self, own: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """The keys of every action. What the user chose is taken from the actions that would usually have it."""
        chosen = {QKeySequence(key).toString() for name in own if name in self._actions for key in own[name]}
        return {
            name: own[name]
            if name in own
            else [key for key in self.usual(name) if QKeySequence(key).toString() not in chosen]
            for name in self._actions
        }

    def clashes(self, own: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Keys that more than one action would have: the key, and the ids of the actions."""
        used: dict[str, list[str]] = {}
        for name, keys in self.keys_with(own).items():
            for key in keys:
                used.setdefault(QKeySequence(key).toString(), []).append(name)
        return {key: names for key, names in used.items() if len(names) > 1}

    def losers(self, own: Mapping[str, list[str]], name: str) -> list[str]:
        """The actions whose usual key `name` has, by the user's choice."""
        chosen = {QKeySequence(key).toString() for key in own.get(name, ())}
        return [
            other
            for other in self._actions
            if other not in own and any(QKeySequence(key).toString() in chosen for key in self.usual(other))
        ]

    def run(self, name: str) -> None:
        """Does what an action does, if it is possible now."""
        self._made[name].trigger()

    def refresh_soon(self) -> None:
        """Looks at the states again when the events at hand are dealt with."""
        self._soon.start()

    def refresh(self) -> None:
        """Looks at what is possible, on, and called what."""
        for name, action in self._actions.items():
            made = self._made[name]
            made.setEnabled(action.enabled(self._desk))
            if action.checked is not None:
                made.setChecked(action.checked(self._desk))
            title = action.title_now(self._desk) or action.title
            if title != made.text():
                made.setText(title)
                self._describe(name)

    # --- menus

    def fill(self, menu: QMenu, which: Menu) -> None:
        """Puts the actions of a menu into `menu`, with lines between its sections."""
        section = None
        submenus: dict[str, QMenu] = {}
        for action in self._actions.values():
            if action.menu is not which:
                continue
            target = menu
            if section is not None and action.section != section:
                menu.addSeparator()
            section = action.section
            if action.submenu:
                if action.submenu not in submenus:
                    submenus[action.submenu] = menu.addMenu(action.submenu)
                    submenus[action.submenu].setObjectName(action.submenu)
                target = submenus[action.submenu]
            target.addAction(self._made[action.id])
            if action.id in self.menus_after:
                menu.addMenu(self.menus_after[action.id](menu))
        for filled in (menu, *submenus.values()):
            filled.aboutToShow.connect(lambda filled=filled: self._give_icons(filled))

    def fill_bar(self, bar: QMenuBar) -> None:
        """Puts every menu into a menu bar."""
        for which in Menu:
            self.fill(bar.addMenu(f"&{which}"), which)

    # --- inside

    def _make(self, action: Action) -> QAction:
        made = QAction(action.title, self)
        made.setObjectName(action.id)
        made.setCheckable(action.checked is not None)
        made.setAutoRepeat(action.repeats)
        if action.scope is Scope.CANVAS:
            made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.setMenuRole(QAction.MenuRole.NoRole)
        made.triggered.connect(lambda: self._run(action))
        self._window.addAction(made)
        return made

    def _give_icons(self, menu: QMenu) -> None:
        """Only when a menu opens: reading some sixty icons would hold up the window."""
        for made in menu.actions():
            if made.objectName() in self._actions:
                self._give_icon(made.objectName())

    def _give_icon(self, name: str) -> None:
        action, made = self._actions[name], self._made[name]
        if action.icon and made.icon().isNull():
            made.setIcon(icon(action.icon))

    def _run(self, action: Action) -> None:
        commit_focused()
        try:
            action.run(self._desk)
        except EditRefused as refusal:
            self.refused.emit(str(refusal))
        self.refresh_soon()

    def _describe(self, name: str) -> None:
        action, made = self._actions[name], self._made[name]
        keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = made.text().removesuffix("…")
        if keys:
            tip += f"  ({keys})"
        if action.help:
            tip += f"\n{action.help}"
        made.setToolTip(tip)
        made.setStatusTip("")
