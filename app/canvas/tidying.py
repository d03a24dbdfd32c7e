"""Putting the drawing in order on request: layout, straight wires, common edges, equal gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.canvas.tidy import Axis, Edge, aligned, distributed, straightened
from graph_engine.document import Batch, Graph, Move, Position
from graph_engine.document.framed_layout import Direction, lay_out

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Tidying:
    """The edits of a canvas that move many nodes at once. Each is one step of the history."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._scene = canvas.canvas_scene

    @property
    def _graph(self) -> Graph:
        return self._scene.graph

    @property
    def _name(self) -> str:
        return self._scene.host.graph_name

    def arrange(self, direction: Direction = "right") -> None:
        """Lay the drawing out in layers; what the user was looking at stays where it was on the screen."""
        sizes = {name: (item.geometry.width, item.geometry.height) for name, item in self._scene.nodes.items()}
        edit = lay_out(self._graph, sizes, self._name, direction=direction)
        moves = edit.edits if isinstance(edit, Batch) else (edit,)
        changed = len(moves) > 1 or any(
            self._graph[name].position != place
            for move in moves
            if isinstance(move, Move)
            for name, place in move.positions
        )
        if not changed:
            return
        canvas = self._canvas
        shows_all, anchor = canvas.view.shows_all, self._anchor()
        before = self._scene.nodes[anchor].card.center() if anchor is not None else None
        label = "Lay out" if direction == "right" else "Lay out downwards"
        if not self._scene.host.attempt(edit, label=label):
            return
        if shows_all or anchor is None or before is None:
            canvas.fit_all()
            return
        away = (self._scene.nodes[anchor].card.center() - before) * canvas.scale_now
        canvas.scroll_by(away.x(), away.y())

    def _anchor(self) -> str | None:
        """What the user looks at: the selected node that is in view, else the one nearest to the middle of the view."""
        visible = self._canvas.visible_rect()
        seen = [name for name in self._scene.nodes_in(visible) if visible.contains(self._scene.nodes[name].card)]
        seen = seen or self._scene.nodes_in(visible)
        chosen = next((name for name in reversed(self._scene.selected_nodes) if name in seen), None)
        if chosen is not None or not seen:
            return chosen
        middle = visible.center()

        def distance(name: str) -> float:
            away = self._scene.nodes[name].card.center() - middle
            return away.x() ** 2 + away.y() ** 2

        return min(seen, key=distance)

    def straighten(self) -> None:
        """Let the wires between the selected nodes (else between all) run level where there is room."""
        nodes = self._scene.selected_nodes or list(self._scene.nodes)
        self._move(straightened(self._graph, nodes), "Straighten")

    def align(self, edge: Edge) -> None:
        """Give the selected nodes a common edge, or a common middle."""
        if len(self._scene.selected_nodes) < 2:
            self._canvas.tell("Select two or more nodes to align them.")
            return
        self._move(aligned(self._places(), self._sizes(), edge), f"Align {edge}")

    def distribute(self, axis: Axis) -> None:
        """Make the gaps between the selected nodes equal."""
        if len(self._scene.selected_nodes) < 3:
            self._canvas.tell("Select three or more nodes to distribute them.")
            return
        self._move(distributed(self._places(), self._sizes(), axis), f"Distribute {axis}")

    def _places(self) -> dict[str, Position]:
        return {name: self._graph[name].position for name in self._scene.selected_nodes}

    def _sizes(self) -> dict[str, tuple[float, float]]:
        items = {name: self._scene.nodes[name].geometry for name in self._scene.selected_nodes}
        return {name: (place.width, place.height) for name, place in items.items()}

    def _move(self, places: dict[str, Position], label: str) -> None:
        moved = tuple((name, place) for name, place in places.items() if self._graph[name].position != place)
        if moved:
            self._scene.host.attempt(Move(moved, self._name), label=label)
