"""The runs on disk: listed, renamed, deleted, brought back, all on a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.runs.curves import RunCurves
    from app.workers import Jobs
    from graph_engine.document import Document
    from graph_engine.runs import RunRecord, RunStore
    from graph_engine.runs.comparing import Difference


class RunLibrary(QObject):
    """What the run store says, as of the last `refresh`."""

    changed = Signal()
    """`records` are others."""
    renamed = Signal(str, str)
    """(run, new name)."""
    deleted = Signal(str, str)
    """(run, name): it is in the trash now."""
    failed = Signal(str)
    """What could not be done, in a sentence."""

    def __init__(self, background: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._store: RunStore | None = None
        self._records: tuple[RunRecord, ...] | None = None
        self.ours: frozenset[str] = frozenset()
        """The runs going on that this window began, or a window that is gone, on this machine."""
        self.here: frozenset[str] = frozenset()
        """The runs going on on this machine, whoever began them."""
        self._listing = False
        self._stale = False

    @property
    def records(self) -> tuple[RunRecord, ...] | None:
        """All runs, the newest first; None until they were listed for the first time."""
        return self._records

    def store(self) -> RunStore:
        """The store itself. Not to be used on the window's thread.

        Raises: HomeError when there is no place for runs.
        """
        from graph_engine.runs import RunStore

        if self._store is None:
            self._store = RunStore()
        return self._store

    def refresh(self) -> None:
        """Lists the runs anew."""
        if self._listing:
            self._stale = True
            return
        self._listing, self._stale = True, False
        self._background.start("Runs", self._list, self._take, self._fail_to_list)

    def look(self, take: Callable[[RunRecord | None, int], None]) -> None:
        """Looks for the newest run that goes on, and how many wait; makes no folder for runs."""
        from graph_engine.train import RunState

        def work() -> tuple[RunRecord | None, int]:
            from graph_engine.home import place

            if not (place() / "runs").is_dir():
                return None, 0
            live = [state for state in RunState if state.live]
            found = next(iter(self.store().records(states=live, limit=1)), None)
            return found, len(self.store().records(states=[RunState.WAITING]))

        self._background.start("Looking for runs", work, lambda found: take(*found), lambda _: None)

    def rename(self, run: str, name: str) -> None:
        """Calls a run otherwise."""

        def tell(record: RunRecord) -> None:
            self.renamed.emit(run, record.name)
            self.refresh()

        self._do(lambda: self.store().rename(run, name), tell)

    def set_note(self, run: str, note: str) -> None:
        """Keeps a note with a run."""
        self._do(lambda: self.store().set_note(run, note), lambda _: self.refresh())

    def set_tags(self, run: str, tags: list[str]) -> None:
        """Gives a run exactly these tags."""
        self._do(lambda: self.store().set_tags(run, tags), lambda _: self.refresh())

    def pin(self, run: str, *, on: bool) -> None:
        """Keeps a run at the top of the list, or no more."""
        self._do(lambda: self.store().pin(run, on=on), lambda _: self.refresh())

    def read_trash(self, take: Callable[[list[RunRecord]], None]) -> None:
        """Lists the runs in the trash."""
        self._do(lambda: self.store().trash(), take)

    def empty_trash(self) -> None:
        """Deletes what is in the trash for good."""
        self._do(lambda: self.store().empty_trash(), lambda _: None)

    def compare(self, runs: list[str], take: Callable[[list[Difference] | None], None]) -> None:
        """Reads what differs between the documents of two runs; None for more than two."""
        from graph_engine.runs.comparing import compare_documents

        def work() -> list[Difference] | None:
            if len(runs) != 2:
                return None
            one, other = (self.store().get(run).document() for run in runs)
            return compare_documents(one, other)

        self._do(work, take)

    def delete(self, run: str, name: str) -> None:
        """Moves a run to the trash."""

        def tell(_: object) -> None:
            self.deleted.emit(run, name)
            self.refresh()

        self._do(lambda: self.store().delete(run), tell)

    def restore(self, run: str) -> None:
        """Brings a run back from the trash."""
        self._do(lambda: self.store().restore(run), lambda _: self.refresh())

    def read_document(self, run: str, take: Callable[[Document], None]) -> None:
        """Reads the document as it was when the run began."""

        def work() -> Document:
            from graph_engine.document.layout import lay_out_piles

            document = self.store().get(run).document()
            lay_out_piles(document)
            return document

        self._do(work, take)

    def read_curves(self, run: str, take: Callable[[RunCurves], None]) -> None:
        """Reads what a run measured."""
        self._do(lambda: _curves(self.store(), run), take)

    def _list(self) -> tuple[tuple[RunRecord, ...], frozenset[str], frozenset[str]]:
        from graph_engine.runs.owner import read_owner

        store = self.store()
        records = tuple(_as_told(each, store) if each.state.live else each for each in store.records())
        owners = {each.id: read_owner(store.run_folder(each.id).path) for each in records if each.state.live}
        known = {run: owner for run, owner in owners.items() if owner is not None and owner.is_here}
        return records, frozenset(run for run, owner in known.items() if owner.is_ours), frozenset(known)

    def _take(self, found: tuple[tuple[RunRecord, ...], frozenset[str], frozenset[str]]) -> None:
        self._listing = False
        if found != (self._records, self.ours, self.here):
            self._records, self.ours, self.here = found
            self.changed.emit()
        if self._stale:
            self.refresh()

    def _fail_to_list(self, error: Exception) -> None:
        self._listing = False
        if self._stale:
            self.refresh()
        self._fail(error)

    def _do(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._background.start("Runs", work, done, self._fail)

    def _fail(self, error: Exception) -> None:
        from graph_engine.document.file import FileError
        from graph_engine.home import HomeError
        from graph_engine.runs import RunError

        if not isinstance(error, (RunError, FileError, HomeError, OSError)):
            raise error
        self.failed.emit(str(error))
        if self._records is None:
            self._records = ()
        self.changed.emit()


def _as_told(record: RunRecord, store: RunStore) -> RunRecord:
    """A run that goes on as its folder tells it, which is newer than its record."""
    from graph_engine.runs.link import read_progress

    found = read_progress(store.run_folder(record.id).path)
    return record.at(found[0]) if found is not None and found[0].state.live else record


def _curves(store: RunStore, run: str) -> RunCurves:
    from app.runs.curves import RunCurves, take_news

    curves = RunCurves()
    take_news(curves, store.get(run).folder.feed().since())
    return curves
