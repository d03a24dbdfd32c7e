"""Files that are dropped on the window: documents are opened, data is used, a picture is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.files import SUFFIX
from graph_engine.document import SetBinding

if TYPE_CHECKING:
    from app.files import Files
    from app.notices import Notices
    from app.session import Session
    from graph_engine.data import Dataset

_TABLES = (".csv", ".tsv", ".npz")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


class Dropped(Enum):
    """What a file is to the window."""

    DOCUMENT = auto()
    DATA = auto()
    PICTURE = auto()
    OTHER = auto()


def what_is(path: Path) -> Dropped:
    """What is done with a file, by its ending."""
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in _TABLES:
        return Dropped.DATA
    if suffix == SUFFIX:
        return Dropped.DOCUMENT
    return Dropped.PICTURE if suffix in _PICTURES else Dropped.OTHER


def files_in(data: QMimeData) -> list[Path]:
    """The files that a drag carries."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []


class FileDrops(QObject):
    """Takes files from drags over a window, wherever nothing else takes them."""

    def __init__(
        self, session: Session, files: Files, notices: Notices, show_maps: Callable[[], object], window: QWidget
    ) -> None:
        """`show_maps` brings what nodes give to the front."""
        super().__init__(window)
        self._session = session
        self._files = files
        self._notices = notices
        self._show_maps = show_maps
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, (QDragEnterEvent, QDragMoveEvent)) and files_in(event.mimeData()):
            event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop and (found := files_in(event.mimeData())):
            event.acceptProposedAction()
            self.take(found)
            return True
        return super().eventFilter(watched, event)

    def take(self, paths: list[Path]) -> None:
        """Does with files what they are for; what can't be used says why."""
        data = [path for path in paths if what_is(path) is Dropped.DATA]
        for path in paths:
            match what_is(path):
                case Dropped.DOCUMENT:
                    self._files.open_path(path)
                case Dropped.PICTURE:
                    self._look_at(path)
                case Dropped.OTHER:
                    self._notices.refuse(
                        f"{path.name} can't be used: drop a document (.loom), data (.csv, .npz, a folder of pictures) "
                        "or a picture."
                    )
                case Dropped.DATA:
                    pass
        if data:
            self._use(data[0])
        if len(data) > 1:
            self._notices.refuse(f"A document uses one data set, so only {data[0].name} was taken of {len(data)}.")

    def _use(self, path: Path) -> None:
        opened = self._session.front

        def read() -> Dataset:
            from graph_engine.data import open_dataset

            return open_dataset(str(path))

        def done(dataset: Dataset) -> None:
            if self._session.front is not opened:
                return
            binding = opened.document.binding
            edit = SetBinding(replace(binding, dataset=dataset.name, fields=()))
            if self._session.attempt(edit, label=f"Use data {dataset.title}"):
                self._notices.say(f"{opened.name} uses {dataset.title}: {dataset.summary}", severity="success")

        self._session.jobs.start(f"Reading {path.name}", read, done, self._notices.tell)

    def _look_at(self, path: Path) -> None:
        if self._session.runs.live:
            self._notices.refuse(f"{path.name} can be looked at when training has ended.")
            return
        served = [each for each in self._session.document.main if each.block == "input"]
        if not any(len(each.parameters.get("shape", (1, 28, 28))) == 3 for each in served):
            self._notices.refuse(f"{path.name} can't be looked at: this network takes no image.")
            return
        opened = self._session.front

        def read() -> None:
            from graph_engine.data.pictures import read_picture

            read_picture(path, (1, 1, 1))  # whether it is one

        def done(_: object) -> None:
            if self._session.front is not opened:
                return
            self._session.runs.activations.set_picture(path)
            self._show_maps()
            self._notices.say(
                f"{path.name} is looked at. Choose a sample below the feature maps to go back to the data."
            )

        self._session.jobs.start(f"Reading {path.name}", read, done, self._notices.tell)
