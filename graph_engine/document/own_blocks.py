"""The user's own library: composites kept as files in the home folder, to be used in any document.

A file is a document like any other, and can be opened as one: its drawing holds a single node, that of the composite;
those that it uses come with it. What a document takes from the library is a copy: neither follows the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from graph_engine.blocks.block import Block
from graph_engine.document.carrying import brought, composites_of, customs_of, is_same
from graph_engine.document.composite import (
    MARK,
    Declaration,
    composite_block,
    composites_in,
    graph_of,
    is_composite,
    reached,
)
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import Batch
from graph_engine.document.file import SUFFIX, FileError, load, save
from graph_engine.document.graph import Graph, Node, natural
from graph_engine.document.port_values import fresh_name
from graph_engine.home import library_folder, place

OWN = "my:"
"""Before the name of a block of the user's library: `my:bottleneck`."""


class OwnBlockError(Exception):
    """A block that can't be kept, named or taken away; the message says which, why and what to do."""


@dataclass(frozen=True)
class OwnBlock:
    """A composite of the user's library. `name` is that of its file, `document` is to be read only."""

    name: str
    path: Path
    document: Document

    @property
    def key(self) -> str:
        """What lists call it: `my:bottleneck`."""
        return OWN + self.name

    @property
    def graph(self) -> str:
        """The name of its graph in its own document."""
        return _graph_of(self.document)

    @property
    def declaration(self) -> Declaration:
        return self.document.graphs[self.graph].declaration

    @cached_property
    def block(self) -> type[Block]:
        """The block that it is: title, help, parameters, ports."""
        return composite_block(self.graph, self.document.graphs[self.graph])

    @property
    def title(self) -> str:
        return self.block.title

    def bring(self, document: Document) -> tuple[Batch, str]:
        """The edit that brings a copy into `document`, and what a node of it names then: `@bottleneck`.

        One that is there already in the very same form is used: then there is nothing to do.
        """
        edit, blocks = brought(document, self.document, self.graph, self.title)
        return edit, blocks[MARK + self.graph]

    def is_like(self, document: Document, graph: str) -> bool:
        """Whether a composite of `document` is what is kept here."""
        return is_same(document, graph, self.document, self.graph)


@dataclass(frozen=True, slots=True)
class OwnLibrary:
    """What is in the folder: the blocks by their titles, and a sentence for each file that is none."""

    blocks: tuple[OwnBlock, ...] = ()
    faults: tuple[str, ...] = ()

    def titled(self, title: str) -> OwnBlock | None:
        return next((block for block in self.blocks if block.title.casefold() == title.casefold()), None)

    def find(self, name: str) -> OwnBlock | None:
        """The block called `name`, or `my:name`."""
        return next((block for block in self.blocks if block.name == name.removeprefix(OWN)), None)


def read_library(folder: Path | None = None) -> OwnLibrary:
    """The blocks of the user's library, or of another folder. A file that is none is told in words and passed over."""
    folder = folder or place() / "library"
    blocks: list[OwnBlock] = []
    faults: list[str] = []
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: natural(path.name))
    except OSError as error:
        return OwnLibrary(faults=(f"Your blocks in {folder} can't be read: {error.strerror or error}.",))
    for path in paths:
        try:
            blocks.append(_read(path))
        except FileError as error:
            faults.append(f"{error} It was left out of your blocks.")
    return OwnLibrary(tuple(sorted(blocks, key=lambda block: natural(block.title.casefold()))), tuple(faults))


def keep(
    document: Document,
    graph: str,
    title: str,
    help: str = "",  # noqa: A002
    instead: OwnBlock | None = None,
    folder: Path | None = None,
) -> OwnBlock:
    """Keep composite `graph` of `document` in the library under `title`, in place of another block if one is given.

    Raises: OwnBlockError when another block has that title, FileError and HomeError when it can't be written.
    """
    title = title.strip()
    if not title:
        raise OwnBlockError("A block of your library needs a name.")
    folder = folder or library_folder()
    known = read_library(folder)
    namesake = known.titled(title)
    if namesake is not None and (instead is None or namesake.name != instead.name):
        raise OwnBlockError(f"Your library has a block called {namesake.title} already. Replace it, or choose a name.")
    taken = {path.stem for path in folder.iterdir()} - ({instead.name} if instead is not None else set())
    name = instead.name if instead is not None and namesake is not None else fresh_name(title, taken.__contains__)
    made = OwnBlock(name, folder / f"{name}{SUFFIX}", _alone(document, graph, name, title, help))
    save(made.document, made.path)
    if instead is not None and instead.path != made.path:
        instead.path.unlink(missing_ok=True)
    return made


def revise(block: OwnBlock, title: str, help: str) -> OwnBlock:  # noqa: A002
    """Give a block of the library another title or help.

    Raises: OwnBlockError, FileError as `keep`.
    """
    return keep(block.document, block.graph, title, help, block, block.path.parent)


def throw_away(block: OwnBlock) -> Path:
    """Move a block into the folder `trash` of its library; where it lies then, for `take_back`.

    Raises: OwnBlockError when it can't be moved.
    """
    try:
        trash = block.path.parent / "trash"
        trash.mkdir(exist_ok=True)
        taken = {path.stem for path in trash.iterdir()}
        goal = trash / f"{fresh_name(block.name, taken.__contains__)}{SUFFIX}"
        block.path.rename(goal)
    except OSError as error:
        raise OwnBlockError(f"{block.title} can't be deleted: {error.strerror or error}.") from error
    return goal


def take_back(block: OwnBlock, thrown: Path) -> None:
    """Undo `throw_away`.

    Raises: OwnBlockError when another file has its place by now, or it can't be moved.
    """
    try:
        if block.path.exists():
            raise OwnBlockError(f"{block.path} is there again, so the one that was deleted stays in {thrown}.")
        thrown.rename(block.path)
    except OSError as error:
        raise OwnBlockError(f"{block.title} can't be taken back: {error.strerror or error}.") from error


def _read(path: Path) -> OwnBlock:
    """Raises: FileError."""
    document = load(path)
    found = [node for node in document.main if is_composite(node.block)]
    if len(found) != 1 or graph_of(found[0].block) not in document.composites:
        raise FileError(f"{path} is not a block: its drawing should hold one node, of a composite in that file.")
    for name in reached(document.graphs, [graph_of(found[0].block)]):
        inner = composites_in(document.graphs[name])
        if missing := sorted(inner - document.composites.keys()):
            raise FileError(f"{path} is not whole: {name} uses the composite {missing[0]}, which is not in that file.")
        if name in reached(document.graphs, inner):
            raise FileError(f"{path} is not a block: {name} is part of itself.")
    return OwnBlock(path.stem, path, document)


def _graph_of(document: Document) -> str:
    return next(graph_of(node.block) for node in document.main if is_composite(node.block))


def _alone(document: Document, graph: str, name: str, title: str, help: str) -> Document:  # noqa: A002
    """A document of one composite, called `name` in it, with the composites and custom blocks that it uses."""
    *inner, own = composites_of(document.main, [Node("use", MARK + graph)])
    while name in {each.graph for each in inner}:
        name = f"{name}_block"
    made = {each.graph: Graph(each.nodes, each.wires, each.declaration) for each in inner}
    made[name] = Graph(own.nodes, own.wires, replace(own.declaration, title=title, help=help))
    customs = {each.custom: each.code for each in customs_of(document.main, (), (*inner, own))}
    graphs = {MAIN: Graph([Node(f"{name}_1", MARK + name)]), **made}
    return Document(title=title, graphs=graphs, customs=customs)
