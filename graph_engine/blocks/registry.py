"""Every block by name. A new file in `library` is found by itself: nothing else needs to be touched."""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache

from graph_engine.blocks import library
from graph_engine.blocks.block import Block, Category


class UnknownBlock(KeyError):
    """No block has this name; the message offers the nearest."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def all_blocks() -> dict[str, type[Block]]:
    """Name → block, in the library's order (category, then as declared)."""
    found: list[type[Block]] = []
    for module in sorted(pkgutil.iter_modules(library.__path__), key=lambda info: info.name):
        namespace = vars(importlib.import_module(f"{library.__name__}.{module.name}"))
        found += [
            value
            for value in namespace.values()
            if isinstance(value, type)
            and issubclass(value, Block)
            and value.__module__ == namespace["__name__"]
            and not value.__name__.startswith("_")
        ]
    order = list(Category)
    return {block.key(): block for block in sorted(found, key=lambda block: order.index(block.category))}


def find_block(name: str) -> type[Block] | None:
    return all_blocks().get(name)


def get_block(name: str) -> type[Block]:
    """The block called `name`.

    Raises: UnknownBlock with the nearest names.
    """
    block = find_block(name)
    if block is None:
        near = get_close_matches(name, all_blocks(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `layerloom blocks` lists them."
        raise UnknownBlock(f"There is no block called {name!r}.{hint}")
    return block
