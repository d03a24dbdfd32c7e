"""Where on which line of source the nodes stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from graph_engine.compile.render import WIDTH, wrap


@dataclass(frozen=True, slots=True)
class Part:
    """What stands from `start` to `stop` on a line, in bytes of UTF-8, and the nodes it stands for."""

    start: int
    stop: int
    nodes: tuple[str, ...]


@dataclass(slots=True)
class Text:
    """Lines of source, and which nodes each of them (counted from 0) stands for.

    `parts` are of lines that several statements share, the inner before the outer ones.
    """

    lines: list[str] = field(default_factory=list)
    nodes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    parts: dict[int, tuple[Part, ...]] = field(default_factory=dict)

    def add(self, line: str, indent: int = 0, nodes: tuple[str, ...] = (), comment: str = "") -> None:
        for part in wrap(line, indent) if line else [""]:
            if nodes:
                self.nodes[len(self.lines)] = nodes
            self.lines.append(part)
        if comment and len(self.lines[-1]) + len(comment) + 4 <= WIDTH:
            self.lines[-1] += f"  # {comment}"

    def prefix(self, graph: str) -> None:
        """Call all nodes by the graph that they are in."""
        self.nodes = {line: tuple(graph + node for node in nodes) for line, nodes in self.nodes.items()}
        self.parts = {
            line: tuple(replace(part, nodes=tuple(graph + node for node in part.nodes)) for part in parts)
            for line, parts in self.parts.items()
        }

    def extend(self, other: Text) -> None:
        shift = len(self.lines)
        self.nodes |= {line + shift: nodes for line, nodes in other.nodes.items()}
        self.parts |= {line + shift: parts for line, parts in other.parts.items()}
        self.lines += other.lines


@dataclass(frozen=True, slots=True)
class Places:
    """The nodes of each line (from 1) of a text, and where they stand on those that several statements share."""

    nodes: Mapping[int, tuple[str, ...]]
    parts: Mapping[int, tuple[Part, ...]]

    @classmethod
    def of(cls, text: Text, shift: int) -> Places:
        """Those of a text of which line 0 is number `shift`."""
        nodes = {line + shift: nodes for line, nodes in text.nodes.items()}
        return cls(nodes, {line + shift: parts for line, parts in text.parts.items()})

    def at(self, line: int, start: int | None, stop: int | None) -> tuple[str, ...]:
        """The nodes of the innermost statement around the bytes `start` to `stop`; of the outermost where they are
        not known."""
        parts = self.parts.get(line, ())
        if start is None or stop is None:
            return parts[-1].nodes if parts else self.nodes.get(line, ())
        around = (part.nodes for part in parts if part.start <= start and stop <= part.stop)
        return next(around, self.nodes.get(line, ()))
