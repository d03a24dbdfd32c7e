"""What can be done to what is selected: the same for keys, menus and the palette."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication

from app.canvas import changes, clipboard
from app.canvas.node_item import PortRef
from app.canvas.wiring import Wiring
from graph_engine.document import MAIN, AnyEdit, Batch, BendWire, Connect, Disconnect, Graph, SetNode, Wire, title_of
from graph_engine.document.porting import delete_nodes

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

NUDGE, FAR_NUDGE = 8.0, 80.0
"""How far an arrow moves what is selected, in scene units; the second with Shift."""

_COPY_OFFSET = (32.0, 32.0)


class Editing:
    """The edits of a canvas. Each is one step of the history; without anything to act on, it does nothing."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._scene = canvas.canvas_scene
        self._pastes = 0

    @property
    def _graph(self) -> Graph:
        return self._scene.graph

    @property
    def _name(self) -> str:
        return self._scene.host.graph_name

    @property
    def _notes(self) -> list[str]:
        return self._scene.selected_annotations

    @property
    def _nodes(self) -> list[str]:
        return self._scene.selected_nodes

    # --- delete, copy, paste

    def delete(self) -> None:
        """Take away what is selected: nodes with their wires, and wires."""
        edit = self._deleted(self._nodes, self._scene.selected_wires, self._scene.selected_annotations)
        if edit is not None:
            self._scene.host.attempt(edit)

    def _deleted(self, nodes: Sequence[str], wires: Sequence[Wire], annotations: Sequence[str] = ()) -> AnyEdit | None:
        """All these taken away; of a port of a composite, also what is wired to it at every use."""
        if self._name == MAIN or not any(self._graph[node].block in ("input", "output") for node in nodes):
            return changes.delete(nodes, wires, self._name, annotations)
        ports = delete_nodes(self._scene.host.document, self._name, nodes)
        gone = set(nodes)
        rest = [wire for wire in wires if wire.source not in gone and wire.target not in gone]
        cut = changes.delete((), rest, self._name, annotations)
        return ports if cut is None else Batch(ports.label, (cut, *ports.edits))

    def dissolve(self) -> None:
        """Delete the selected nodes and join what was before them with what was after."""
        if self._nodes:
            self._scene.host.attempt(changes.dissolve(self._graph, self._nodes, self._name))

    def copy(self) -> bool:
        """Put the selected nodes, frames with what lies in them, and notes on the clipboard, as text; False when there
        are none.
        """
        if not (self._nodes or self._notes):
            return False
        fragment = changes.fragment_of(self._graph, *self._chosen())
        QGuiApplication.clipboard().setText(clipboard.to_text(fragment))
        self._pastes = 0
        return True

    def cut(self) -> None:
        """Copy the selected nodes and take them away."""
        if self.copy():
            nodes, notes = self._chosen()
            count = title_of(self._graph[nodes[0]], self._graph) if len(nodes) == 1 else _count(len(nodes))
            if not nodes:
                count = "annotations" if len(notes) > 1 else f"the {self._graph.annotations[notes[0]].kind}"
            edit = self._deleted(nodes, (), notes)
            if edit is not None:
                self._scene.host.attempt(edit, label=f"Cut {count}")

    def paste(self, *, with_wires: bool = False) -> None:
        """Add what is on the clipboard where the pointer is, else beside the original.

        `with_wires` wires it to what led to the original, where that is drawn.
        """
        try:
            fragment = clipboard.from_text(QGuiApplication.clipboard().text())
        except clipboard.ClipboardError as error:
            self._canvas.tell(str(error))
            return
        offset = self._paste_offset(fragment)
        edit, names = changes.add_fragment(self._graph, fragment, offset, self._name, with_incoming=with_wires)
        there = set(self._scene.annotations)
        what = _count(len(names)) if names else f"{len(fragment.annotations)} annotations"
        if self._scene.host.attempt(edit, label=f"Paste {what}"):
            self._pastes += 1
            self._scene.choose(names.values(), (), [each for each in self._scene.annotations if each not in there])
            for node in fragment.nodes:
                if node.shares and not self._graph[names[node.id]].shares:
                    self._canvas.tell(
                        f"{names[node.id]} has weights of its own: {node.shares}, whose weights it shared, is not here."
                    )

    def duplicate(
        self,
        nodes: Sequence[str] = (),
        offset: tuple[float, float] = _COPY_OFFSET,
        annotations: Sequence[str] = (),
    ) -> None:
        """Add copies of these (else of what is selected) with the wires between them, and select the copies."""
        chosen, notes = tuple(nodes), tuple(annotations)
        if not (chosen or notes):
            chosen, notes = self._chosen()
        if not (chosen or notes):
            return
        fragment = changes.fragment_of(self._graph, chosen, notes)
        edit, names = changes.add_fragment(self._graph, fragment, offset, self._name)
        what = title_of(self._graph[chosen[0]], self._graph) if len(chosen) == 1 else _count(len(chosen))
        if not chosen:
            what = f"the {fragment.annotations[0].kind}"
        there = set(self._scene.annotations)
        if self._scene.host.attempt(edit, label=f"Duplicate {what}"):
            self._scene.choose(names.values(), (), [each for each in self._scene.annotations if each not in there])

    def _chosen(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The selected nodes and annotations, with what lies in the frames among them."""
        nodes, notes = self._scene.with_members(self._nodes, self._notes)
        return tuple(nodes), tuple(notes)

    # --- select

    def select_all(self) -> None:
        self._scene.choose(self._scene.nodes, (), self._scene.annotations)

    def select_none(self) -> None:
        self._scene.choose()

    def select_upstream(self) -> None:
        """All that leads to what is selected."""
        self._scene.choose(self._in_order(self._graph.upstream(self._nodes)))

    def select_downstream(self) -> None:
        """All that what is selected leads to."""
        self._scene.choose(self._in_order(self._graph.downstream(self._nodes)))

    def step(self, key: Qt.Key, *, extend: bool = False) -> None:
        """Select the neighbour in the direction of an arrow: along wires to left and right, else by place."""
        current = self._nodes[-1] if self._nodes else None
        target = self._first_in_view() if current is None else self._neighbour(current, key)
        if target is not None:
            kept = [node for node in self._nodes if node != target] if extend else []
            self._scene.choose((*kept, target))
            self._canvas.reveal((target,))

    # --- move, join, name, lay out

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is selected a little; steps in a row are one step of the history.

        A frame takes along what lies in it; of a wire that is selected alone, or that keys went to, the points that it
        is led through move.
        """
        nodes, notes = self._scene.with_members(self._nodes, self._notes)
        walked = self._canvas.annotating.walked_wire
        by_hand = self._graph.wire_at(walked.target, walked.input) if walked is not None else None
        if (nodes or notes) and not (by_hand is not None and by_hand.bends):
            edit = changes.moved(self._graph, nodes, dx, dy, self._name, notes)
            self._scene.host.attempt(edit, merge="nudge " + " ".join((*nodes, *notes)))
            return
        current = [self._graph.wire_at(wire.target, wire.input) for wire in self._scene.selected_wires]
        bent = [wire for wire in current if wire is not None and wire.bends]
        if bent:
            edits = [BendWire(wire, wire.moved(dx, dy).bends, self._name) for wire in bent]
            self._scene.host.attempt(
                changes.together("Reroute wires", edits), merge="nudge " + " ".join(map(str, bent))
            )

    def join(self) -> None:
        """Wire the two selected nodes at the first ports that fit, from the one selected first if possible; of more,
        each to the next, from left to right or from top to bottom as they stand.
        """
        if len(self._nodes) > 2:
            self._join_all()
            return
        if len(self._nodes) < 2:
            self._canvas.tell("Select two nodes or more to connect them.")
            return
        first, second = self._nodes
        wire, reason = self._wire_between(first, second)
        if wire is None:
            other, _ = self._wire_between(second, first)
            wire = other
        if wire is None:
            self._canvas.tell(reason or "Nothing of these two nodes can be connected.")
            return
        ends = (title_of(self._graph[end], self._graph) for end in (wire.source, wire.target))
        self._scene.host.attempt(Connect(wire, self._name), label=f"Connect {' → '.join(ends)}")

    def _join_all(self) -> None:
        places = [self._graph[node].position for node in self._nodes]
        across, down = (max(values) - min(values) for values in zip(*places, strict=True))
        along = 0 if across >= down else 1
        order = sorted(self._nodes, key=lambda node: self._graph[node].position[along])
        wires, reasons = [], []
        for source, target in pairwise(order):
            into = self._graph.wires_into(target)
            if any(wire.source == source for wire in into.values()):
                continue
            wire, reason = self._wire_between(source, target)
            if wire is not None and wire.input not in into:
                wires.append(Connect(wire, self._name))
            else:
                ends = " → ".join(title_of(self._graph[end], self._graph) for end in (source, target))
                reasons.append(f"{ends}: {reason or 'no input is free.'}")
        if wires:
            self._scene.host.attempt(changes.together(f"Connect {_count(len(order))}", wires))
        if reasons:
            self._canvas.tell(reasons[0])

    def set_title(self, node: str, title: str) -> None:
        """Name a node; an empty title gives it its block's again."""
        before = self._graph[node]
        if title != before.title and title_of(before, self._graph) != title:
            self._scene.host.attempt(SetNode(node, "title", title, self._name))

    def freeze(self) -> None:
        """Freeze the weights of the selected nodes, or thaw them when all are frozen."""
        frozen = not all(self._graph[node].frozen for node in self._nodes)
        edits = tuple(SetNode(node, "frozen", frozen, self._name) for node in self._nodes)
        changed = tuple(edit for edit in edits if self._graph[edit.node].frozen != frozen)
        if changed:
            self._scene.host.attempt(
                changes.together(f"{'Freeze' if frozen else 'Thaw'} {_count(len(changed))}", changed)
            )

    def are_bypassed(self) -> bool:
        """Whether all that is selected is bypassed."""
        return bool(self._nodes) and all(self._graph[node].bypassed for node in self._nodes)

    def bypass(self) -> None:
        """Let what enters the selected nodes leave as it came, or use them again when all are bypassed."""
        bypassed = not self.are_bypassed()
        changed = [node for node in self._nodes if self._graph[node].bypassed != bypassed]
        if changed:
            titles = title_of(self._graph[changed[0]], self._graph) if len(changed) == 1 else _count(len(changed))
            edits = [SetNode(node, "bypassed", bypassed, self._name) for node in changed]
            edit = changes.together(f"{'Bypass' if bypassed else 'Use again'} {titles}", edits)
            self._scene.host.attempt(edit, label=f"{'Bypass' if bypassed else 'Use'} {titles}")

    def take_over_wires(self) -> None:
        """Let the wires that leave the node selected first leave the one selected second instead."""
        if len(self._nodes) != 2:
            self._canvas.tell("Select two nodes: the wires of the first are moved to the second.")
            return
        first, second = self._nodes
        outputs = self._scene.nodes[second].ports("output")
        old = [wire for wire in self._graph.wires_out_of(first) if wire.target != second]
        if not old or not outputs:
            self._canvas.tell("No wire leaves the node that was selected first, or the second has no output.")
            return
        new = [Wire(second, outputs[0], wire.target, wire.input) for wire in old]
        for wire in new:
            anchor = PortRef(wire.target, "input", wire.input)
            reason = Wiring(self._scene, anchor).reason(PortRef(second, "output", outputs[0]))
            if reason is not None:
                self._canvas.tell(reason)
                return
        label = f"Move wires to {title_of(self._graph[second], self._graph)}"
        self._scene.host.attempt(changes.rewire(old, new, self._name, label))

    def cut_wires(self) -> None:
        """Cut the selected wires, else all wires of the selected nodes."""
        wires = self._scene.selected_wires or [item.wire for item in self._scene.wires_of(self._nodes)]
        if wires:
            self._scene.host.attempt(Disconnect(tuple(sorted(wires, key=str)), self._name))

    def insert(self) -> None:
        """Put the selected node into the selected wire, half way along."""
        node = self._nodes[-1] if self._nodes else None
        wires = [wire for wire in self._scene.selected_wires if node not in (wire.source, wire.target)]
        if node is None or not wires:
            self._canvas.tell("Select a wire, and with Shift the node to put into it.")
            return
        if not changes.can_be_spliced(self._graph, node):
            self._canvas.tell("Only a node whose first input and first output are free can be put into a wire.")
            return
        middle, place = self._scene.wires[wires[-1]].middle(), self._scene.nodes[node].geometry
        at = (round(middle.x() - place.width / 2, 1), round(middle.y() - place.height / 2, 1))
        edit = changes.splice(self._graph, self._graph[node], wires[-1], self._name, added=False, position=at)
        if edit is not None:
            self._scene.host.attempt(edit)

    # --- inside

    def _paste_offset(self, fragment: changes.Fragment) -> tuple[float, float]:
        places = [node.position for node in fragment.nodes]
        places += [annotation.position for annotation in fragment.annotations]
        left, top = min(x for x, _ in places), min(y for _, y in places)
        pointer = self._canvas.pointer_in_scene()
        if pointer is not None:
            step = 16.0 * self._pastes
            return pointer.x() - left + step, pointer.y() - top + step
        visible = self._canvas.visible_rect()
        step = _COPY_OFFSET[0] * (self._pastes + 1)
        if visible.contains(QPointF(left + step, top + step)):
            return step, step
        return visible.center().x() - left, visible.center().y() - top

    def _wire_between(self, source: str, target: str) -> tuple[Wire | None, str | None]:
        """A wire from `source` to a port of `target`, a free one if there is; else why there is none."""
        item = self._scene.nodes[target]
        reason = None
        for output in self._scene.nodes[source].ports("output"):
            wiring = Wiring(self._scene, PortRef(source, "output", output))
            for port in wiring.legal_ports(item):
                wire = wiring.wire_to(port)
                if wire is not None and wire not in self._scene.wires:
                    return wire, None
            for name in item.ports("input"):
                reason = reason or wiring.reason(PortRef(target, "input", name))
        return None, reason

    def _in_order(self, nodes: set[str]) -> list[str]:
        return [node for node in self._scene.nodes if node in nodes]

    def _first_in_view(self) -> str | None:
        found = self._scene.nodes_in(self._canvas.visible_rect()) or list(self._scene.nodes)
        return min(found, key=lambda node: self._graph[node].position, default=None)

    def _neighbour(self, node: str, key: Qt.Key) -> str | None:
        graph = self._graph
        if key == Qt.Key.Key_Right and (out := graph.wires_out_of(node)):
            return min(out, key=lambda wire: graph[wire.target].position).target
        if key == Qt.Key.Key_Left and (into := graph.wires_into(node)):
            return next(iter(into.values())).source
        here = self._scene.nodes[node].card.center()
        best, least = None, float("inf")
        for other, item in self._scene.nodes.items():
            away = item.card.center() - here
            along, across = {
                Qt.Key.Key_Right: (away.x(), away.y()),
                Qt.Key.Key_Left: (-away.x(), away.y()),
                Qt.Key.Key_Down: (away.y(), away.x()),
                Qt.Key.Key_Up: (-away.y(), away.x()),
            }[key]
            if other != node and along > 1.0 and (distance := along + 2 * abs(across)) < least:
                best, least = other, distance
        return best


def _count(nodes: int) -> str:
    return "1 node" if nodes == 1 else f"{nodes} nodes"
