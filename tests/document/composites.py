"""Documents with composites to begin from, and what two drawings are compared by."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import torch

from graph_engine.check.checker import Checker
from graph_engine.check.report import CheckResult
from graph_engine.compile import compile_document
from graph_engine.document import Document, Graph, Node
from graph_engine.document.builder import Builder, Port


def check(document: Document) -> CheckResult:
    """The check of a document that is expected to be sound."""
    result = Checker().check(document)
    assert result.errors == []
    return result


def residual_unit(net: Builder, x: Port, channels: int) -> Port:
    """conv, norm, relu, conv, norm, added to what came, relu."""
    f = net.add("relu", net.add("batch_norm", net.add("conv2d", x, channels=channels)))
    f = net.add("batch_norm", net.add("conv2d", f, channels=channels))
    return net.add("relu", net.add("residual", x, f))


def flat_resnet(units: int = 3, channels: int = 8) -> Document:
    """A stem, `units` residual units drawn one by one, and a classifier."""
    net = Builder("ResNet")
    x = net.add("relu", net.add("batch_norm", net.add("conv2d", net.input("image", 3, 8, 8), channels=channels)))
    for _ in range(units):
        x = residual_unit(net, x, channels)
    net.classify(
        net.add("linear", net.add("global_avg_pool", x), features=4), net.input("label", label=True, classes=4)
    )
    return net.document


def flat_densenet(layers: int = 4, growth: int = 4) -> Document:
    """Each layer's maps are put behind all before them, so that every layer sees more channels."""
    net = Builder("DenseNet")
    x = net.add("conv2d", net.input("image", 3, 8, 8), channels=6)
    for _ in range(layers):
        new = net.add("conv2d", net.add("relu", net.add("batch_norm", x)), channels=growth)
        x = net.add("concat", x, new)
    net.output(net.add("linear", net.add("global_avg_pool", x), features=4))
    return net.document


def bottleneck_net(times: int = 1, **values: Any) -> Document:
    """main: stem → `@bottleneck` (×times) → head; its width is exposed, and it gives back as many channels as came."""
    net = Builder("Bottlenecks")
    inner = net.composite("bottleneck", "Bottleneck")
    width = inner.expose("width", 4, least=1)
    x = inner.input("x", 8, 8, 8)
    y = inner.add("relu", inner.add("conv2d", x, channels=width, kernel=1))
    y = inner.add("conv2d", y, channels=f"{width} * 2", title="Wide")
    y = inner.add("conv2d", y, channels="=in_channels", kernel=1)
    inner.output(inner.add("residual", x, y), "y")
    stem = net.add("conv2d", net.input("image", 3, 8, 8), channels=8)
    out = net.add("@bottleneck", stem, times=times, **values)
    net.output(net.add("linear", net.add("global_avg_pool", out), features=4))
    return net.document


def isomorphic(one: Graph, other: Graph) -> bool:
    """Whether two graphs are equal but for ids, titles and places."""

    def labelled(graph: Graph) -> Any:
        made = nx.MultiDiGraph()
        for node in graph:
            made.add_node(node.id, label=_label(graph, node))
        for wire in graph.wires:
            made.add_edge(wire.source, wire.target, label=(wire.output, wire.input))
        return made

    def same_edges(these: Any, those: Any) -> bool:
        return sorted(each["label"] for each in these.values()) == sorted(each["label"] for each in those.values())

    def same_nodes(this: Any, that: Any) -> bool:
        return bool(this["label"] == that["label"])

    return nx.is_isomorphic(labelled(one), labelled(other), node_match=same_nodes, edge_match=same_edges)


def _label(graph: Graph, node: Node) -> str:
    block = graph.block(node)
    assert block is not None
    values = {spec.name: spec.default for spec in block.parameters()}
    values |= {name: block.parameter(name).parse(value) for name, value in node.parameters.items()}  # type: ignore[union-attr]
    return json.dumps([node.block, values, node.frozen, node.bypassed, node.repeat, node.over_time], sort_keys=True)


def compute_the_same(one: Document, other: Document, *shape: int) -> bool:
    """Whether the programs of two documents give equal values where the weights of one are copied to the other."""
    first, second = (compile_document(document).make(seed) for document, seed in ((one, 1), (other, 2)))
    weights, wanted = _weights(one, first.state_dict()), _weights(other, second.state_dict())
    assert [value.shape for value in weights.values()] == [value.shape for value in wanted.values()]
    second.load_state_dict(dict(zip(wanted, weights.values(), strict=True)))
    x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    return bool(torch.allclose(first.eval()(x), second.eval()(x), atol=1e-6))


def _weights(document: Document, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict in the order of the drawing: equal layers in a row are one list in the program."""
    attributes = compile_document(document).attributes
    paths = [path for node in document.main.order() for path in attributes.get(node, ())]
    found = {key: value for path in paths for key, value in state.items() if key.startswith(f"{path}.")}
    assert found.keys() == state.keys()
    return found
