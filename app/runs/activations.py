"""What the window sees of nodes: of the network in training while a run goes on, else of one that stands still.

Panels say which nodes they show (`want`); one request is made of all of them, and the newest answer is kept. Nothing is
computed for what nobody shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs.samples import SampleSource
from app.workers import Jobs
from graph_engine.blocks import Role

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from app.open_document import OpenDocument
    from app.runs.activation import Activation
    from app.runs.still import StillNetwork
    from app.session import Session
    from graph_engine.document import Graph
    from graph_engine.probe import NodeView, ProbeAnswer, ProbeBoard, ProbeRequest

_SOON = 30  # ms, so that a row of changes is answered once
_CHECKING = "The drawing is being checked."
_MEND = "The drawing has errors. Mend what Problems lists to see what nodes give."
_COMPUTING = "Computing …"
_LATER = "This node came after the run began. Train again to see it, or stop the run."
_NOTHING: Mapping[Role, str] = {
    Role.LOSS: "A loss gives one number for a whole batch: see it in Charts.",
    Role.METRIC: "A metric gives one number for a whole batch: see it in Charts.",
}


class Activations(QObject):
    """The newest values of the nodes that are shown, for one sample of the data."""

    changed = Signal()
    """There are other values, or another reason why there are none."""
    sample_changed = Signal()
    weights_changed = Signal()
    """A run has left its weights."""

    def __init__(self, session: Session, background: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = background
        self.samples = SampleSource(session, background, self)
        self.sample = 0
        self._wants: dict[QObject, tuple[tuple[str, ...], bool]] = {}
        self._board: ProbeBoard | None = None
        self._running: OpenDocument | None = None
        self._answer: ProbeAnswer | None = None
        self._still: StillNetwork | None = None
        self._weights: Mapping[str, Tensor] = {}
        self._weights_of: OpenDocument | None = None
        self._asked: object = None
        self._busy = False
        self._closed = False
        self._trouble = ""
        self._picture: Path | None = None
        self._said = "untrained"
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self._ask)
        session.opened.connect(self._forget)
        session.level_changed.connect(self._forget)
        session.program_changed.connect(self._on_program)
        session.changed.connect(lambda change: self._on_program() if change.binding or change.plan else None)
        self.samples.changed.connect(self._on_samples)

    # What panels ask.

    def want(self, owner: QObject, nodes: tuple[str, ...], *, figures: bool = False) -> None:
        """`owner` shows these nodes from now on, and no others; `figures`: their averages and gradients as well.

        Who shows nothing any more wants `()`.
        """
        wanted = (nodes, figures)
        if not nodes:
            self._wants.pop(owner, None)
        elif self._wants.get(owner) == wanted:
            return
        else:
            self._wants[owner] = wanted
            self.samples.read()
        self._ask_soon()

    def wanted(self) -> tuple[str, ...]:
        """All nodes that somebody shows, each once."""
        return tuple(dict.fromkeys(node for nodes, _ in self._wants.values() for node in nodes))

    @property
    def picture(self) -> Path | None:
        """The file that is looked at in place of a sample."""
        return self._picture

    def set_picture(self, file: Path | None) -> None:
        """Looks at a picture in place of the sample, until another sample is chosen; while a run goes on the run's
        sample is shown.
        """
        self._picture = file
        self._on_program()
        self.sample_changed.emit()

    def set_sample(self, sample: int) -> None:
        """Shows another sample of the data, counted from 0."""
        if sample != self.sample or self._picture is not None:
            if self._picture is not None:
                self._picture = None
                self._on_program()
            self.sample = sample
            self.sample_changed.emit()
            self._ask_soon()

    def get(self, node: str) -> Activation | None:
        """What a node gives for the sample; None where there is nothing, see `why_not`."""
        view = self.view(node)
        if view is None or self._answer is None:
            return None
        from app.runs.activation import Activation

        return Activation(
            node,
            view.values,
            self._answer.request.sample,
            self._picture.name if self._picture is not None else self.samples.label(self._answer.request.sample),
            self.samples.class_names(view.values.shape),
            self._said,
        )

    def view(self, node: str) -> NodeView | None:
        """As `get`, with the figures that were asked for."""
        seen = self._address(node)
        if seen is None or self._answer is None:
            return None
        return self._answer.views.get(seen)

    def answers(self, nodes: Iterable[str], *, figures: bool = False) -> bool:
        """Whether the newest answer is one to a question about all these nodes."""
        request = self._answer.request if self._answer is not None else None
        seen = {self._address(node) for node in nodes} - {None}
        return request is not None and seen <= set(request.nodes) and request.figures >= figures

    @property
    def is_trained(self) -> bool:
        """Whether what is seen is that of a network in training, or of one with the weights of a run."""
        return self.is_live or (self._answer is not None and not self._said)

    @property
    def has_weights(self) -> bool:
        """Whether a run left weights of the document in front, or of what it was then."""
        return bool(self._weights) and self._weights_of is self._session.front

    def why_not(self, node: str) -> str:
        """Why there is nothing to see of a node, in a sentence."""
        graph = self._session.graph
        block = graph.block(node) if node in graph else None
        seen = self._address(node)
        if block is not None and block.role in _NOTHING:
            return _NOTHING[block.role]
        if block is not None and seen is None:
            return "Wire something to this output to see what arrives there." if block.role is Role.OUTPUT else _MEND
        if self.is_live and self._answer is not None and seen in self._answer.failed:
            return _LATER
        return self._why_not_still(node, seen or node)

    @property
    def is_live(self) -> bool:
        """Whether what is seen is that of the run that goes on."""
        return self._board is not None and self._running is self._session.front

    # What the follower of the run tells.

    def follow(self, board: ProbeBoard, front: OpenDocument) -> None:
        """A run of `front` goes on; `board` answers."""
        self._board, self._running = board, front
        self._asked = None
        self._ask()

    def pull(self) -> None:
        """Takes the run's newest answer, if there is one."""
        if self._board is None or not self.is_live:
            return
        answer = self._board.answer
        if answer is not None and answer is not self._answer:
            self._answer, self._said = answer, ""
            self.changed.emit()

    def unfollow(self) -> None:
        """The run has ended; what was seen last stays until there is something newer."""
        if self._board is not None:
            self._board.ask(None)
        self._board, self._running = None, None

    def set_weights(self, weights: Mapping[str, Tensor], front: OpenDocument) -> None:
        """Weights that a run left, for looking at `front` without one; those of a document that is not in front do not
        take the place of those of the one that is.
        """
        if front is not self._session.front and self.has_weights:
            return
        self._weights, self._weights_of = weights, front
        self._on_program()
        self.weights_changed.emit()

    def close(self) -> None:
        """Nothing is looked at any more."""
        self._closed = True
        self.unfollow()
        self._soon.stop()
        self.samples.close()

    # Inside.

    def _ask_soon(self) -> None:
        if not self._closed:
            self._soon.start()

    def _forget(self) -> None:
        self._answer, self._still = None, None
        self._trouble, self._said = "", "untrained"
        self._wants.clear()
        self._asked = None
        self._picture = None
        self.sample = 0
        self.sample_changed.emit()
        self.changed.emit()
        self._ask_soon()

    def _on_program(self) -> None:
        self._still, self._asked = None, None
        self._ask_soon()

    def _on_samples(self) -> None:
        if self.sample >= max(self.samples.count, 1):
            self.set_sample(0)
        self._asked = None
        self._ask_soon()

    def _request(self) -> ProbeRequest:
        from graph_engine.probe import ProbeRequest

        seen = (self._address(node) for node in self.wanted())
        nodes = tuple(dict.fromkeys(node for node in seen if node is not None))
        return ProbeRequest(nodes, self.sample, any(figures for _, figures in self._wants.values()))

    def _address(self, node: str) -> str | None:
        """What the program calls the node whose result stands for `node`, by the way to the graph that is shown."""
        seen = seen_node(self._session.graph, node)
        return self._session.front.address(seen) if seen is not None else None

    def _ask(self) -> None:
        """Has what is shown looked at: by the run, or on a thread."""
        request = self._request()
        if self._board is not None:
            self._board.ask(request if self.is_live else None)
            if self.is_live:
                self.changed.emit()
                return
        program = self._session.program
        if not request.nodes or program is None or self._session.errors:
            self._answer, self._asked = None, None  # what was seen is not of this drawing
            self.changed.emit()
            return
        if self._busy:
            return
        if self._asked == (request, program):
            self.changed.emit()
            return
        if self._still is None or self._still.program is not program:
            from app.runs.still import StillNetwork

            weights = self._weights if self.has_weights else {}
            self._still = StillNetwork(self._session.document.snapshot(), program, weights, self._picture)
        still = self._still
        self._busy, self._asked = True, (request, program)
        self._background.start(
            "Looking at nodes",
            lambda: still.answer(request),
            lambda answer: self._take(answer, still),
            lambda error: self._fail(error, still),
        )
        self.changed.emit()

    def _take(self, answer: ProbeAnswer, still: StillNetwork) -> None:
        self._busy = False
        if not self.is_live and still is self._still:
            self._answer, self._said, self._trouble = answer, still.said, ""
            self.changed.emit()
        self._ask_soon()

    def _fail(self, error: Exception, still: StillNetwork) -> None:
        from graph_engine.data import DataError

        self._busy = False
        if not self.is_live and still is self._still:
            self._answer = None
            self._trouble = str(error) if isinstance(error, DataError) else f"This could not be computed: {error}"
            self.changed.emit()
        self._ask_soon()

    def _why_not_still(self, node: str, seen: str) -> str:
        from graph_engine.check.report import State

        check = self._session.check
        report = self._session.report(node)
        if check is None:
            return _CHECKING
        if report is not None and report.state is State.ERROR and report.message:
            return report.message
        errors = self._session.errors
        if errors:
            return errors[0].message if errors[0].node is None else _MEND
        if self._trouble:
            return self._trouble
        if self._answer is not None and seen in self._answer.failed:
            return f"This could not be computed: {self._answer.failed[seen]}"
        return _COMPUTING


def seen_node(graph: Graph, node: str) -> str | None:
    """The node whose result stands for `node`: itself, or what is wired to an Output; None where there is nothing."""
    from graph_engine.probe import can_be_seen

    if node not in graph:
        return None
    if can_be_seen(graph, node):
        return node
    block = graph.block(node)
    if block is None or block.role is not Role.OUTPUT:
        return None
    wire = next(iter(graph.wires_into(node).values()), None)
    return wire.source if wire is not None and can_be_seen(graph, wire.source) else None
