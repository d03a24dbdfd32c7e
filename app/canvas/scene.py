"""The scene: one graph of a document, drawn. Items are made, changed and removed only because the document changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from app.canvas.annotation_item import AnnotationItem, Part
from app.canvas.host import Host
from app.canvas.look import Look
from app.canvas.node_item import NodeItem, PortRef
from app.canvas.paint.overview import Overview
from app.canvas.paint.style import CanvasStyle
from app.canvas.router import Router, around
from app.canvas.wire_item import WireItem
from app.theme import theme_manager
from graph_engine.check.report import CheckResult, NodeReport, Severity, State
from graph_engine.document import Annotation, Change, Graph, Node, Position, Wire
from graph_engine.document.annotation import is_inside, members
from graph_engine.document.composite import graph_of, is_composite

_REROUTE_ALL = 0.25  # share of the nodes touched from which all wires look for a new way


class CanvasScene(QGraphicsScene):
    """Projects the graph that a host shows, and knows what in it is selected."""

    selection_changed = Signal(list, list)
    """Ids of the selected nodes in the order of choice, and the selected wires, after the user chose others."""

    contents_changed = Signal()
    """Nodes came, went or moved."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        theme = theme_manager()
        self.look = Look(CanvasStyle(theme.palette, theme.typography))
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.annotations: dict[str, AnnotationItem] = {}
        self._wires_at: dict[str, set[Wire]] = {}
        self.router = Router(self.nodes)
        self.overview = Overview(self.nodes, self.wires)
        self.selected_nodes: list[str] = []
        self.selected_wires: list[Wire] = []
        self.selected_annotations: list[str] = []
        self._host: Host | None = None
        self._result: CheckResult | None = None
        self._end: Callable[[], None] = lambda: None
        theme.changed.connect(self._on_theme)

    # --- which graph

    @property
    def host(self) -> Host:
        """Whose graph is shown.

        Raises: RuntimeError before `show_host`.
        """
        if self._host is None:
            raise RuntimeError("the canvas shows nothing yet")
        return self._host

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self.host.document.graphs[self.host.graph_name]

    @property
    def has_graph(self) -> bool:
        return self._host is not None

    def show_host(self, host: Host | None) -> None:
        """Show the graph of `host` as it is now, and follow it from here on; None shows nothing."""
        self._end()
        self._end = lambda: None
        self._host = host
        self._result = None
        self._clear()
        if host is None:
            return
        self._end = host.document.subscribe(self._on_change)
        graph = self.graph
        wires = graph.wires
        outputs: dict[str, dict[str, None]] = {}
        for wire in wires:
            outputs.setdefault(wire.source, {})[wire.output] = None
        for node in graph:
            self._add_node(graph, node, tuple(outputs.get(node.id, ())))
        for wire in wires:
            self._add_wire(wire)
        for annotation in graph.annotations.values():
            self._put_annotation(annotation)
        self.router.route(self.wires.values(), graph)
        self.set_result(host.check)
        self.contents_changed.emit()

    def close(self) -> None:
        """Listen no more."""
        self.show_host(None)

    # --- what is known of it

    @property
    def result(self) -> CheckResult | None:
        return self._result

    def set_result(self, result: CheckResult | None) -> None:
        """Show what a check said: shapes, kinds, what is wrong and what waits for it."""
        self._result = result
        if result is None or self._host is None:
            return
        reports = self.host.reports
        known: dict[str, str] = {}
        for node in self.nodes.values():
            node.set_report(reports.get(node.id), self._waits_for(reports, node.id, known))
        faulty = {
            (problem.node, problem.port)
            for problem in result.problems
            if problem.severity is Severity.ERROR and problem.port and problem.graph == self.host.graph_name
        }
        for wire, item in self.wires.items():
            self._set_kind(wire, item, faulty=(wire.target, wire.input) in faulty)
        self.overview.invalidate()
        self.update_far()

    def set_thumbnail(self, node: str, image: QImage | None) -> None:
        """Show a strip of maps in a node, or none; a node that is gone is passed over."""
        if node in self.nodes:
            self.nodes[node].set_thumbnail(image)

    # --- selection

    def select(
        self,
        nodes: Iterable[str] = (),
        wires: Iterable[Wire] = (),
        annotations: Iterable[str] = (),
        *,
        tell: bool = False,
    ) -> None:
        """Select these and nothing else; `tell` says so by `selection_changed`."""
        chosen = [node for node in dict.fromkeys(nodes) if node in self.nodes]
        chosen_wires = [wire for wire in dict.fromkeys(wires) if wire in self.wires]
        notes = [name for name in dict.fromkeys(annotations) if name in self.annotations]
        if (chosen, chosen_wires, notes) == (self.selected_nodes, self.selected_wires, self.selected_annotations):
            return
        for name in {*self.selected_annotations, *notes} & self.annotations.keys():
            self.annotations[name].set_selected(selected=name in notes)
        self.selected_annotations = notes
        before, now = set(self.selected_nodes), set(chosen)
        for node in before - now:
            if node in self.nodes:
                self.nodes[node].set_selected(selected=False)
        for node in now - before:
            self.nodes[node].set_selected(selected=True)
        wires_before, wires_now = set(self.selected_wires), set(chosen_wires)
        for wire in wires_before - wires_now:
            if wire in self.wires:
                self.wires[wire].set_selected(selected=False)
        for wire in wires_now - wires_before:
            self.wires[wire].set_selected(selected=True)
        self.selected_nodes, self.selected_wires = chosen, chosen_wires
        self.overview.invalidate_marks()
        self.update_far()
        if tell:
            self.selection_changed.emit(list(chosen), list(chosen_wires))

    def choose(self, nodes: Iterable[str] = (), wires: Iterable[Wire] = (), annotations: Iterable[str] = ()) -> None:
        """`select`, because the user did."""
        self.select(nodes, wires, annotations, tell=True)

    # --- what is where

    def node_at(self, at: QPointF) -> NodeItem | None:
        """The topmost node whose card is under a scene position."""
        for item in self._items_near(at, 1.0):
            if isinstance(item, NodeItem) and item.card.contains(at):
                return item
        return None

    def port_at(self, at: QPointF, reach: float) -> PortRef | None:
        """The port nearest to a scene position, at most `reach` units away."""
        best, least = None, reach
        for item in self._items_near(at, reach):
            if isinstance(item, NodeItem) and (found := item.port_at(at, reach)) is not None:
                place = item.port_position(*found) - at
                distance = (place.x() ** 2 + place.y() ** 2) ** 0.5
                if distance <= least:
                    best, least = PortRef(item.id, *found), distance
        return best

    def wire_at(self, at: QPointF, reach: float) -> WireItem | None:
        """The wire nearest to a scene position, at most `reach` units away."""
        best, least = None, reach
        for item in self._items_near(at, reach):
            if isinstance(item, WireItem) and (distance := item.distance(at)) <= least:
                best, least = item, distance
        return best

    def annotation_at(self, at: QPointF) -> tuple[AnnotationItem, Part] | None:
        """The topmost frame or note with something to take hold of at a scene position; of frames, the smallest."""
        found = [(item, part) for item in self.annotations.values() if (part := item.part_at(at)) is not None]
        return min(found, key=lambda each: (each[0].is_frame, each[0].area.width()), default=None)

    def annotations_in(self, rect: QRectF) -> list[str]:
        """The frames and notes that lie within `rect`."""
        return [name for name, item in self.annotations.items() if rect.contains(item.area)]

    def items_in(self, rect: QRectF) -> list[QGraphicsItem]:
        """All that may be painted in `rect`, the lowest first."""
        return self.items(rect, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.AscendingOrder)

    def nodes_in(self, rect: QRectF) -> list[str]:
        """The nodes whose cards touch `rect`."""
        found = self.items_in(rect)
        return [item.id for item in found if isinstance(item, NodeItem) and item.card.intersects(rect)]

    def contents(self, nodes: Iterable[str] | None = None) -> QRectF:
        """The rectangle around the cards of `nodes`, or of all; empty without any."""
        items = list(self.nodes.values()) if nodes is None else [self.nodes[name] for name in nodes]
        notes = QRectF()
        for each in self.annotations.values() if nodes is None else ():
            notes = notes.united(each.area).united(each.title_area if each.is_frame else each.area)
        if not items:
            return notes
        xs, ys = [item.x() for item in items], [item.y() for item in items]
        right = max(x + item.geometry.width for x, item in zip(xs, items, strict=True))
        bottom = max(y + item.geometry.height for y, item in zip(ys, items, strict=True))
        return QRectF(min(xs), min(ys), right - min(xs), bottom - min(ys)).united(notes)

    def with_members(self, nodes: Iterable[str], annotations: Iterable[str]) -> tuple[list[str], list[str]]:
        """These nodes and annotations with all that lies in the frames among them."""
        found, notes = dict.fromkeys(nodes), dict.fromkeys(annotations)
        graph = self.graph
        for name in tuple(notes):
            frame = graph.annotations[name]
            if frame.kind == "frame":
                boxes = {node: item.box for node, item in self.nodes.items()}
                found.update(dict.fromkeys(members(frame, boxes)))
                inside = [each.id for each in graph.annotations.values() if is_inside(each.rect, frame.rect)]
                notes.update(dict.fromkeys(inside))
        return list(found), list(notes)

    def wires_of(self, nodes: Iterable[str]) -> set[WireItem]:
        """The wires that end at `nodes` or lead away from them."""
        graph = self.graph
        return {
            self.wires[wire]
            for node in nodes
            if node in graph
            for wire in (*graph.wires_into(node).values(), *graph.wires_out_of(node))
        }

    # --- a drag, before it is an edit

    def preview_positions(self, positions: Iterable[tuple[str, Position]], wires: Iterable[WireItem]) -> None:
        """Show nodes at other places than the document says, and `wires` with them."""
        for node, (x, y) in positions:
            self.nodes[node].setPos(x, y)
            self.overview.move(self.nodes[node])
        self.router.route(wires, self.graph)
        for item in wires:
            self.overview.reroute(item)
        self.update_far()

    def preview_annotations(self, annotations: Iterable[Annotation]) -> None:
        """Show frames and notes otherwise than the document says."""
        for annotation in annotations:
            self.annotations[annotation.id].set_annotation(annotation)
        self.update_far()

    def preview_bends(self, wire: Wire) -> None:
        """Show a wire led through other points than the document says."""
        item = self.wires[wire]
        item.wire = wire
        self.router.route((item,), self.graph)
        self.overview.reroute(item)
        self.update_far()

    def end_preview(self, nodes: Iterable[str]) -> None:
        """Show these nodes where the document says, and all frames, notes and bends."""
        for annotation in self.graph.annotations.values():
            self.annotations[annotation.id].set_annotation(annotation)
        for wire in self.graph.wires:
            self.wires[wire].wire = wire
        graph = self.graph
        present = [node for node in nodes if node in graph]
        for node in present:
            self.nodes[node].setPos(*graph[node].position)
            self.router.put(self.nodes[node])
        self.router.route(self.wires_of(present), graph)
        self.overview.invalidate()
        self.update_far()

    def update_far(self) -> None:
        """Repaint where items do not paint themselves."""
        if self.look.detail == 0:
            for view in self.views():
                view.viewport().update()

    # --- following the document

    def _on_change(self, change: Change) -> None:
        name = self.host.graph_name
        if name not in self.host.document.graphs:
            return  # the host will show another
        annotated = self._sync_annotations(change)
        touched = {node for graph_name, node in change.nodes if graph_name == name}
        touched |= self._uses_changed(change)
        if not touched:
            if annotated:
                self.contents_changed.emit()
            return
        areas = [self.nodes[node].card for node in touched if node in self.nodes]
        self._drop_gone_wires(touched)
        self._sync_nodes(touched)
        new = self._add_new_wires(touched)
        for item in self.wires_of(touched):
            item.set_wire(self.graph.wire_at(item.wire.target, item.wire.input) or item.wire)
        areas += [self.nodes[node].card for node in touched if node in self.nodes]
        self._reroute(touched, areas)
        for item in new:
            self._set_kind(item.wire, item, faulty=False)
        self.overview.invalidate()
        self.update_far()
        self.contents_changed.emit()

    def _sync_annotations(self, change: Change) -> bool:
        """Whether there were any to be shown otherwise."""
        touched = {each for graph_name, each in change.annotations if graph_name == self.host.graph_name}
        for each in touched:
            annotation = self.graph.annotations.get(each)
            if annotation is not None:
                self._put_annotation(annotation)
            elif each in self.annotations:
                self.removeItem(self.annotations.pop(each))
                if each in self.selected_annotations:
                    self.selected_annotations.remove(each)
                    self.selection_changed.emit(list(self.selected_nodes), list(self.selected_wires))
        if touched:
            self.update_far()
        return bool(touched)

    def _put_annotation(self, annotation: Annotation) -> None:
        if annotation.id in self.annotations:
            self.annotations[annotation.id].set_annotation(annotation)
        else:
            self.annotations[annotation.id] = AnnotationItem(self.look, annotation)
            self.addItem(self.annotations[annotation.id])

    def _uses_changed(self, change: Change) -> set[str]:
        """The nodes shown whose composite has other ports or parameters, or is called otherwise, than before."""
        changed = {graph for graph, _ in change.nodes} | change.graphs
        if changed <= {self.host.graph_name}:
            return set()
        graph = self.graph
        return {
            node.id
            for node in graph
            if is_composite(node.block)
            and graph_of(node.block) in changed
            and node.id in self.nodes
            and self.nodes[node.id].block is not graph.block(node)
        }

    def _drop_gone_wires(self, touched: set[str]) -> None:
        graph = self.graph
        for node in touched:
            for wire in tuple(self._wires_at.get(node, ())):
                if graph.wire_at(wire.target, wire.input) != wire:
                    self._remove_wire(wire)

    def _sync_nodes(self, touched: set[str]) -> None:
        graph = self.graph
        for node in touched:
            if node not in graph:
                self._remove_node(node)
            elif node not in self.nodes:
                self._add_node(graph, graph[node], _outputs(graph, node))
            else:
                self._sync_node(graph, node)

    def _add_new_wires(self, touched: set[str]) -> set[WireItem]:
        graph = self.graph
        wires = [
            wire
            for node in touched
            if node in graph
            for wire in (*graph.wires_into(node).values(), *graph.wires_out_of(node))
        ]
        return {self._add_wire(wire) for wire in dict.fromkeys(wires) if wire not in self.wires}

    def _reroute(self, touched: set[str], areas: list[QRectF]) -> None:
        if len(touched) > _REROUTE_ALL * len(self.nodes) and len(touched) > 8:
            for wire in self.wires:
                self.router.release(wire)
            self.router.route(self.wires.values(), self.graph)
            return
        wires = self.wires_of(touched)
        mode = Qt.ItemSelectionMode.IntersectsItemBoundingRect
        for area in areas:
            wires.update(item for item in self.items(around(area), mode) if isinstance(item, WireItem))
        self.router.route(wires, self.graph)

    def _add_node(self, graph: Graph, node: Node, outputs: tuple[str, ...]) -> None:
        item = NodeItem(self.look, node, graph.block(node), tuple(graph.wires_into(node.id)), outputs)
        item.setZValue(1.0)
        self.nodes[node.id] = item
        self.router.put(item)
        self.addItem(item)

    def _sync_node(self, graph: Graph, node: str) -> None:
        item = self.nodes[node]
        item.set_node(graph[node], graph.block(node), tuple(graph.wires_into(node)), _outputs(graph, node))
        item.update()
        self.router.put(item)

    def _remove_node(self, node: str) -> None:
        item = self.nodes.pop(node, None)
        if item is not None:
            self.router.take_out(node)
            self.removeItem(item)
            if node in self.selected_nodes:
                self.selected_nodes.remove(node)
                self.selection_changed.emit(list(self.selected_nodes), list(self.selected_wires))

    def _add_wire(self, wire: Wire) -> WireItem:
        item = WireItem(self.look, wire)
        self.wires[wire] = item
        self._wires_at.setdefault(wire.source, set()).add(wire)
        self._wires_at.setdefault(wire.target, set()).add(wire)
        self.addItem(item)
        return item

    def _remove_wire(self, wire: Wire) -> None:
        self.removeItem(self.wires.pop(wire))
        self._wires_at[wire.source].discard(wire)
        self._wires_at[wire.target].discard(wire)
        self.router.release(wire)
        if wire in self.selected_wires:
            self.selected_wires.remove(wire)

    def _clear(self) -> None:
        self.clear()
        self.nodes.clear()
        self.wires.clear()
        self.annotations.clear()
        self._wires_at.clear()
        self.router.clear()
        self.overview.invalidate()
        self.selected_nodes, self.selected_wires, self.selected_annotations = [], [], []

    def _set_kind(self, wire: Wire, item: WireItem, *, faulty: bool) -> None:
        item.set_kind(self.nodes[wire.source].kind_of("output", wire.output), faulty=faulty)

    def _waits_for(self, reports: Mapping[str, NodeReport], node: str, known: dict[str, str]) -> str:
        """What a waiting node waits for: its own missing wire, else the title of the node at fault, however far up.

        `known` keeps the answers for all nodes on the way, so that a long chain is walked up once.
        """
        report = reports.get(node)
        if report is None or report.state is not State.WAITING:
            return ""
        if report.lacks:
            return f"a wire at {report.lacks[0]}"
        graph, way, answer = self.graph, list[str](), "what comes before"
        while node not in known:
            way.append(node)
            known[node] = answer
            for wire in graph.wires_into(node).values():
                before = reports.get(wire.source)
                if before is not None and before.state is not State.OK:
                    node = wire.source
                    if before.state is State.ERROR or before.lacks:
                        known[node] = self.nodes[node].title
                    break
        answer = known[node]
        known.update(dict.fromkeys(way, answer))
        return answer

    def _items_near(self, at: QPointF, reach: float) -> list[object]:
        rect = QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
        return list(self.items(rect, Qt.ItemSelectionMode.IntersectsItemBoundingRect))

    def _on_theme(self) -> None:
        theme = theme_manager()
        self.look.style = CanvasStyle(theme.palette, theme.typography)
        self.overview.invalidate()
        self.update()


def _outputs(graph: Graph, node: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(wire.output for wire in graph.wires_out_of(node)))
