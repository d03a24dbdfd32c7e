"""What must hold of every document, random edits of one, and small documents to begin with."""

from __future__ import annotations

from typing import Any

import networkx as nx
from hypothesis import strategies as st

from graph_engine.document import (
    AddCustom,
    AddGraph,
    AddNodes,
    AnyEdit,
    Batch,
    Binding,
    Connect,
    CustomCode,
    Declaration,
    Disconnect,
    Document,
    Graph,
    Move,
    Node,
    Optimiser,
    Plan,
    RemoveCustom,
    RemoveNodes,
    Schedule,
    SetAbout,
    SetBinding,
    SetCustom,
    SetNode,
    SetParameter,
    SetPlan,
    Stage,
    Update,
    WeightedLoss,
    Wire,
)
from graph_engine.document.file import dumps, loads
from graph_engine.document.rules import ID

BLOCKS = (
    "input",
    "conv2d",
    "relu",
    "flatten",
    "linear",
    "add",
    "concat",
    "residual",
    "cross_entropy",
    "output",
    "warp",
)
"""The last is no block: a file may hold one that this version does not know."""
NAMES = tuple(f"n_{number}" for number in range(8))
PORTS = ("x", "f", "xs.0", "xs.1", "xs.7", "logits", "label", "y", "xs", "nowhere")


def lint(document: Document, *, drawn: bool = True) -> None:
    """The invariants. `drawn`: it came about by edits alone, so that there is no cycle and every port exists."""
    for graph in document.graphs.values():
        _lint_graph(graph, drawn=drawn)
    assert dumps(loads(dumps(document))) == dumps(document), "what is saved is not what is opened"


def _lint_graph(graph: Graph, *, drawn: bool) -> None:
    assert set(graph.nx) == set(graph.nodes)
    assert [node.id for node in graph] == list(graph.nodes)
    assert all(name == node.id and ID.match(name) for name, node in graph.nodes.items())
    wires = graph.wires
    assert len({(wire.target, wire.input) for wire in wires}) == len(wires), "two wires at one input"
    assert sorted(map(str, wires)) == sorted(str(wire) for _, _, wire in graph.nx.edges(data="wire"))
    for wire in wires:
        assert wire.source in graph
        assert wire.target in graph
        assert graph.wire_at(wire.target, wire.input) == wire
        assert wire in graph.wires_out_of(wire.source, wire.output)
        source, target = graph.block(wire.source), graph.block(wire.target)  # whose ports may follow their values
        if drawn:
            assert source is None or source.output(wire.output) is not None, wire
            assert target is None or target.input(wire.input) is not None, wire
    if drawn:
        assert nx.is_directed_acyclic_graph(graph.nx)
        assert graph.cycle() == []
        place = {name: at for at, name in enumerate(graph.order())}
        assert all(place[wire.source] < place[wire.target] for wire in wires)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
