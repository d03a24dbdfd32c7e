"""What a part is: a function that draws a composite, with what is known of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from graph_engine.blocks import Block, Reference
from graph_engine.document import AddGraph, Batch, Document, Graph
from graph_engine.document.builder import Builder
from graph_engine.document.composite import MARK, composite_block, graph_of, is_composite, reached
from graph_engine.document.layout import arrange


class PartCategory(StrEnum):
    """Where a part stands in the library, in the library's order."""

    CONVOLUTION = "Convolution"
    RESIDUAL = "Residual"
    DENSE = "Dense connections"
    INCEPTION = "Inception"
    MOBILE = "Lightweight"
    SEGMENTATION = "Segmentation"
    TRANSFORMER = "Transformer"
    RECURRENT = "Recurrent cells"


@dataclass(frozen=True)
class Part:
    """A composite that comes with Layerloom: placed like a block, then the user's to open and change."""

    name: str
    title: str
    category: PartCategory
    summary: str
    help: str
    reference: Reference | None
    builder: Callable[[Builder], None]

    @cached_property
    def document(self) -> Document:
        """A document with nothing but this composite and those inside it, laid out. To be read only."""
        scratch = Builder(self.title)
        paper = str(self.reference) if self.reference else ""
        self.builder(scratch.composite(self.name, self.title, help=self.help, paper=paper))
        document = scratch.document
        for name, graph in document.composites.items():
            document.apply(arrange(graph, graph_name=name))
        return document

    @cached_property
    def block(self) -> type[Block]:
        """The block that it is: title, parameters, ports, paper."""
        made = composite_block(self.name, self.document.graphs[self.name])
        return type(made.__name__, (made,), {"reference": self.reference, "__doc__": made.__doc__})

    def into(self, net: Builder) -> str:
        """Put this composite into the document of `net`, unless it is there; what a node of it names: `@bottleneck`."""
        names = self.names_in(net.document)
        net.document.apply(self.edit(net.document))
        return MARK + names[self.name]

    def names_in(self, document: Document) -> dict[str, str]:
        """The graphs of this part, those inside it first → what each is or will be called in `document`.

        One that is there in the very same form (wherever its nodes lie) is used; one of another form keeps its name,
        and the new one takes the next: `bottleneck_2`.
        """
        names: dict[str, str] = {}
        for name in reached(self.document.composites, [self.name]):
            wanted = _renamed(self.document.graphs[name], names)
            taken = set(document.graphs) | set(names.values())
            names[name] = next(
                each
                for each in _numbered(name)
                if each not in taken or (each in document.graphs and _equal(document.graphs[each], wanted))
            )
        return names

    def edit(self, document: Document) -> Batch:
        """What adds this composite, with those inside it, to `document`; no edits where all are there."""
        names = self.names_in(document)
        return Batch(
            f"Add {self.title}",
            tuple(
                AddGraph(
                    names[name],
                    graph.declaration,
                    tuple(graph),
                    tuple(graph.wires),
                    annotations=tuple(graph.annotations.values()),
                )
                for name in names
                if names[name] not in document.graphs
                for graph in (_renamed(self.document.graphs[name], names),)
            ),
        )


def part(
    *, title: str, category: PartCategory, reference: Reference | None = None
) -> Callable[[Callable[[Builder], None]], Part]:
    """Make a part of a function that draws a composite: name, summary and help are the function's own."""

    def make(builder: Callable[[Builder], None]) -> Part:
        paragraphs = [" ".join(each.split()) for each in (inspect.getdoc(builder) or "").split("\n\n")]
        return Part(builder.__name__, title, category, paragraphs[0], "\n\n".join(paragraphs), reference, builder)

    return make


def _numbered(name: str) -> list[str]:
    return [name, *(f"{name}_{number}" for number in range(2, 1000))]


def _renamed(graph: Graph, names: dict[str, str]) -> Graph:
    """`graph` with the composites that it uses called otherwise."""
    nodes = [
        replace(node, block=MARK + names.get(graph_of(node.block), graph_of(node.block)))
        if is_composite(node.block)
        else node
        for node in graph
    ]
    return Graph(nodes, graph.wires, graph.declaration)


def _equal(one: Graph, other: Graph) -> bool:
    """Whether two graphs are the same but for where their nodes lie."""

    def drawn(graph: Graph) -> tuple[object, ...]:
        nodes = {node.id: replace(node, position=(0.0, 0.0)) for node in graph}
        return graph.declaration, nodes, set(graph.wires)

    return drawn(one) == drawn(other)
