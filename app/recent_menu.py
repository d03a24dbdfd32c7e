"""The menu of the files that were opened last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidget

if TYPE_CHECKING:
    from app.settings import Settings


class RecentMenu(QMenu):
    """Follows the settings; off while there is nothing in it."""

    def __init__(self, settings: Settings, open_file: Callable[[Path], object], parent: QWidget | None = None) -> None:
        super().__init__("Open recent", parent)
        self._settings = settings
        self._open = open_file
        self.setToolTipsVisible(True)
        settings.recent_changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        self.clear()
        files = self._settings.recent_files
        for at, path in enumerate(files):
            key = f"&{at + 1}  " if at < 9 else ""
            action = self.addAction(f"{key}{path.name.replace('&', '&&')}")
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._open, path))
        self.menuAction().setEnabled(bool(files))
