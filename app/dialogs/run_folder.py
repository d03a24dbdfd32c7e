"""Asks for the folder of a run anywhere: on a disk of another machine mounted here, or in another home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_run_folder(window: QWidget, take: Callable[[Path], object]) -> None:
    """Hands over the folder that is chosen."""
    dialog = QFileDialog(window, "Follow the run in a folder", str(Path.home()))
    dialog.setObjectName("run-folder")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Follow")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: take(Path(path)))
    dialog.open()
