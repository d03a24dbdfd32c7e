"""Feature maps: what nodes give for chosen inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graph_engine.blocks import Role
from graph_engine.document import Graph
from graph_engine.probe.evaluating import evaluating

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.compile import Program


def feature_maps(
    program: Program, network: nn.Module, nodes: Sequence[str], inputs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """What leaves each of `nodes` (`conv2d_1`, `node.port` for another port than the first, `stage_1/conv2d_2` inside
    a composite), (N, …), running only what they need.

    `inputs` holds a batch for every Input node that is needed, by the id of the node; more may be given. Training is
    not disturbed: no random number is drawn, no running average moves.

    Raises: KeyError when an input that is needed is missing.
    """
    if not nodes:
        return {}
    results = [program.result(node) for node in nodes]
    computation = program.function(results, name="look")
    arguments = {program.input_nodes[node]: value for node, value in inputs.items() if node in program.input_nodes}
    with evaluating(network):
        values = computation(network, **{name: arguments[name] for name in computation.inputs})
    return dict(zip(nodes, values, strict=True))


def can_be_seen(graph: Graph, node: str) -> bool:
    """Whether a node has a result to look at: an input or a layer, no loss, metric or output."""
    block = graph.block(node) if node in graph else None
    if block is None or block.role not in (Role.INPUT, Role.LAYER):
        return False
    return bool(block.outputs)
