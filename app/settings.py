"""Preferences and the window's layout, kept in an ini file in the home folder of Layerloom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, cast

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from app.key_sets import KEY_SETS, KeySet
from graph_engine.home import HomeError, settings_folder

ThemeMode = Literal["system", "dark", "light"]

_RECENT = 12
_USES = 200


class Settings(QObject):
    """What the user chose, as typed properties.

    Where the home folder can't be written, they last as long as the window; `problem` says why.
    """

    changed = Signal(str)
    """The name of a preference that is another now."""
    recent_changed = Signal()

    def __init__(self, file: Path | None = None, parent: QObject | None = None) -> None:
        """`file` is the ini file; without one, nothing is kept."""
        super().__init__(parent)
        self.problem = ""
        self._memory: dict[str, str] = {}
        self._store = QSettings(str(file), QSettings.Format.IniFormat, self) if file is not None else None

    @staticmethod
    def of_user() -> Settings:
        """The settings of the user, `window.ini` in the folder of settings."""
        try:
            return Settings(settings_folder() / "window.ini")
        except HomeError as error:
            settings = Settings()
            settings.problem = str(error)
            return settings

    # --- preferences

    @property
    def theme(self) -> ThemeMode:
        found = self._text("look/theme", "system")
        return cast("ThemeMode", found if found in ("system", "dark", "light") else "system")

    @theme.setter
    def theme(self, mode: ThemeMode) -> None:
        self._put("look/theme", mode)
        self.changed.emit("theme")

    @property
    def text_scale(self) -> float:
        """The factor on the system's text size."""
        return self._number("look/text_scale", 1.0)

    @text_scale.setter
    def text_scale(self, scale: float) -> None:
        self._put("look/text_scale", repr(float(scale)))
        self.changed.emit("text_scale")

    @property
    def menu_bar(self) -> bool:
        """Whether the classic menu bar is shown."""
        return self._text("look/menu_bar", "no") == "yes"

    @menu_bar.setter
    def menu_bar(self, shown: bool) -> None:
        self._put("look/menu_bar", "yes" if shown else "no")
        self.changed.emit("menu_bar")

    @property
    def welcome(self) -> bool:
        """Whether the welcome page comes up when no file is given."""
        return self._text("start/welcome", "yes") == "yes"

    @welcome.setter
    def welcome(self, shown: bool) -> None:
        self._put("start/welcome", "yes" if shown else "no")
        self.changed.emit("welcome")

    @property
    def snap_to_grid(self) -> bool:
        """Whether dragged nodes keep to the grid."""
        return self._text("canvas/snap", "no") == "yes"

    @snap_to_grid.setter
    def snap_to_grid(self, on: bool) -> None:
        self._put("canvas/snap", "yes" if on else "no")
        self.changed.emit("snap_to_grid")

    @property
    def own_process(self) -> bool:
        """Whether runs are begun in a process of their own."""
        return self._text("runs/own_process", "no") == "yes"

    @own_process.setter
    def own_process(self, on: bool) -> None:
        self._put("runs/own_process", "yes" if on else "no")
        self.changed.emit("own_process")

    @property
    def runs_at_once(self) -> int:
        """How many runs of the queue go on side by side."""
        return max(1, int(self._number("runs/at_once", 1)))

    @runs_at_once.setter
    def runs_at_once(self, count: int) -> None:
        self._put("runs/at_once", str(int(count)))
        self.changed.emit("runs_at_once")

    @property
    def shortcuts(self) -> dict[str, list[str]]:
        """The keys that the user gave to actions, by action id; an empty list takes the key away."""
        try:
            found = json.loads(self._text("keys/own", "{}"))
        except ValueError:
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            str(action): [key for key in keys if isinstance(key, str)]
            for action, keys in found.items()
            if isinstance(keys, list)
        }

    @shortcuts.setter
    def shortcuts(self, keys: dict[str, list[str]]) -> None:
        self._put("keys/own", json.dumps(keys, sort_keys=True))
        self.changed.emit("shortcuts")

    @property
    def key_set(self) -> KeySet:
        """Which set of keys actions have that the user gave none."""
        found = self._text("keys/set", "layerloom")
        return next((each for each in KEY_SETS if each == found), "layerloom")

    @key_set.setter
    def key_set(self, key_set: KeySet) -> None:
        self._put("keys/set", key_set)
        self.changed.emit("shortcuts")

    def uses(self) -> dict[str, int]:
        """How often what the command palette offers was chosen, by its key."""
        try:
            found = json.loads(self._text("palette/uses", "{}"))
        except ValueError:
            return {}
        items = found.items() if isinstance(found, dict) else ()
        return {str(key): count for key, count in items if isinstance(count, int) and not isinstance(count, bool)}

    def count_use(self, key: str) -> None:
        """Something of the command palette was chosen. The less used are forgotten when there are many."""
        uses = self.uses()
        uses[key] = uses.get(key, 0) + 1
        kept = sorted(uses.items(), key=lambda use: (use[0] != key, -use[1]))[:_USES]
        self._put("palette/uses", json.dumps(dict(kept)))

    # --- what was opened

    @property
    def recent_files(self) -> list[Path]:
        """The files opened last, newest first."""
        try:
            found = json.loads(self._text("files/recent", "[]"))
        except ValueError:
            return []
        return [Path(item) for item in found if isinstance(item, str)] if isinstance(found, list) else []

    def remember_file(self, path: Path) -> None:
        """Puts a file at the top of the recent ones."""
        path = path.absolute()
        files = [path, *(other for other in self.recent_files if other != path)][:_RECENT]
        self._put("files/recent", json.dumps([str(item) for item in files]))
        self.recent_changed.emit()

    def forget_file(self, path: Path) -> None:
        """Takes a file off the recent ones."""
        files = [other for other in self.recent_files if other != path.absolute()]
        self._put("files/recent", json.dumps([str(item) for item in files]))
        self.recent_changed.emit()

    @property
    def last_folder(self) -> str:
        """Where the last file dialog ended."""
        return self._text("files/folder", "")

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._put("files/folder", folder)

    # --- the window

    def layout(self, name: str) -> QByteArray:
        """The kept state of a window or splitter; empty when there is none."""
        return QByteArray.fromBase64(QByteArray(self._text(f"layout/{name}", "").encode("ascii", "ignore")))

    def keep_layout(self, name: str, state: QByteArray) -> None:
        """Keeps the state of a window or splitter."""
        self._put(f"layout/{name}", bytes(state.toBase64().data()).decode("ascii"))

    def text(self, name: str, default: str = "") -> str:
        """A small thing to remember, such as which tab was in front."""
        return self._text(f"memory/{name}", default)

    def keep_text(self, name: str, value: str) -> None:
        """Remembers a small thing."""
        self._put(f"memory/{name}", value)

    def sync(self) -> None:
        """Writes what was not written yet."""
        if self._store is not None:
            self._store.sync()

    def _text(self, key: str, default: str) -> str:
        found = self._memory.get(key, default) if self._store is None else self._store.value(key, default)
        return found if isinstance(found, str) else default

    def _number(self, key: str, default: float) -> float:
        try:
            return float(self._text(key, repr(default)))
        except ValueError:
            return default

    def _put(self, key: str, value: str) -> None:
        if self._store is None:
            self._memory[key] = value
        else:
            self._store.setValue(key, value)
