"""Opening, saving and closing documents: the dialogs, the disk on a job, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.open_document import OpenDocument
from app.places import KeptPlaces
from app.questions import ask_to_save
from graph_engine.document import Document

if TYPE_CHECKING:
    from app.notices import Notices
    from app.session import Session
    from app.settings import Settings
    from graph_engine.document.journal import Recovery

SUFFIX = ".loom"
_FILTER = f"Layerloom documents (*{SUFFIX});;All files (*)"

Then = Callable[[], object]


class Files(QObject):
    """What the File menu does with documents.

    Reading and writing go on in jobs; `then` is called when they went well, so that closing waits for saving.
    """

    def __init__(self, session: Session, settings: Settings, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._notices = notices
        self._window = window
        self._saving = False

    # --- opening

    def new(self) -> None:
        """An empty document."""
        self._show(OpenDocument(Document(), name="Untitled"))

    def open(self) -> None:
        """Asks for a file and opens it."""
        dialog = QFileDialog(self._window, "Open a document", self._folder(), _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.open_path(Path(name)))
        self._present(dialog)

    def open_path(self, path: Path, then: Then | None = None) -> None:
        """Opens a file in a tab of its own; one that is open comes to the front."""
        path = path.expanduser().absolute()
        there = next((each for each in self._session.documents if each.path == path), None)
        if there is None:
            self._load(path, then)
            return
        self._show(there)
        if then is not None:
            then()

    def ask_to_compare(self, compare: Callable[[Document, str], None]) -> None:
        """Asks for a file; `compare` gets its document and name."""
        dialog = QFileDialog(self._window, "Compare with a document", self._folder(), _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)

        def read(name: str) -> None:
            def work() -> Document:
                from graph_engine.document.file import load

                return load(Path(name))

            path = Path(name)
            self._session.jobs.start(f"Reading {path.name}", work, lambda found: compare(found, path.name), self._tell)

        dialog.fileSelected.connect(read)
        self._present(dialog)

    def open_document(self, document: Document, name: str) -> None:
        """Shows a document that is no file yet, such as a preset."""
        self._show(OpenDocument(document, name=name))

    def open_preset(self, text: str) -> None:
        """Builds `name` or `name:key=value,…` and shows it."""
        self._build(text)

    def recover(self, recovery: Recovery) -> None:
        """Shows what a crashed window left; it counts as unsaved, and its old journal goes once a new one holds it."""

        def show(document: Document) -> None:
            opened = OpenDocument(document, recovery.path, name=f"{recovery.title} (recovered)")
            opened.recovered = True
            self._show(opened)
            recovery.discard()

        self._session.jobs.start("Recovering unsaved work", recovery.document, show, self._tell)

    # --- saving

    def save(self, then: Then | None = None) -> None:
        """Saves under the name it has, or asks for one."""
        if self._session.path is None:
            self.save_as(then)
        else:
            self._write(self._session.path, then)

    def save_as(self, then: Then | None = None) -> None:
        """Asks for a name and saves."""
        suggested = self._session.path or Path(self._folder()) / f"{_file_name(self._session.front.name)}{SUFFIX}"
        dialog = QFileDialog(self._window, "Save the document as", str(suggested), _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.fileSelected.connect(lambda name: self._write(Path(name), then))
        self._present(dialog)

    def save_to(self, path: Path, then: Then | None = None) -> None:
        """Saves under another name."""
        self._write(path, then)

    # --- leaving

    def close(self, opened: OpenDocument | None = None) -> None:
        """Closes a document (else the one in front), once what is unsaved in it is saved or given up."""
        closed = opened or self._session.front
        self._unless_unsaved(closed, lambda: self._session.close_document(closed))

    def unless_unsaved(self, then: Then) -> None:
        """Calls `then` when nothing would be lost in any document: at once, or when the user has saved or given up each
        that has unsaved changes.
        """
        self._ask_each([each for each in self._session.documents if each.dirty], then)

    def _ask_each(self, unsaved: list[OpenDocument], then: Then) -> None:
        if not unsaved:
            then()
            return
        first, *rest = unsaved
        self._unless_unsaved(first, lambda: self._ask_each(rest, then))

    def _unless_unsaved(self, opened: OpenDocument, then: Then) -> None:
        if not opened.dirty:
            then()
            return
        if opened is not self._session.front:
            self._session.show(opened)  # so that one sees what is asked about
        ask_to_save(self._window, opened.name, lambda: self.save(then), then)

    # --- inside

    def _show(self, opened: OpenDocument) -> None:
        self._session.show(opened)
        if opened.path is not None:
            self._settings.remember_file(opened.path)

    def _load(self, path: Path, then: Then | None) -> None:
        def read() -> Document:
            from graph_engine.document.file import load

            return load(path)

        def show(document: Document) -> None:
            opened = OpenDocument(document, path)
            for place in KeptPlaces(self._settings).of(path)[:1]:
                opened.look_at(place.graph, place.way)
            self._show(opened)
            self._settings.last_folder = str(path.parent)
            if then is not None:
                then()

        def failed(error: Exception) -> None:
            if not path.exists():
                self._settings.forget_file(path)
            self._tell(error)

        self._session.jobs.start(f"Opening {path.name}", read, show, failed)

    def _build(self, text: str) -> None:
        def build() -> Document:
            from presets import open_preset

            return open_preset(text)

        self._session.jobs.start(
            f"Opening {text}",
            build,
            lambda document: self._show(OpenDocument(document, name=document.title)),
            self._tell,
        )

    def _write(self, path: Path, then: Then | None) -> None:
        if self._saving:
            return
        self._saving = True
        mark, snapshot, front = self._session.history.mark(), self._session.document.snapshot(), self._session.front

        def write() -> None:
            from graph_engine.document.file import save

            save(snapshot, path)

        def done(_: object) -> None:
            self._saving = False
            if front in self._session.documents:
                self._session.mark_saved(path.absolute(), mark, front)
            self._settings.remember_file(path)
            self._settings.last_folder = str(path.absolute().parent)
            self._notices.say(f"Saved {path.name}", severity="success")
            if then is not None:
                then()

        def failed(error: Exception) -> None:
            self._saving = False
            self._tell(error)

        self._session.jobs.start(f"Saving {path.name}", write, done, failed)

    def _tell(self, error: Exception) -> None:
        self._notices.tell(error)

    def _folder(self) -> str:
        return self._settings.last_folder or str(Path.home())

    def _present(self, dialog: QFileDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _file_name(title: str) -> str:
    """A title as a file's name: `Plain CNN (recovered)` becomes `plain-cnn`."""
    plain = title.removesuffix(SUFFIX).removesuffix("(recovered)").strip().lower()
    letters = "".join(letter if letter.isalnum() else "-" for letter in plain)
    return "-".join(part for part in letters.split("-") if part) or "untitled"
