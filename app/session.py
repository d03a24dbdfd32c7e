"""The open work: the document in front, its history, selection and check, and what goes on around it. No widgets.

Every change travels through `perform`; views listen to the signals and hold nothing that the document could hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.forecasts import Forecasts
from app.open_document import OpenDocument, Selection
from app.retracing import retrace
from app.runs.follower import RunFollower
from app.runs.searches import Searches
from app.speed_tests import SpeedTests
from app.workers import Checked, Compiled, Jobs, Worker
from graph_engine.blocks import Kind
from graph_engine.check.report import Severity, TrustCode
from graph_engine.document import MAIN, Change, Document, Edit, EditRefused, Graph, History, Wire, title_of
from graph_engine.document.composite import graph_of, is_composite

if TYPE_CHECKING:
    from graph_engine.blocks import TensorSpec
    from graph_engine.check.report import CheckResult, Fix, NodeReport, Problem
    from graph_engine.compile import Program
    from graph_engine.document.history import Mark


Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked of the worker last.

    `since` is the first ticket of the same drawing; `preview` says whether an edit is tried out.
    """

    ticket: int
    since: int
    drawing: int
    preview: bool


class Session(QObject):
    """What a window works on."""

    leaving = Signal()
    """Another document, or another level of it, is about to be shown: what is being typed belongs to this one."""
    opened = Signal()
    """Another document is in front: everything is to be read anew."""
    documents_changed = Signal()
    """A document was opened beside the others, or closed."""
    level_changed = Signal()
    """Another graph of the document is shown: a composite was entered or left."""
    changed = Signal(object)
    """The `Change` of an edit, undo and redo as well."""
    selection_changed = Signal()
    check_changed = Signal()
    """`check` is another; while `preview` is set it is that of the edit being tried out."""
    program_changed = Signal()
    preview_changed = Signal()
    history_changed = Signal()
    """What undo and redo would do, or whether there is something to save, may be different."""
    file_changed = Signal()
    """The name or path is another."""
    file_saved = Signal(object)
    """The `OpenDocument` that is on disk now."""
    reveal_requested = Signal(object)
    """Node ids (a tuple) that the canvas brings into view."""
    retraced = Signal(object)
    """The `Retraced` of an undo or redo: what is to be seen of it."""
    refused = Signal(str)
    """Why the document did not take an edit."""
    trust_requested = Signal()
    """The user wants the code of this document to run, and is to be shown it first."""
    trust_changed = Signal()
    """The code of this document may run now."""
    search_requested = Signal(str)
    """Other values of this setting are to be searched for; `conv2d_1.channels`."""
    code_requested = Signal(str)
    """The code of this custom block is to be shown for editing; of a new one, if it is empty."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(self)
        self.worker = worker
        self._ticket = 0
        self._shown_ticket = 0
        self._drawing = 0  # how many changes there were that a check could tell
        self._request: _Request | None = None
        self._end_listening: Callable[[], None] = lambda: None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._send_request)
        worker.checked.connect(self._on_checked)
        worker.compiled.connect(self._on_compiled)
        self.front = OpenDocument(Document(), name="Untitled")
        self.documents = [self.front]
        """All that are open, in the order of their tabs."""
        self._listen()
        self.runs = RunFollower(self)
        self.forecasts = Forecasts(self)
        self.speed_tests = SpeedTests(self)
        self.searches = Searches(self)

    # --- what is open

    @property
    def document(self) -> Document:
        return self.front.document

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self.front.graph

    @property
    def graph_name(self) -> str:
        return self.front.graph_name

    @property
    def history(self) -> History:
        return self.front.history

    @property
    def path(self) -> Path | None:
        return self.front.path

    @property
    def dirty(self) -> bool:
        return self.front.dirty

    @property
    def any_dirty(self) -> bool:
        """Whether closing the window would lose something."""
        return any(opened.dirty for opened in self.documents)

    @property
    def check(self) -> CheckResult | None:
        """The last check that still holds for these nodes; None until the first one came."""
        return self.front.check

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the drawing, and with the data for it."""
        return (*self.check.problems, *self.front.data_problems) if self.check is not None else ()

    @property
    def errors(self) -> list[Problem]:
        """The problems for which nothing can be trained."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def program(self) -> Program | None:
        """The program of the last drawing without errors; None before, and while there is none."""
        return self.front.program

    @property
    def checking(self) -> bool:
        """Whether a check that was asked for has not come yet."""
        return self._soon.isActive() or (self._request is not None and self._request.ticket != self._shown_ticket)

    def show(self, opened: OpenDocument) -> None:
        """Puts another document in front: one that is open, or a new one beside it.

        A document in front that nobody has touched gives its place to a new one.
        """
        if opened is not self.front:
            self.leaving.emit()
        self._drop_preview()
        if opened not in self.documents:
            at = self.documents.index(self.front)
            self.documents[at if self.front.is_blank else at + 1 : at + 1] = [opened]
            self._put_in_front(opened, others=True)
        else:
            self._put_in_front(opened, others=False)

    def close_document(self, opened: OpenDocument) -> None:
        """Closes a document, whatever is unsaved in it; the last one leaves an empty one."""
        if opened not in self.documents:
            return
        at = self.documents.index(opened)
        self.documents.remove(opened)
        if not self.documents:
            self.documents.append(OpenDocument(Document(), name="Untitled"))
        if opened is self.front:
            self._put_in_front(self.documents[min(at, len(self.documents) - 1)], others=True)
        else:
            self.documents_changed.emit()

    def _put_in_front(self, opened: OpenDocument, *, others: bool) -> None:
        self._end_listening()
        self.front = opened
        self._listen()
        self._request = None
        self._drawing += 1
        self._shown_ticket = self._ticket
        if others:
            self.documents_changed.emit()
        self.opened.emit()
        self.selection_changed.emit()
        self.history_changed.emit()
        self.file_changed.emit()
        self.check_changed.emit()
        self.program_changed.emit()
        self._soon.start()

    def show_next(self, steps: int) -> None:
        """Puts the document in front that is so many tabs further, round and round."""
        at = self.documents.index(self.front) + steps
        self.show(self.documents[at % len(self.documents)])

    def mark_saved(self, path: Path, mark: Mark, opened: OpenDocument | None = None) -> None:
        """A document (else the one in front) as it was at `mark` is on disk under `path`."""
        saved = opened or self.front
        saved.path = path
        saved.recovered = False
        saved.history.mark_saved(mark)
        self.file_saved.emit(saved)
        self.file_changed.emit()
        self.history_changed.emit()

    # --- changing it

    def perform(self, edit: Edit, merge: str = "", label: str = "") -> None:
        """Makes an edit as a step of the history, merged with the last one of the same `merge` key.

        Raises: EditRefused, and then nothing has changed.
        """
        self._drop_preview()
        self.history.perform(edit, merge, label)
        self.history_changed.emit()

    def attempt(self, edit: Edit, merge: str = "", label: str = "") -> bool:
        """`perform`, but a refusal is told by `refused` and False."""
        try:
            self.perform(edit, merge, label)
        except EditRefused as refusal:
            self.refused.emit(str(refusal))
            return False
        return True

    def apply_fix(self, fix: Fix) -> None:
        """Does what a problem offers, and shows the nodes that it adds; letting code run is asked for by
        `trust_requested`.
        """
        if isinstance(fix.edit, TrustCode):
            self.trust_requested.emit()
            return
        before = {node.id for node in self.graph}
        self.attempt(fix.edit, label=fix.label)
        added = [node.id for node in self.graph if node.id not in before]
        if added:
            self.reveal(*added)

    def made(self, make: Callable[[], Made]) -> Made | None:
        """What `make` gives, an edit as a rule; a refusal is told by `refused` and None."""
        try:
            return make()
        except EditRefused as refusal:
            self.refused.emit(str(refusal))
            return None

    def undo(self) -> None:
        """Takes back the last step, and shows where."""
        self._retrace(self.history.undo)

    def redo(self) -> None:
        """Makes again the step that was taken back last, and shows where."""
        self._retrace(self.history.redo)

    def go_to_step(self, position: int) -> None:
        """Undoes or redoes until `position` steps of the history are done."""
        self._retrace(lambda: self.history.go_to(position))

    def _retrace(self, go: Callable[[], object]) -> None:
        self._drop_preview()
        found = retrace(self, go)
        if found is not None:
            self.retraced.emit(found)

    def try_out(self, edit: Edit | None) -> None:
        """Checks the document as it would be after `edit`, without changing it; None ends that.

        `check` then tells the shapes and costs of what is being typed, before Enter.
        """
        if edit == self.front.preview:
            return
        self.front.preview = edit
        self.preview_changed.emit()
        self._soon.start()

    @property
    def preview(self) -> Edit | None:
        """The edit being tried out."""
        return self.front.preview

    # --- looking at it

    @property
    def selection(self) -> Selection:
        return self.front.selection

    def select(self, nodes: Iterable[str] = (), wires: Iterable[Wire] = ()) -> None:
        """Selects these and nothing else; what is not in the graph is passed over."""
        graph = self.graph
        selection = Selection.of(
            (node for node in nodes if node in graph),
            (wire for wire in wires if graph.wire_at(wire.target, wire.input) == wire),
        )
        if selection != self.front.selection:
            self.front.selection = selection
            self.selection_changed.emit()

    def reveal(self, *nodes: str) -> None:
        """Selects nodes and brings them into view."""
        self.select(nodes)
        if self.selection.nodes:
            self.reveal_requested.emit(self.selection.nodes)

    def report(self, node: str) -> NodeReport | None:
        """What the last check said of a node."""
        return self.reports.get(node)

    @property
    def reports(self) -> Mapping[str, NodeReport]:
        """What the last check said of the nodes that are shown."""
        return self.front.reports

    def spec(self, node: str, output: str) -> TensorSpec | None:
        """What leaves an output port, as far as the last check knows."""
        report = self.report(node)
        return report.outputs.get(output) if report is not None else None

    def kind(self, node: str, output: str) -> Kind:
        """The kind of what leaves an output port; ANY where that is not known."""
        spec = self.spec(node, output)
        if spec is not None:
            return spec.kind
        block = self.graph.block(node) if node in self.graph else None
        port = block.output(output) if block is not None else None
        return port.kind if port is not None else Kind.ANY

    def place(self, node: str) -> str:
        """How a program's lines name a node of the graph shown: `conv2d_1`, in a composite `bottleneck:conv2d_1`."""
        return node if self.graph_name == MAIN else f"{self.graph_name}:{node}"

    def show_place(self, *places: str) -> None:
        """Shows nodes named as a program's lines name them, in the graph of the first, and selects them."""
        pairs = [(graph or MAIN, node) for graph, _, node in (place.rpartition(":") for place in places)]
        name = pairs[0][0] if pairs else self.graph_name
        if name == self.graph_name or self.show_graph(name):
            self.reveal(*(node for graph, node in pairs if graph == name))

    def title(self, node: str) -> str:
        """What a person calls a node."""
        return title_of(self.graph[node], self.graph)

    def recheck(self) -> None:
        """Asks for a check although nothing changed."""
        self._soon.start()

    # --- levels

    def enter(self, node: str) -> bool:
        """Shows what is inside a composite's node; False when it is none."""
        name = self.front.graph_at((*self.front.way, node)) if self.graph_name == self._graph_of_way() else None
        if name is None and node in self.graph and is_composite(self.graph[node].block):
            name = graph_of(self.graph[node].block)  # inside a composite that nothing uses there is no way
            return self._show_level(name, ()) if name in self.document.graphs else False
        return name is not None and self._show_level(name, (*self.front.way, node))

    def leave(self) -> bool:
        """Shows the graph from which this one was entered, with the node that was entered selected."""
        if self.graph_name == MAIN:
            return False
        way = self.front.way
        self.go_to(len(way) - 1 if way else 0)
        if way:
            self.reveal(way[-1])
        return True

    def go_to(self, depth: int) -> None:
        """Shows the graph that is `depth` composites deep on the way to the one shown; 0 is the main drawing."""
        way = self.front.way[:depth]
        self._show_level(self.front.graph_at(way) or MAIN, way)

    def show_way(self, way: tuple[str, ...]) -> bool:
        """Shows the graph that is entered through the nodes of `way`; False when they are not there."""
        name = self.front.graph_at(way)
        return name is not None and self._show_level(name, way)

    def show_graph(self, name: str) -> bool:
        """Shows a graph of the document, through the first node that uses it."""
        if name not in self.document.graphs:
            return False
        way = self.check.path_to(name) if self.check is not None else None
        if way is not None and self.front.graph_at(way) != name:
            way = None  # the check is older than what is drawn
        return self._show_level(name, way or ())

    def _show_level(self, name: str, way: tuple[str, ...]) -> bool:
        if (name, way) != (self.graph_name, self.front.way):
            self.leaving.emit()
            self._put_level(name, way)
        return True

    def _put_level(self, name: str, way: tuple[str, ...]) -> None:
        if (name, way) != (self.graph_name, self.front.way):
            self._drop_preview()
            self.front.graph_name, self.front.way = name, way
            self.front.selection = Selection()
            self.level_changed.emit()
            self.selection_changed.emit()
            self.check_changed.emit()

    def _graph_of_way(self) -> str | None:
        return self.front.graph_at(self.front.way)

    # --- inside

    def _listen(self) -> None:
        self._end_listening = self.front.document.subscribe(self._on_change)

    def _on_change(self, change: Change) -> None:
        self.front.untouched = False
        self._drop_level()
        self._drop_gone()  # first, so that nobody is shown a selection of what is not there
        self.changed.emit(change)
        if change.about or not change.moved_only:
            self._drawing += 1
            self._soon.start()

    def _drop_level(self) -> None:
        """A composite that is gone, or a way to it, is shown no longer."""
        if self.graph_name not in self.document.graphs:
            way = self.front.way
            while way and self.front.graph_at(way) is None:
                way = way[:-1]
            self._put_level(self.front.graph_at(way) or MAIN, way)
        elif self.front.way and self._graph_of_way() != self.graph_name:
            self._put_level(self.graph_name, ())

    def _drop_gone(self) -> None:
        """What was deleted is not selected any more."""
        self.select(self.selection.nodes, self.selection.wires)

    def _drop_preview(self) -> None:
        if self.front.preview is not None:
            self.front.preview = None
            self.preview_changed.emit()
            self._soon.start()

    def _send_request(self) -> None:
        snapshot = self.document.snapshot()
        preview = self.front.preview is not None
        if self.front.preview is not None:
            try:
                snapshot.apply(self.front.preview)
            except EditRefused:
                preview = False
        self._ticket += 1
        last = self._request
        since = last.since if last is not None and last.drawing == self._drawing else self._ticket
        self._request = _Request(self._ticket, since, self._drawing, preview)
        self.worker.request(self._ticket, snapshot)

    def _on_checked(self, answer: Checked) -> None:
        if not self._matters(answer.ticket):
            return
        self._shown_ticket = answer.ticket
        self.front.check = answer.result
        self.front.data_problems = answer.data_problems
        self.check_changed.emit()

    def _on_compiled(self, answer: Compiled) -> None:
        if self._matters(answer.ticket) and answer.program is not self.front.program:
            self.front.program = answer.program
            self.program_changed.emit()

    def _matters(self, ticket: int) -> bool:
        """Whether an answer is about what is shown now.

        While a value is dragged, answers to values just passed are shown too: they would else never come.
        """
        request = self._request
        if request is None or request.drawing != self._drawing:
            return False
        first = max(request.since, self._shown_ticket) if request.preview else request.ticket
        return first <= ticket <= request.ticket
