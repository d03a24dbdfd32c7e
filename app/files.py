"""Opening, saving and closing documents: the dialogs, the disk on a job, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from app.on_disk import ChangedElsewhere, fingerprint, fingerprint_of, is_same_file
from app.open_document import OpenDocument
from app.places import KeptPlaces
from app.questions import ask_to_overwrite, ask_to_save
from app.widgets import commit_focused
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
        self._opening = 0  # files that are being read
        self._to_save: list[Callable[[], object]] = []  # asked for while another file was written

    @property
    def is_opening(self) -> bool:
        """Whether a file is about to be shown."""
        return self._opening > 0

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
        there = self._open_at(path)
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

    def open_document(self, document: Document, name: str, then: Then | None = None) -> None:
        """Shows a document that is no file yet, such as a preset."""

        def show() -> None:
            self._show(OpenDocument(document, name=name))
            if then is not None:
                then()

        self._when_answered(show)

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

        self._session.jobs.start(
            "Recovering unsaved work",
            recovery.document,
            lambda document: self._when_answered(lambda: show(document)),
            self._tell,
        )

    # --- saving

    def save(self, then: Then | None = None, opened: OpenDocument | None = None) -> None:
        """Saves a document (else the one in front) under the name it has, or asks for one."""
        saved = opened or self._session.front
        if saved.path is None:
            self.save_as(then, saved)
        else:
            self._write(saved.path, then, opened=saved)

    def save_as(self, then: Then | None = None, opened: OpenDocument | None = None) -> None:
        """Asks for a name and saves a document (else the one in front)."""
        saved = opened or self._session.front
        suggested = saved.path or Path(self._folder()) / f"{_file_name(saved.name)}{SUFFIX}"
        dialog = QFileDialog(self._window, "Save the document as", str(suggested), _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.fileSelected.connect(lambda name: self._write(Path(name), then, over=True, opened=saved))
        self._present(dialog)

    def save_to(self, path: Path, then: Then | None = None) -> None:
        """Saves under another name."""
        self._write(path, then, over=True)

    # --- leaving

    def close(self, opened: OpenDocument | None = None) -> None:
        """Closes a document (else the one in front), once what is unsaved in it is saved or given up."""
        commit_focused()
        closed = opened or self._session.front

        def close() -> None:
            self._session.close_document(closed)

        def close_unless_changed() -> None:
            self._unless_unsaved(closed, close_unless_changed, close)

        close_unless_changed()

    def unless_unsaved(self, then: Then) -> None:
        """Calls `then` when nothing would be lost in any document: at once, or when the user has saved or given up each
        that has unsaved changes.
        """
        commit_focused()
        given_up: list[OpenDocument] = []

        def give_up(opened: OpenDocument) -> None:
            given_up.append(opened)
            ask_next()

        def ask_next() -> None:
            first = next((each for each in self._session.documents if each.dirty and each not in given_up), None)
            if first is None:
                then()
            else:
                self._unless_unsaved(first, ask_next, lambda: give_up(first))

        ask_next()

    def _unless_unsaved(self, opened: OpenDocument, saved: Then, go_on: Then) -> None:
        """Asks what becomes of unsaved changes, if there are any. `saved` looks again: others may have been made while
        these were written.
        """
        if not opened.dirty or opened not in self._session.documents:
            go_on()
            return
        if opened is not self._session.front:
            self._session.show(opened)  # so that one sees what is asked about
        ask_to_save(self._window, opened.name, lambda: self.save(saved, opened), go_on)

    # --- inside

    def _show(self, opened: OpenDocument) -> None:
        self._session.show(opened)
        if opened.path is not None:
            self._settings.remember_file(opened.path)

    def _when_answered(self, show: Then) -> None:
        """Shows what comes late: at once, or when the question that is open is answered, which is about what is in
        front.
        """
        asked = QApplication.activeModalWidget()
        if isinstance(asked, QDialog):
            asked.finished.connect(lambda: QTimer.singleShot(0, self, lambda: self._when_answered(show)))
        else:
            show()

    def _open_at(self, path: Path) -> OpenDocument | None:
        """The document that is open from this file."""
        return next((each for each in self._session.documents if is_same_file(each.path, path)), None)

    def _load(self, path: Path, then: Then | None) -> None:
        def read() -> tuple[Document, str]:
            from graph_engine.document.file import load
            from graph_engine.document.layout import lay_out_piles

            found, document = fingerprint(path), load(path)
            lay_out_piles(document)
            return document, found

        def show(read: tuple[Document, str]) -> None:
            self._opening -= 1
            there = self._open_at(path)  # it was asked for twice
            opened = there or OpenDocument(read[0], path)
            if there is None:
                opened.on_disk = read[1]
                for place in KeptPlaces(self._settings).of(path)[:1]:
                    opened.look_at(place.graph, place.way)
            self._show(opened)
            self._settings.last_folder = str(path.parent)
            if then is not None:
                then()

        def failed(error: Exception) -> None:
            self._opening -= 1
            if not path.exists():
                self._settings.forget_file(path)
            self._tell(error)

        self._opening += 1
        self._session.jobs.start(
            f"Opening {path.name}", read, lambda found: self._when_answered(lambda: show(found)), failed
        )

    def _build(self, text: str) -> None:
        def build() -> Document:
            from presets import open_preset

            return open_preset(text)

        self._session.jobs.start(
            f"Opening {text}", build, lambda document: self.open_document(document, document.title), self._tell
        )

    def _write(self, path: Path, then: Then | None, *, over: bool = False, opened: OpenDocument | None = None) -> None:
        """Writes a document (else the one in front); `over` what another program has written there as well."""
        front = opened or self._session.front
        if self._saving:
            self._to_save.append(lambda: self._write(path, then, over=over, opened=front))
            return
        other = self._open_at(path)
        if other is not None and other is not front:
            self._notices.refuse(f"{path.name} is open in another tab. Close that first, or choose another name.")
            return
        self._saving = True
        mark, snapshot, before = front.history.mark(), front.document.snapshot(), front.on_disk
        known = "" if over else before
        front.on_disk = ""  # what is found there meanwhile may be what is written here

        def write() -> str:
            from graph_engine.document.file import dumps, write_whole

            if known and fingerprint(path) not in ("", known):
                raise ChangedElsewhere
            data = dumps(snapshot).encode()
            write_whole(path, data)
            return fingerprint_of(data)

        def done(written: str) -> None:
            self._saving = False
            front.on_disk = written
            if front in self._session.documents:
                self._session.mark_saved(path.absolute(), mark, front)
            self._settings.remember_file(path)
            self._settings.last_folder = str(path.absolute().parent)
            self._notices.say(f"Saved {path.name}", severity="success")
            if then is not None:
                then()
            self._save_next()

        def failed(error: Exception) -> None:
            self._saving = False
            front.on_disk = before
            if isinstance(error, ChangedElsewhere):
                self._ask_to_overwrite(path, then, front)
            else:
                self._tell(error)
            self._save_next()

        self._session.jobs.start(f"Saving {path.name}", write, done, failed)

    def _save_next(self) -> None:
        if self._to_save:
            self._to_save.pop(0)()

    def _ask_to_overwrite(self, path: Path, then: Then | None, opened: OpenDocument) -> None:
        def ask() -> None:
            if opened not in self._session.documents:
                return
            self._session.show(opened)
            ask_to_overwrite(
                self._window,
                path.name,
                lambda: self._write(path, then, over=True, opened=opened),
                lambda: self.save_as(then, opened),
            )

        self._when_answered(ask)

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
