"""What nodes cost, shown on the canvas: parameters, multiply-adds, memory, or time that was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.canvas.paint.heat import Heat, NodeHeat
from app.figures import share, short, size_of
from graph_engine.check.report import Cost

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from app.session import Session
    from graph_engine.compile import Program

_MEASURED_ON = 16  # samples; time is told for that many


class CostKind(StrEnum):
    """What the canvas is coloured by."""

    PARAMETERS = "parameters"
    MACS = "macs"
    MEMORY = "memory"
    TIME = "time"


TITLES = {
    CostKind.PARAMETERS: "Parameters",
    CostKind.MACS: "Multiply-adds a sample",
    CostKind.MEMORY: "Memory of weights and of what leaves, a sample",
    CostKind.TIME: f"Time of a forward pass on {_MEASURED_ON} samples",
}
_READ: Mapping[CostKind, tuple[Callable[[Cost], int], Callable[[float], str]]] = {
    CostKind.PARAMETERS: (lambda cost: cost.params, short),
    CostKind.MACS: (lambda cost: cost.macs, short),
    CostKind.MEMORY: (lambda cost: cost.parameter_bytes + cost.activation_bytes, size_of),
}


class CostOverlay(QObject):
    """Keeps the colours of one canvas true to the session's check.

    Time is measured in a job when it is asked for, and again only when it is asked for again: it keeps its numbers
    until the program is another.
    """

    changed = Signal()

    def __init__(self, session: Session, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._session = session
        self._canvas = canvas
        self._kind: CostKind | None = None
        self._seconds: dict[str, float] | None = None
        self._timed: Program | None = None
        self._measuring: Program | None = None
        for signal in (session.check_changed, session.opened, session.level_changed, session.program_changed):
            signal.connect(self._show)

    @property
    def kind(self) -> CostKind | None:
        """What is shown; None while nothing is."""
        return self._kind

    def show(self, kind: CostKind | None) -> None:
        """Colours the nodes by a cost, or no longer."""
        self._kind = kind
        if kind is CostKind.TIME:
            self._measure()
        self._show()
        self.changed.emit()

    def toggle(self, kind: CostKind) -> None:
        """Shows a cost, or ends that."""
        self.show(None if self._kind is kind else kind)

    def _measure(self) -> None:
        program = self._session.program
        if program is None or program is self._measuring:
            return
        document = self._session.document.snapshot()
        self._measuring = program

        def work() -> dict[str, float]:
            from graph_engine.probe.timing import time_nodes
            from graph_engine.train.devices import choose_device

            return time_nodes(document, program, _MEASURED_ON, choose_device(document.plan))

        def done(seconds: dict[str, float]) -> None:
            if self._measuring is program:  # else another is being measured by now
                self._measuring, self._timed, self._seconds = None, program, seconds
                self._show()

        def failed(error: Exception) -> None:
            if self._measuring is program:
                self._measuring = None
            self._session.jobs.failed.emit("Timing nodes", error)
            self._show()

        self._session.jobs.start("Timing nodes", work, done, failed)

    def _show(self) -> None:
        self._canvas.set_heat(self._heat())

    def _heat(self) -> Heat | None:
        if self._kind is None:
            return None
        title = TITLES[self._kind]
        if self._kind is CostKind.TIME:
            return self._heat_of_time(title)
        read, write = _READ[self._kind]
        values = {name: read(report.cost) for name, report in self._session.reports.items()}
        return _scaled(title, values, write)

    def _heat_of_time(self, title: str) -> Heat:
        if self._measuring is not None:
            return Heat(title, "", "", {}, "being measured …")
        if self._seconds is None or self._timed is not self._session.program:
            why = "measure again from View" if self._session.program is not None else "once there are no errors"
            return Heat(title, "", "", {}, why)
        seconds = self._seconds
        values = {name: seconds.get(self._session.place(name), 0.0) for name in self._session.graph.nodes}
        return _scaled(title, values, lambda value: f"{short(1000 * value)}\u202fms")


def _scaled(title: str, values: Mapping[str, float], write: Callable[[float], str]) -> Heat:
    """Nodes that cost nothing are left as they are."""
    most, total = max(values.values(), default=0), sum(values.values())
    if not most:
        return Heat(title, "", "", {}, "nothing here costs any")
    nodes = {
        name: NodeHeat(value / most, f"{write(value)} · {share(value, total)}")
        for name, value in values.items()
        if value > 0
    }
    return Heat(title, "0", write(most), nodes)
