"""What the window lets others do: one thread that checks and compiles, and jobs that take a while.

The checking thread loads torch once the window is on screen. It is given snapshots, looks only at the newest, and
answers with the ticket that came with it; who asked decides whether the answer still matters.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance

    from graph_engine.check.report import CheckResult, Problem
    from graph_engine.compile import Program
    from graph_engine.document import Document

_PATIENCE = 10.0
"""How long (s) closing waits for a thread to come to an end."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check said of the snapshot of this ticket, and what is wrong with the data for it."""

    ticket: int
    result: CheckResult
    data_problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """The program of the snapshot of this ticket; None when the drawing has errors."""

    ticket: int
    program: Program | None


class Worker(Protocol):
    """Who checks snapshots: `CheckWorker` in the window, an immediate one in tests."""

    @property
    def checked(self) -> SignalInstance: ...

    @property
    def compiled(self) -> SignalInstance: ...

    def request(self, ticket: int, snapshot: Document) -> None: ...


class CheckWorker(QObject):
    """Checks and compiles on a thread of its own, newest request first, older ones never."""

    checked = Signal(object)
    """A `Checked`."""
    compiled = Signal(object)
    """A `Compiled`; follows `checked` unless a newer request came in between."""
    ready = Signal()
    """torch is loaded and the first operation on the meta device is done."""
    failed = Signal(object)
    """An exception that is a bug: the thread goes on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._request: tuple[int, Document] | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Begins to load torch; requests made before are answered then."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="layerloom-check", daemon=True)
            self._thread.start()

    def request(self, ticket: int, snapshot: Document) -> None:
        """Asks for a check of `snapshot`, which nobody may change any more; an older request not begun is forgotten."""
        with self._wake:
            self._request = (ticket, snapshot)
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread after what it is at."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
            self._thread = None

    # --- on the thread

    def _run(self) -> None:
        checker: Any = None
        try:
            checker = _warm_checker()
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the one place for bugs
            self.failed.emit(error)
            return
        self.ready.emit()
        while (request := self._next()) is not None:
            try:
                self._answer(checker, *request)
            except Exception as error:  # noqa: BLE001
                self.failed.emit(error)

    def _next(self) -> tuple[int, Document] | None:
        with self._wake:
            while self._request is None and not self._closing:
                self._wake.wait()
            request, self._request = self._request, None
            return None if self._closing else request

    def _answer(self, checker: Any, ticket: int, snapshot: Document) -> None:
        from graph_engine.compile import CompileError, compile_document

        result = checker.check(snapshot)
        self.checked.emit(Checked(ticket, result, data_problems(snapshot, result)))
        if self._request is not None or self._closing:
            return
        program = None
        if result.ok and len(snapshot.main):
            try:
                program = compile_document(snapshot, result, checker=checker)
            except CompileError:
                program = None
        self.compiled.emit(Compiled(ticket, program))


def data_problems(document: Document, result: CheckResult) -> tuple[Problem, ...]:
    """Why the drawing can't be trained by its plan, and why the data does not fit its inputs; nothing while there is no
    loss to train. Of the data nothing is said while the drawing has errors.
    """
    from graph_engine.blocks import Role
    from graph_engine.data import resolve
    from graph_engine.train.plan_problems import plan_problems

    trains = any((block := document.main.block(node)) is not None and block.role is Role.LOSS for node in document.main)
    return (*plan_problems(document, result), *(resolve(document).problems if trains and result.ok else ()))


def _warm_checker() -> Any:
    """A checker that has done the first operation on the meta device, which takes most of a second."""
    from graph_engine.check import Checker
    from graph_engine.document.builder import Builder

    net = Builder("Warm-up")
    x = net.input("x", 4)
    net.output(net.add("linear", x, features=2))
    checker = Checker()
    checker.check(net.document)
    return checker


@dataclass(eq=False, slots=True)
class Job:
    """A piece of work on a thread of its own, and who is told of its end.

    `title` says what is being done, as a status line shows it: `Exporting lenet.onnx`.
    """

    title: str
    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None] | None
    thread: threading.Thread | None = None


class Jobs(QObject):
    """The work going on: files read and written, exports, pictures of presets."""

    changed = Signal()
    failed = Signal(str, object)
    """(title, exception) of a job for whose failure nobody cares."""

    _ended = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Job] = []
        # across threads: whoever asked is told in the thread that this object lives in
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def titles(self) -> list[str]:
        """What is being done, oldest first."""
        return [job.title for job in self._running]

    def start(
        self,
        title: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Does `work` on a thread, then calls `done` with its result or `failed` with its exception, here."""
        job = Job(title, work, done, failed)
        job.thread = threading.Thread(target=self._run, args=(job,), name=f"layerloom-job: {title}", daemon=True)
        self._running.append(job)
        self.changed.emit()
        job.thread.start()

    def close(self) -> None:
        """Waits for what is going on, so that no file is left half way; nobody is told of its end any more."""
        running, self._running = self._running, []
        for job in running:
            if job.thread is not None:
                job.thread.join(_PATIENCE)

    def _run(self, job: Job) -> None:
        try:
            result = job.work()
        except Exception as error:  # noqa: BLE001 - told to whoever asked for the work
            self._ended.emit(job, None, error)
        else:
            self._ended.emit(job, result, None)

    def _on_ended(self, job: Job, result: Any, error: Exception | None) -> None:
        if job not in self._running:
            return
        self._running.remove(job)
        self.changed.emit()
        if error is None:
            job.done(result)
        elif job.failed is not None:
            job.failed(error)
        else:
            self.failed.emit(job.title, error)