names = st.sampled_from(NAMES)
positions = st.tuples(st.floats(-1e6, 1e6), st.integers(-100, 100))
parameter_names = st.sampled_from(("channels", "kernel", "features", "name", "axis", "padding", "nonsense"))
titles = st.sampled_from(("", "Stem", "größe 🙂", '"""', "a\\b\n\x07", "\ud800"))
nodes = st.builds(
    Node,
    names,
    st.sampled_from(BLOCKS),
    st.dictionaries(parameter_names, json_values.filter(lambda value: value is not None), max_size=3),
    positions,
    titles,
    st.booleans(),
    extra=st.dictionaries(st.sampled_from(("colour", "since")), json_values, max_size=1),
)
wires = st.builds(Wire, names, st.sampled_from(("y", "loss", "z")), names, st.sampled_from(PORTS))
plans = st.builds(
    lambda kind, rate, epochs, batch, nodes: Plan(
        stages=(
            Stage(
                updates=(
                    Update(
                        optimiser=Optimiser(kind=kind, learning_rate=rate),
                        schedule=Schedule(kind="step"),
                        losses=tuple(WeightedLoss(node=node, weight=0.5) for node in nodes),
                    ),
                ),
                epochs=epochs,
            ),
        ),
        batch_size=batch,
    ),
    st.sampled_from(("sgd", "adam", "adamw", "rmsprop")),
    st.floats(1e-6, 10),
    st.integers(1, 99),
    st.integers(0, 512),  # 0 is refused
    st.lists(names, max_size=2, unique=True),
)
customs = st.sampled_from(("gate", "cell", "No name"))
codes = st.builds(
    CustomCode, st.sampled_from(("", "class A(nn.Module):\n    x = '\u00fc\ud83d'", "a\r\n\n", "import os\n"))
)
simple_edits: st.SearchStrategy[AnyEdit] = st.one_of(
    st.builds(AddNodes, st.lists(nodes, min_size=1, max_size=3).map(tuple), st.lists(wires, max_size=2).map(tuple)),
    st.builds(AddNodes, st.just(()), st.lists(wires, max_size=2).map(tuple)),
    st.builds(RemoveNodes, st.lists(names, min_size=1, max_size=3).map(tuple)),
    st.builds(Connect, wires),
    st.builds(Connect, wires),
    st.builds(Connect, wires),
    st.builds(Disconnect, st.lists(wires, max_size=2).map(tuple)),
    st.builds(SetParameter, names, parameter_names, json_values | st.just(float("nan")) | st.just({1, 2})),
    st.builds(Move, st.lists(st.tuples(names, positions), max_size=3).map(tuple)),
    st.builds(Move, st.tuples(st.tuples(names, st.just((0.0, float("inf")))))),
    st.builds(SetNode, names, st.just("title"), titles | st.booleans()),
    st.builds(SetNode, names, st.just("frozen"), st.booleans() | st.just("yes")),
    st.builds(SetPlan, plans),
    st.builds(SetBinding, st.builds(Binding, dataset=titles, fields=st.tuples(st.tuples(names, st.text(max_size=3))))),
    st.builds(SetAbout, titles, titles),
    st.builds(RemoveNodes, st.just(("n_0",)), st.just("nowhere")),
    st.builds(AddCustom, customs, codes),
    st.builds(SetCustom, customs, codes),
    st.builds(RemoveCustom, customs),
)
edits: st.SearchStrategy[AnyEdit] = st.one_of(
    simple_edits, st.builds(Batch, st.just("Several"), st.lists(simple_edits, max_size=4).map(tuple))
)


def drawing() -> Document:
    """A document with wires of every sort to begin from: a chain, a skip, a label, a node of an unknown block."""
    document = Document(title="Drawing", notes="two\nlines")
    chain = ("input", "conv2d", "relu", "flatten", "linear", "output")
    placed = [Node(f"n_{at}", block, position=(at, 0)) for at, block in enumerate(chain)]
    placed[0] = placed[0].with_(parameters={"b": 1, "a": [1, 2]})
    placed += [Node("n_6", "add"), Node("n_7", "warp", {"speed": 9}, title="Warp", extra={"since": "9.1"})]
    lines = [Wire(f"n_{at}", "y", f"n_{at + 1}", "x") for at in range(5)]
    lines += [Wire("n_1", "y", "n_6", "xs.0"), Wire("n_2", "y", "n_6", "xs.1"), Wire("n_7", "out", "n_6", "xs.7")]
    document.apply(AddNodes(tuple(placed), tuple(lines)))
    document.apply(AddGraph("unit", Declaration("Unit")))
    document.apply(AddCustom("gate", CustomCode("class Gate(nn.Module):\n    pass\n", {"since": "9.1"})))
    return document


def state(document: Document) -> tuple[Any, ...]:
    """Everything an edit could change, compared exactly."""
    return dumps(document), document.title, document.notes, document.plan, document.binding
