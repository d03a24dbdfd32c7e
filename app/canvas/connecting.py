"""Wiring by keys: a list of the ports at which a wire from the selected node may end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from app.canvas.node_item import PortRef
from app.canvas.search import Entry
from app.canvas.search_popup import SearchPopup
from app.canvas.wiring import Wiring
from graph_engine.document import Connect, Wire, title_of

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class ConnectTo:
    """The list, and the wire that a choice draws; at a taken port, it replaces the one that was there."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._scene = canvas.canvas_scene
        self._found: dict[str, Wire] = {}
        self.popup = SearchPopup(canvas)
        self.popup.chosen.connect(self._on_chosen)

    @property
    def is_open(self) -> bool:
        return self.popup.isVisible()

    def open(self) -> None:
        """Offer what the selected node can be wired to."""
        node = self._scene.selected_nodes[-1] if self._scene.selected_nodes else None
        entries = self._entries(node) if node is not None else []
        if node is None or not entries:
            self._canvas.tell("Select a node whose output fits an input of another one.")
            return
        self._canvas.reveal((node,))
        card = self._canvas.mapFromScene(self._scene.nodes[node].card).boundingRect()
        title = title_of(self._scene.graph[node], self._scene.graph)
        self.popup.open_at(card.topRight() + QPoint(12, 0), entries, f"Connect {title} to")

    def close(self) -> None:
        self.popup.dismiss()

    def _entries(self, node: str) -> list[Entry]:
        graph, found = self._scene.graph, list[Entry]()
        self._found = {}
        outputs = self._scene.nodes[node].ports("output")
        here = self._scene.nodes[node].card.center()
        others = sorted(self._scene.nodes.values(), key=lambda item: (item.card.center() - here).manhattanLength())
        for output in outputs:
            wiring = Wiring(self._scene, PortRef(node, "output", output))
            for item in others:
                for port in wiring.legal_ports(item):
                    wire = wiring.wire_to(port)
                    if wire is None or wire in self._scene.wires:
                        continue
                    key = str(wire)
                    self._found[key] = wire
                    taken = graph.wire_at(port.node, port.name)
                    detail = f"{port.node}, in place of the wire from {taken.source}" if taken else port.node
                    title = f"{item.title} · {port.name}" + (f" from {output}" if len(outputs) > 1 else "")
                    found.append(Entry(key, title, item.category, detail, (port.node, port.name)))
        return found

    def _on_chosen(self, entry: Entry) -> None:
        wire = self._found.get(entry.key)
        graph = self._scene.graph
        if wire is not None and wire.source in graph and wire.target in graph:
            ends = (title_of(graph[end], graph) for end in (wire.source, wire.target))
            self._scene.host.attempt(Connect(wire, self._scene.host.graph_name), label=f"Connect {' → '.join(ends)}")
