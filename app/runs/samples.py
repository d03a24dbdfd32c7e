"""The samples of the data that the document in front is bound to: how many, how they look, what they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from app.session import Session
    from app.workers import Jobs
    from graph_engine.blocks import TensorSpec
    from graph_engine.data import Dataset, Sample
    from graph_engine.document import Change, Document

_SOON = 120  # ms


@dataclass(frozen=True, slots=True)
class _Data:
    """`spec` is that of the pictures of samples, `labels` the class of each, or none."""

    dataset: Dataset
    spec: TensorSpec | None
    labels: tuple[int, ...]


class SampleSource(QObject):
    """Follows the binding. Reads on a thread, and only once somebody has asked."""

    changed = Signal()
    """The samples are others."""

    def __init__(self, session: Session, background: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = background
        self._data: _Data | None = None
        self._asked = False
        self._reading = False
        self._stale = True
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self._read)
        session.opened.connect(self._on_other)
        session.changed.connect(self._on_changed)

    @property
    def count(self) -> int:
        """How many samples there are; 0 until they are known."""
        return len(self._data.dataset) if self._data is not None else 0

    def read(self) -> None:
        """Begins to read what is to be known; `changed` tells when it is."""
        self._asked = True
        if self._stale:
            self._soon.start()

    def label(self, sample: int) -> str:
        """What the class of a sample is called; empty where there are no classes or they are not known yet."""
        data = self._data
        if data is None or data.dataset.label is None or sample >= len(data.labels):
            return ""
        return data.dataset.label.class_name(data.labels[sample])

    def class_names(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """The names of the classes, where a value of this shape has one entry a class."""
        label = self._data.dataset.label if self._data is not None else None
        if label is None or shape != (label.classes,):
            return ()
        return tuple(label.class_name(index) for index in range(label.classes))

    def ask(self, indices: list[int], take: Callable[[list[Sample]], None]) -> None:
        """Reads samples as they are shown small; `take` gets them, unless the data is other by then."""
        from graph_engine.data import samples as read_samples

        data = self._data
        if data is None:
            return

        def hand(found: list[Sample]) -> None:
            if self._data is data:
                take(found)

        self._background.start(
            "Reading samples", lambda: read_samples(data.dataset, indices, data.spec), hand, lambda _: None
        )

    def close(self) -> None:
        """Nothing is read any more."""
        self._soon.stop()
        self._asked = False

    def _on_other(self) -> None:
        self._stale = True
        if self._asked:
            self._soon.start()

    def _on_changed(self, change: Change) -> None:
        if change.binding or not change.moved_only:
            self._on_other()

    def _read(self) -> None:
        if self._reading:
            return
        self._reading, self._stale = True, False
        snapshot = self._session.document.snapshot()
        self._background.start("Reading data", lambda: _look_at(snapshot), self._take, lambda _: self._take(None))

    def _take(self, found: _Data | None) -> None:
        self._reading = False
        before = self._data
        if found is None or before is None or (found.dataset, found.spec) != (before.dataset, before.spec):
            self._data = found
            self.changed.emit()
        if self._stale:
            self._soon.start()


def _look_at(document: Document) -> _Data | None:
    from app.panels.data_overview import shown_spec
    from graph_engine.data import resolve

    resolution = resolve(document)
    dataset = resolution.dataset
    if dataset is None:
        return None
    label = dataset.label
    labels = tuple(dataset.serve(label.name, (), "int64").tolist()) if label is not None else ()
    return _Data(dataset, shown_spec(dataset, resolution), labels)
