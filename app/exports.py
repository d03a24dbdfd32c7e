"""Exporting: which format, which weights, where to; written and checked in a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.figures import size_of
from app.widgets import MessageAction

if TYPE_CHECKING:
    from app.dialogs.export import ExportChoice
    from app.notices import Notices
    from app.session import Session
    from app.settings import Settings
    from graph_engine.document import Document
    from graph_engine.export import Exported


class Exports(QObject):
    """What the Export menu does."""

    def __init__(self, session: Session, settings: Settings, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._notices = notices
        self._window = window

    def ask(self, target: str | None = None) -> None:
        """Asks how and where, beginning with a format, and exports."""
        from app.dialogs.export import ExportDialog

        stem = Path(self._session.front.name).stem or "network"
        folder = self._settings.last_folder or str(Path.home())
        dialog = ExportDialog(self._session, Path(folder) / _file_stem(stem), self._window, target or "python")
        dialog.chosen.connect(self.export)
        dialog.open()

    def export(self, choice: ExportChoice) -> None:
        """Writes and checks in a job; says where it is, or what went wrong."""
        document = self._session.document.snapshot()
        self._settings.last_folder = str(choice.path.absolute().parent)

        def done(exported: Exported) -> None:
            self._notices.say(
                f"{exported.path.name}: {size_of(exported.size)}, {exported.checked}",
                severity="success",
                action=MessageAction("Show folder", lambda: _show_folder(exported.path)),
            )

        self._session.jobs.start(
            f"Exporting {choice.path.name}", lambda: write(document, choice), done, self._notices.tell
        )


def write(document: Document, choice: ExportChoice) -> Exported:
    """Exports `document`. Called on a thread.

    Raises: CompileError, ExportError, FileError, RunError.
    """
    if choice.target in ("png", "pdf"):
        from app.picture import export_pdf, export_png

        if choice.target == "pdf":
            return export_pdf(document, choice.path, choice.style)
        return export_png(document, choice.path, choice.style, choice.scale)
    from graph_engine.export import Target, export_document

    weights = None
    if choice.run is not None:
        from graph_engine.runs import RunStore

        weights = RunStore().get(choice.run).folder.checkpoint(choice.which).weights
    return export_document(document, Target(choice.target), choice.path, weights, choice.style)


def _show_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute().parent)))


def _file_stem(name: str) -> str:
    letters = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name.lower())
    return "-".join(part for part in letters.split("-") if part) or "network"
