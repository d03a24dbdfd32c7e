"""What the steps of the layout work on: numbered vertices, links between them, layers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Link:
    """A wire, or a piece of a long one: from vertex to vertex, with the heights of its ports on them."""

    source: int
    target: int
    out: float
    into: float


@dataclass(slots=True)
class Drawing:
    """Vertices 0 … n − 1 are nodes; those added later are dummies that keep a lane free for a long wire.

    `heights` are of vertices, in scene units; `layer` is the column of each vertex, `columns` the vertices of each
    column from top to bottom, `y` the upper edges.
    """

    heights: list[float]
    links: list[Link]
    nodes: int
    layer: list[int] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    y: list[float] = field(default_factory=list)

    def is_dummy(self, vertex: int) -> bool:
        return vertex >= self.nodes

    def outgoing(self) -> list[list[Link]]:
        """The links that leave each vertex."""
        found: list[list[Link]] = [[] for _ in self.heights]
        for link in self.links:
            found[link.source].append(link)
        return found

    def incoming(self) -> list[list[Link]]:
        """The links that arrive at each vertex."""
        found: list[list[Link]] = [[] for _ in self.heights]
        for link in self.links:
            found[link.target].append(link)
        return found
