"""Asks for data of one's own: a file, or a folder. No file dialog takes both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.theme import icon

_FILES = "Data (*.npz *.csv *.tsv)"


def own_data_menu(parent: QWidget, use: Callable[[str], object]) -> QMenu:
    """A menu for a button of `parent`; `use` gets the path that is chosen."""

    def ask(title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(parent, title, str(Path.home()))
        dialog.setObjectName("own-data")
        dialog.setFileMode(mode)
        if mode is QFileDialog.FileMode.ExistingFile:
            dialog.setNameFilter(_FILES)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(use)
        dialog.open()

    menu = QMenu(parent)
    menu.addAction(icon("folder"), "Folder with a sub-folder for each class…").triggered.connect(
        lambda: ask("Folder with a sub-folder of pictures for each class", QFileDialog.FileMode.Directory)
    )
    menu.addAction(icon("file"), "File of arrays or table (.npz, .csv)…").triggered.connect(
        lambda: ask("File with arrays (.npz) or a table (.csv)", QFileDialog.FileMode.ExistingFile)
    )
    return menu
