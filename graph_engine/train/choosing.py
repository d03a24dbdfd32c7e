"""Which nodes, and which weights, the addresses of a plan mean: see `graph_engine.document.plan`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph_engine.document.composite import MARK, graph_of, is_composite, reached
from graph_engine.document.document import MAIN, Document
from graph_engine.document.graph import Node
from graph_engine.document.plan import COMPOSITE, TAG
from graph_engine.train.errors import PlanError

if TYPE_CHECKING:
    from torch import nn

    from graph_engine.compile import Program

Place = tuple[str, str]
"""(graph, node)."""


def places_of(document: Document, addresses: Iterable[str], who: str = "The plan") -> dict[Place, None]:
    """The nodes that addresses mean, in the order of the drawing.

    Raises: PlanError when there is none of that name; `who` begins the sentence: "The plan trains".
    """
    found: dict[Place, None] = {}
    used = (
        set(reached(document.graphs, [MAIN])) if addresses else set()
    )  # what lies unused is neither trained nor frozen
    for address in addresses:
        meant = [
            (name, node.id)
            for name, graph in document.graphs.items()
            if name in used
            for node in graph
            if (
                address[1:] in node.tags
                if address.startswith(TAG)
                else node.block == MARK + address[1:]
                if address.startswith(COMPOSITE)
                else address == (node.id if name == MAIN else f"{name}:{node.id}")
            )
        ]
        if not meant:
            raise PlanError(f"{who} {_missing(document, address)}")
        found |= dict.fromkeys(meant)
    return found


def holders(document: Document, places: Iterable[Place]) -> set[str]:
    """The nodes of the main drawing that are, or hold, one of `places`."""
    chosen = set(places)
    holding: dict[str, bool] = {}

    def holds(name: str) -> bool:
        """Whether a chosen node is inside the composite `name`."""
        if name not in holding:
            holding[name] = False
            graph = document.graphs.get(name)
            holding[name] = graph is not None and any(held(name, node) for node in graph)
        return holding[name]

    def held(name: str, node: Node) -> bool:
        return (name, node.id) in chosen or (is_composite(node.block) and holds(graph_of(node.block)))

    return {node.id for node in document.main if held(MAIN, node)}


def modules_at(network: nn.Module, program: Program, places: Iterable[Place]) -> list[nn.Module]:
    """The modules of nodes, those inside composites in all uses; none for nodes without weights."""
    paths = [
        path
        for name, node in places
        for path in (program.attributes.get(node, ()) if name == MAIN else program.paths_in(name, node))
    ]
    return [network.get_submodule(path) for path in paths]


def weights_at(network: nn.Module, program: Program, places: Iterable[Place]) -> dict[nn.Parameter, None]:
    """The parameters of nodes, each once."""
    return {weight: None for module in modules_at(network, program, places) for weight in module.parameters()}


def _missing(document: Document, address: str) -> str:
    if address.startswith(TAG):
        tags = sorted({tag for graph in document.graphs.values() for node in graph for tag in node.tags})
        there = ", ".join(tags) or "none"
        return f"the tag {address[1:]!r}, and no node carries it (there is {there}). Tag nodes in the inspector."
    if address.startswith(COMPOSITE):
        return f"the composite {address[1:]!r}, and nothing in the drawing uses it. Choose another."
    if document.place(address) is not None:
        composite = address.partition(":")[0]
        return f"the node {address!r}, and nothing in the drawing uses the composite {composite!r}. Choose others."
    return f"the node {address!r}, and there is no such node. Choose others."
