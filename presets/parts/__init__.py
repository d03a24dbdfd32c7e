"""Parts: composites that come with Layerloom, one family a file, and the catalogue that lists them.

A part is placed like a block, and is then a composite of the user's document, to be opened and changed.

    parts()                      every `Part` by name, in the order of categories: `.title`, `.category`, `.summary`,
                                 `.reference`, `.block` (ports and parameters), `.document` (its graphs, laid out)
    add_part(document, name)     the edit that brings a part's graphs into a document; empty where they are there
    part_block(document, name)   what a node of it names then: `@bottleneck`

So a window places one by `Batch(title, (*add_part(document, name).edits, AddNodes((Node(id, block), …))))` with
`block = part_block(document, name)`, and a preset by `net.add(bottleneck.into(net), x, width=64)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache

from graph_engine.document import Batch, Document
from graph_engine.document.composite import MARK
from presets.parts.part import Part, PartCategory

__all__ = ["Part", "PartCategory", "UnknownPart", "add_part", "find_part", "part_block", "parts"]


class UnknownPart(KeyError):
    """No part has this name; the message offers the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def parts() -> dict[str, Part]:
    """Every part by name, by category, then as declared. A new file in this package is found by itself."""
    found: dict[str, Part] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        namespace = vars(importlib.import_module(f"{__name__}.{module.name}"))
        found |= {value.name: value for value in namespace.values() if isinstance(value, Part)}
    order = list(PartCategory)
    return dict(sorted(found.items(), key=lambda item: order.index(item[1].category)))


def find_part(name: str) -> Part:
    """The part called `name`, or `@name`.

    Raises: UnknownPart with the nearest names.
    """
    part = parts().get(name.removeprefix(MARK))
    if part is None:
        near = get_close_matches(name.removeprefix(MARK), parts(), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(parts())}."
        raise UnknownPart(f"There is no part called {name!r}. {hint}")
    return part


def add_part(document: Document, name: str) -> Batch:
    """The edit that brings the graphs of part `name` into `document`; it has no edits where equal ones are there.

    Raises: UnknownPart.
    """
    return find_part(name).bring(document)[0]


def part_block(document: Document, name: str) -> str:
    """What a node of part `name` names as its block in `document`, now or once `add_part` is applied.

    Raises: UnknownPart.
    """
    return find_part(name).bring(document)[1]
