"""What a part is: a function that draws a composite, with what is known of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from graph_engine.blocks import Block, Reference
from graph_engine.document import Batch, Document
from graph_engine.document.builder import Builder
from graph_engine.document.carrying import brought
from graph_engine.document.composite import MARK, composite_block
from graph_engine.document.layout import arrange


class PartCategory(StrEnum):
    """Where a part stands in the library, in the library's order."""

    CONVOLUTION = "Convolution"
    RESIDUAL = "Residual"
    DENSE = "Dense connections"
    INCEPTION = "Inception"
    MOBILE = "Lightweight"
    SEGMENTATION = "Segmentation"
    ATTENTION = "Attention"
    TRANSFORMER = "Transformer"
    RECURRENT = "Recurrent cells"
    SEQUENCE = "Sequences"
    MEMORY = "Memory"
    SPATIAL = "Spatial"


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
    keywords: tuple[str, ...] = ()
    """Other words that find it."""

    @cached_property
    def drawn(self) -> Document:
        """`document` before it is laid out. To be read only."""
        scratch = Builder(self.title)
        paper = str(self.reference) if self.reference else ""
        self.builder(scratch.composite(self.name, self.title, help=self.help, paper=paper))
        return scratch.document

    @cached_property
    def document(self) -> Document:
        """A document with nothing but this composite and those inside it, laid out. To be read only."""
        document = self.drawn.snapshot()
        for name, graph in document.composites.items():
            document.apply(arrange(graph, graph_name=name))
        return document

    @cached_property
    def block(self) -> type[Block]:
        """The block that it is: title, parameters, ports, paper."""
        made = composite_block(self.name, self.drawn.graphs[self.name])
        known = {"reference": self.reference, "keywords": self.keywords, "__doc__": made.__doc__}
        return type(made.__name__, (made,), known)

    def into(self, net: Builder) -> str:
        """Put this composite into the document of `net`, unless it is there; what a node of it names: `@bottleneck`."""
        edit, blocks = brought(net.document, self.drawn, self.name, self.title)
        net.document.apply(edit)
        return blocks[MARK + self.name]

    def bring(self, document: Document) -> tuple[Batch, str]:
        """The edit that adds this composite, with those inside it, and what a node of it names then.

        One that is there in the very same form (wherever its nodes lie) is used; one of another form keeps its name,
        and the new one takes the next: `@bottleneck_2`. No edits where all are there.
        """
        edit, blocks = brought(document, self.document, self.name, self.title)
        return edit, blocks[MARK + self.name]


def part(
    *, title: str, category: PartCategory, reference: Reference | None = None, keywords: tuple[str, ...] = ()
) -> Callable[[Callable[[Builder], None]], Part]:
    """Make a part of a function that draws a composite: name, summary and help are the function's own."""

    def make(builder: Callable[[Builder], None]) -> Part:
        paragraphs = [" ".join(each.split()) for each in (inspect.getdoc(builder) or "").split("\n\n")]
        text = "\n\n".join(paragraphs)
        return Part(builder.__name__, title, category, paragraphs[0], text, reference, builder, keywords)

    return make
