"""Adding a block from the list at the cursor, alone or at the end of a wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF

from app.canvas import changes
from app.canvas.node_item import PortRef
from app.canvas.room import free_place
from app.canvas.search import Entry, block_entries, composite_entries
from app.canvas.search_popup import SearchPopup
from app.canvas.wiring import port_for
from graph_engine.blocks import Block, all_blocks
from graph_engine.document import AddNodes, Wire, title_of
from graph_engine.document.geometry import measure

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class AddBlock:
    """Opens the list, and places what was chosen where it was opened, or below where that is taken."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._scene = canvas.canvas_scene
        self._at = QPointF()
        self._anchor: PortRef | None = None
        self.popup = SearchPopup(canvas)
        self.popup.chosen.connect(self._on_chosen)

    @property
    def is_open(self) -> bool:
        return self.popup.isVisible()

    def open(self, at: QPointF | None = None, anchor: PortRef | None = None) -> None:
        """Open at a place in the viewport (px; its middle without one), for a wire from `anchor` if given."""
        place = QPointF(self._canvas.viewport().rect().center()) if at is None else at
        self._at = self._canvas.mapToScene(place.toPoint())
        self._anchor = anchor
        self.popup.open_at(place.toPoint() + QPoint(8, 8), self._entries(), self._title())

    def close(self) -> None:
        self.popup.dismiss()

    def _entries(self) -> list[Entry]:
        stock, host = self._canvas.stock, self._scene.host
        if self._anchor is None:
            return stock.entries(host.document, host.graph_name)
        near = [*composite_entries(host.document, host.graph_name), *stock.own_entries()]
        near, parts = (
            [entry for entry in entries if self._port_of(self._block(entry.key)) is not None]
            for entries in (near, stock.part_entries())
        )
        blocks = [block for block in all_blocks().values() if self._port_of(block) is not None]
        carried = self._scene.nodes[self._anchor.node].kind_of(self._anchor.side, self._anchor.name)
        # blocks made for this kind come before those that take anything
        blocks.sort(key=lambda block: not any(carried in port.kinds for port in block.inputs))
        return [*near, *block_entries(blocks), *parts]

    def _title(self) -> str:
        if self._anchor is None:
            return "Add a block"
        title = title_of(self._scene.graph[self._anchor.node], self._scene.graph)
        return f"Add after {title}" if self._anchor.side == "output" else f"Add before {title}"

    def _block(self, key: str) -> type[Block] | None:
        return self._canvas.stock.block(self._scene.host.document, key)

    def _port_of(self, block: type[Block] | None) -> str | None:
        """The port of a new node of `block` at which the wire would end."""
        if self._anchor is None or block is None:
            return None
        item = self._scene.nodes[self._anchor.node]
        return port_for(self._scene.graph, self._anchor, item.kind_of("output", self._anchor.name), block)

    def _on_chosen(self, entry: Entry) -> None:
        graph, name = self._scene.graph, self._scene.host.graph_name
        found = self._canvas.stock.find(self._scene.host.document, entry.key)
        if found is None:
            return
        node = changes.new_node(graph, found.key, (0.0, 0.0))
        size = measure(node, block=found.block)
        x, y = self._at.x() - size.width / 2, self._at.y() - size.height / 2
        wires: tuple[Wire, ...] = ()
        port = self._port_of(found.block)
        anchor = self._anchor
        if anchor is not None and port is not None and anchor.node in graph:
            if anchor.side == "output":
                wires = (Wire(anchor.node, anchor.name, node.id, port),)
                offset = size.offset("input", port)
            else:
                wires = (Wire(node.id, port, anchor.node, anchor.name),)
                offset = size.offset("output", port)
            x, y = self._at.x() - offset[0], self._at.y() - offset[1]
        placed = node.with_(position=free_place(self._scene, (x, y), size))
        label = f"Add {found.block.title}"
        if self._scene.host.attempt(found.with_node(AddNodes((placed,), wires, name), label), label=label):
            self._scene.choose((placed.id,))
