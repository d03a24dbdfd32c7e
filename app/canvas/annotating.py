"""Frames, notes, ways of wires, collapsed nodes and bookmarks: what keys and menus do with them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from app.canvas import changes
from app.canvas.eye import View
from app.canvas.write import WriteField
from graph_engine.document import (
    Annotate,
    Annotation,
    BendWire,
    Bookmark,
    Graph,
    SetBookmark,
    SetNode,
    Wire,
    title_of,
)
from graph_engine.document.annotation import COLORS, AnnotationColor, AnnotationKind, around, fresh_annotation_id
from graph_engine.document.bending import place_of_bend

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

_FRAME_SIZE, _NOTE_SIZE = (360.0, 220.0), (220.0, 96.0)


class Annotating:
    """The edits of a canvas that change nothing of what is computed. Each is one step of the history."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._scene = canvas.canvas_scene
        self.field = WriteField(canvas)
        self._walked: tuple[list[str], Wire] | None = None  # the nodes that `next_wire` left selected, and its wire

    @property
    def _graph(self) -> Graph:
        return self._scene.graph

    @property
    def _name(self) -> str:
        return self._scene.host.graph_name

    # --- frames and notes

    def add_frame(self) -> None:
        """Draw a frame around what is selected, else an empty one at the pointer, and ask for its title."""
        boxes = [self._scene.nodes[name].box for name in self._scene.selected_nodes]
        boxes += [self._scene.annotations[name].annotation.rect for name in self._scene.selected_annotations]
        made = Annotation(fresh_annotation_id(self._graph, "frame"), "frame")
        if boxes:
            self._add(made.with_rect(around(boxes)))
        else:
            self._add(replace(made, position=self._free_place(_FRAME_SIZE), size=_FRAME_SIZE))

    def add_note(self) -> None:
        """Put a note at the pointer, else above what is selected, and ask for its text."""
        made = Annotation(fresh_annotation_id(self._graph, "note"), "note", size=_NOTE_SIZE, color="orange")
        place = self._free_place(_NOTE_SIZE)
        if self._canvas.pointer_in_scene() is None and self._scene.selected_nodes:
            rect = self._scene.contents(self._scene.selected_nodes)
            place = (rect.left(), rect.top() - _NOTE_SIZE[1] - 24.0)
        self._add(replace(made, position=place))

    def _add(self, made: Annotation) -> None:
        label = "Add a frame" if made.kind == "frame" else "Add a note"
        if self._scene.host.attempt(Annotate((made,), (), self._name), label=label):
            self._scene.choose((), (), (made.id,))
            self.write(made.id)

    def _free_place(self, size: tuple[float, float]) -> tuple[float, float]:
        at = self._canvas.pointer_in_scene() or self._canvas.visible_rect().center()
        return round(at.x() - size[0] / 2, 1), round(at.y() - size[1] / 2, 1)

    def write(self, annotation: str) -> None:
        """Write the title of a frame, or the text of a note, in place."""
        if annotation in self._scene.annotations:
            self._scene.choose((), (), (annotation,))
            self.field.open(annotation)

    def next_annotation(self) -> None:
        """Select the next frame or note, from the upper left on."""
        order = sorted(self._graph.annotations.values(), key=lambda each: (each.position, each.id))
        if not order:
            self._canvas.tell("There is no frame and no note here: C draws a frame, N puts a note.")
            return
        chosen = self._scene.selected_annotations
        names = [each.id for each in order]
        at = (names.index(chosen[-1]) + 1) % len(names) if chosen else 0
        self._scene.choose((), (), (names[at],))
        area = self._scene.annotations[names[at]].area
        if not self._canvas.visible_rect().contains(area.center()):
            self._canvas.centerOn(area.center())

    def fit_frames(self) -> None:
        """Let each selected frame (else each that holds a selected node) enclose what it holds, and no more."""
        frames = self._chosen("frame")
        if not frames and self._scene.selected_nodes:
            chosen = set(self._scene.selected_nodes)
            every = [each for each in self._graph.annotations.values() if each.kind == "frame"]
            frames = [each for each in every if chosen & set(self._scene.with_members((), (each.id,))[0])]
        fitted = []
        for frame in frames:
            nodes, _ = self._scene.with_members((), (frame.id,))
            if nodes:
                fitted.append(frame.with_rect(around(self._scene.nodes[node].box for node in nodes)))
        changed = tuple(each for each in fitted if each != self._graph.annotations[each.id])
        if changed:
            self._scene.host.attempt(Annotate(changed, (), self._name), label="Fit the frame")
        elif not fitted:
            self._canvas.tell("Select a frame with nodes in it to fit it to them.")

    def recolor(self, color: AnnotationColor | None = None) -> None:
        """Give the selected frames and notes a colour, without one the next after that of the first."""
        chosen = [self._graph.annotations[name] for name in self._scene.selected_annotations]
        if not chosen:
            self._canvas.tell("Select a frame or a note to give it a colour.")
            return
        wanted = color or COLORS[(COLORS.index(chosen[0].color) + 1) % len(COLORS)]
        changed = tuple(replace(each, color=wanted) for each in chosen if each.color != wanted)
        if changed:
            self._scene.host.attempt(Annotate(changed, (), self._name), label=f"Colour it {wanted}")

    def _chosen(self, kind: AnnotationKind) -> list[Annotation]:
        found = [self._graph.annotations[name] for name in self._scene.selected_annotations]
        return [each for each in found if each.kind == kind]

    # --- ways of wires

    def bend(self, wire: Wire, at: QPointF) -> None:
        """Lead a wire through a further point."""
        there = self._graph.wire_at(wire.target, wire.input)
        if there is None:
            return
        point = (round(at.x(), 1), round(at.y(), 1))
        place = place_of_bend(self._scene.wires[wire].curve, there.bends, point)
        bends = (*there.bends[:place], point, *there.bends[place:])
        if self._scene.host.attempt(BendWire(there, bends, self._name)):
            self._scene.choose((), (there,))

    def straighten_at(self, wire: Wire, number: int) -> None:
        """Take away one of the points that a wire is led through."""
        bends = tuple(bend for at, bend in enumerate(wire.bends) if at != number)
        self._scene.host.attempt(BendWire(wire, bends, self._name), label="Take away a reroute point")

    def bend_selected(self) -> None:
        """Lead each selected wire through a point half way along."""
        wires = list(self._scene.selected_wires)
        if not wires:
            self._canvas.tell("Select a wire first: W goes from wire to wire of the selected node.")
            return
        edits = []
        for wire in wires:
            there, item = self._graph.wire_at(wire.target, wire.input), self._scene.wires[wire]
            if there is None:
                continue
            middle = item.middle()
            point = (round(middle.x(), 1), round(middle.y(), 1))
            place = place_of_bend(item.curve, there.bends, point)
            edits.append(BendWire(there, (*there.bends[:place], point, *there.bends[place:]), self._name))
        self._scene.host.attempt(changes.together("Reroute wires", edits))

    def unbend_selected(self) -> None:
        """Let the selected wires (else all of the selected nodes) find their own way again."""
        wires = self._scene.selected_wires or [item.wire for item in self._scene.wires_of(self._scene.selected_nodes)]
        current = [self._graph.wire_at(wire.target, wire.input) for wire in wires]
        edits = [BendWire(wire, (), self._name) for wire in current if wire is not None and wire.bends]
        if edits:
            self._scene.host.attempt(changes.together("Let wires find their way", edits))

    def next_wire(self, step: int = 1) -> None:
        """Select the next wire of the selected nodes as well; where they have none, the next of all, the nearest
        first.
        """
        wires = self._wires_in_reach()
        if not wires:
            self._canvas.tell("There are no wires yet.")
            return
        chosen = self._scene.selected_wires[-1] if self._scene.selected_wires else None
        at = (wires.index(chosen) + step) % len(wires) if chosen in wires else 0
        nodes = self._scene.selected_nodes
        self._scene.choose(nodes, (wires[at],))
        self._walked = nodes, wires[at]

    @property
    def walked_wire(self) -> Wire | None:
        """The wire that `next_wire` went to, as long as nothing else was selected since: keys are meant for it, not for
        the nodes that are still selected with it.
        """
        now = self._scene.selected_nodes, self._scene.selected_wires
        if self._walked is None or now != (self._walked[0], [self._walked[1]]):
            return None
        return self._walked[1]

    def _wires_in_reach(self) -> list[Wire]:
        graph, nodes = self._graph, self._scene.selected_nodes
        if not nodes:
            return sorted(graph.wires, key=lambda wire: (graph[wire.source].position, str(wire)))
        found = [wire for node in nodes for wire in (*graph.wires_into(node).values(), *graph.wires_out_of(node))]
        return list(dict.fromkeys(found)) or sorted(graph.wires, key=partial(self._distance, nodes[-1]))

    def _distance(self, node: str, wire: Wire) -> float:
        away = self._scene.nodes[node].card.center() - self._scene.wires[wire].middle()
        return float(away.x() ** 2 + away.y() ** 2)

    # --- collapsed nodes

    def are_collapsed(self) -> bool:
        """Whether all that is selected is collapsed."""
        nodes = self._scene.selected_nodes
        return bool(nodes) and all(self._graph[node].collapsed for node in nodes)

    def collapse(self) -> None:
        """Draw the selected nodes as their titles alone, or in full again when all are collapsed."""
        collapsed = not self.are_collapsed()
        changed = [node for node in self._scene.selected_nodes if self._graph[node].collapsed != collapsed]
        if changed:
            what = title_of(self._graph[changed[0]], self._graph) if len(changed) == 1 else f"{len(changed)} nodes"
            edits = [SetNode(node, "collapsed", collapsed, self._name) for node in changed]
            label = f"{'Collapse' if collapsed else 'Open'} {what}"
            self._scene.host.attempt(changes.together(label, edits), label=label)

    # --- bookmarks

    def set_bookmark(self, slot: int) -> None:
        """Remember what is seen now under a number."""
        center = self._canvas.visible_rect().center()
        place = (round(center.x(), 1), round(center.y(), 1))
        mark = Bookmark(self._name, place, round(self._canvas.zoom, 4))
        if self._scene.host.attempt(SetBookmark(slot, mark)):
            self._canvas.tell(f"Bookmark {slot} is here.")

    def go_to_bookmark(self, slot: int) -> None:
        """Look where the bookmark of that number is, in its graph."""
        mark = self._scene.host.document.bookmarks.get(slot)
        if mark is None:
            self._canvas.tell(f"There is no bookmark {slot}: Ctrl+Shift+{slot} sets it to what is seen.")
        elif mark.graph not in self._scene.host.document.graphs:
            self._canvas.tell(f"Bookmark {slot} was in {mark.graph}, which is no longer in the document.")
        else:
            if mark.graph != self._name:
                self._canvas.graph_requested.emit(mark.graph)
            self._canvas.come_back(View(mark.zoom, QPointF(*mark.center)))
