"""The layout on request: nothing overlaps, chains are straight, no wire hides behind a node."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_engine.document import AddNodes, Document, Graph, History, Move, Node, Position, Wire
from graph_engine.document.builder import Builder, Port
from graph_engine.document.file import dumps
from graph_engine.document.geometry import NodeGeometry, geometry_in
from graph_engine.document.layout import COLUMN_GAP, arrange, lay_out_piles
from graph_engine.document.room import Lanes, Obstacles
from graph_engine.document.routing import lean_of, route, sample


def chain(nodes: int) -> Document:
    net = Builder("Chain")
    x = net.input("image", 1, 28, 28)
    for at in range(nodes - 1):
        x = net.add(("conv2d", "batch_norm", "relu")[at % 3], x)
    return net.document


def classifier() -> Document:
    net = Builder("Classifier")
    x = net.input("image", 1, 28, 28)
    for block in ("conv2d", "relu", "flatten", "linear"):
        x = net.add(block, x)
    net.classify(x, net.input("label", classes=10, label=True))
    return net.document


def residual_net(blocks: int) -> Document:
    net = Builder("Residual")
    x = net.add("conv2d", net.input("image", 1, 28, 28))
    for _ in range(blocks):
        f = net.add("conv2d", net.add("relu", net.add("batch_norm", net.add("conv2d", x))))
        x = net.add("residual", x, f)
    net.output(x)
    return net.document


def inception(modules: int) -> Document:
    net = Builder("Inception")
    x = net.input("image", 1, 28, 28)
    for _ in range(modules):
        branches: list[Port] = [net.add("conv2d", x), net.add("conv2d", net.add("conv2d", x)), net.add("max_pool2d", x)]
        x = net.add("concat", *branches)
    return net.document


def dense_net(layers: int) -> Document:
    net = Builder("Dense")
    outputs = [net.input("image", 1, 28, 28)]
    for _ in range(layers):
        x = net.add("concat", *outputs) if len(outputs) > 1 else outputs[0]
        outputs.append(net.add("conv2d", x))
    return net.document


def random_graph(nodes: int, seed: int, reach: int = 12) -> Document:
    """A random drawing without circles; a few nodes have no wire."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    made, wires = [], []
    for at in range(nodes):
        block = choose.choice(("relu", "add", "concat", "conv2d"))
        made.append(Node(f"n_{at}", block, {}, (choose.uniform(0, 900), choose.uniform(0, 900))))
        if not at or choose.random() < 0.05:
            continue
        slots = ["x"] if block in ("relu", "conv2d") else [f"xs.{slot}" for slot in range(choose.randint(1, 4))]
        for slot in slots:
            first = max(0, at - reach) if choose.random() < 0.8 else 0
            wires.append(Wire(f"n_{choose.randrange(first, at)}", "y", f"n_{at}", slot))
    document = Document()
    document.apply(AddNodes(tuple(made), tuple(wires)))
    return document


DRAWINGS = {
    "chain": chain(30),
    "classifier": classifier(),
    "residual": residual_net(5),
    "inception": inception(3),
    "dense": dense_net(6),
    "random": random_graph(60, 7),
}


def overlapping(graph: Graph, places: Mapping[str, Position]) -> list[tuple[str, str]]:
    boxes = []
    for name, (x, y) in places.items():
        size = geometry_in(graph, name)
        boxes.append((x, y, x + size.width, y + size.height, name))
    boxes.sort()
    found = []
    for at, (_, top, right, bottom, name) in enumerate(boxes):
        for left, other_top, _, other_bottom, other in boxes[at + 1 :]:
            if left >= right:
                break
            if other_top < bottom and other_bottom > top:
                found.append((name, other))
    return found


def hidden(graph: Graph, places: Mapping[str, Position]) -> list[Wire]:
    """Wires that pass behind a node."""
    sizes: dict[str, NodeGeometry] = {node.id: geometry_in(graph, node.id) for node in graph}
    obstacles, lanes = Obstacles(), Lanes()
    for name, (x, y) in places.items():
        obstacles.put(name, (x, y, x + sizes[name].width, y + sizes[name].height))
    found = []
    for wire in sorted(graph.wires, key=lambda wire: abs(places[wire.source][0] - places[wire.target][0])):
        (x1, y1), (x2, y2) = places[wire.source], places[wire.target]
        out = sizes[wire.source].offset("output", wire.output)
        into = sizes[wire.target].offset("input", wire.input)
        ports = [name for name, _ in sizes[wire.target].inputs]
        near = max(graph.wires_into(wire.target).values(), key=lambda other: places[other.source][0])
        way = route(
            (x1 + out[0], y1 + out[1]),
            (x2 + into[0], y2 + into[1]),
            obstacles,
            (wire.source, wire.target),
            lanes,
            lean_of(ports, wire.input, near.input),
        )
        lanes.take(wire, wire.source, way.runs)
        ends = (wire.source, wire.target)
        if any(obstacles.near((x - 1, y - 1, x + 1, y + 1), ends) for x, y in sample(way.curve, 40)):
            found.append(wire)
    return found


@pytest.mark.parametrize("name", DRAWINGS)
def test_nothing_overlaps_and_wires_go_forward(name: str) -> None:
    graph = DRAWINGS[name].main
    assert overlapping(graph, dict(arrange(graph).positions)) == []
    places = dict(arrange(graph, rows=False).positions)
    assert set(places) == set(graph.nodes)
    assert overlapping(graph, places) == []
    for wire in graph.wires:
        right = places[wire.source][0] + geometry_in(graph, wire.source).width
        assert places[wire.target][0] - right >= COLUMN_GAP / 2


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("rows", [False, True])
def test_no_wire_passes_behind_a_node(name: str, rows: bool) -> None:
    graph = DRAWINGS[name].main
    assert hidden(graph, dict(arrange(graph, rows=rows).positions)) == []


@given(nodes=st.integers(1, 45), seed=st.integers(0, 10_000), reach=st.integers(1, 30))
def test_random_drawings(nodes: int, seed: int, reach: int) -> None:
    graph = random_graph(nodes, seed, reach).main
    edit = arrange(graph)
    assert overlapping(graph, dict(edit.positions)) == []
    assert arrange(graph) == edit


def test_a_chain_is_straight() -> None:
    graph = chain(60).main
    assert len({y for _, (_, y) in arrange(graph, rows=False).positions}) == 1


def test_a_long_chain_is_broken_into_rows_that_fit_a_screen() -> None:
    graph = chain(60).main
    places = dict(arrange(graph).positions)
    rows = sorted({y for _, y in places.values()})
    width, height = max(x for x, _ in places.values()), rows[-1]
    assert 4 <= len(rows) <= 8
    assert 1.2 < width / height < 3.5
    by_row = [[name for name in graph.order() if places[name][1] == y] for y in rows]
    assert [name for row in by_row for name in row] == graph.order()
    assert all(places[row[0]][0] < 20 for row in by_row)


def test_a_short_chain_is_one_row() -> None:
    assert len({y for _, (_, y) in arrange(chain(8).main).positions}) == 1


def test_a_drawing_of_many_long_wires_is_not_broken() -> None:
    graph = dense_net(8).main
    assert arrange(graph) == arrange(graph, rows=False)


def test_rows_are_broken_where_one_wire_leads_on() -> None:
    graph = residual_net(8).main
    places = dict(arrange(graph).positions)
    rows = sorted({y for _, y in places.values()})
    assert len(rows) > 2
    between = [wire for wire in graph.wires if places[wire.source][1] != places[wire.target][1]]
    assert len({wire.source for wire in between}) == len(rows) - 1


def test_the_main_line_of_a_residual_net_is_straight_and_skips_pass_above() -> None:
    graph = residual_net(4).main
    places = dict(arrange(graph, rows=False).positions)
    assert len({y for _, y in places.values()}) == 1
    order = graph.order()
    assert [places[node][0] for node in order] == sorted(places[node][0] for node in order)


def test_losses_and_metrics_stand_beside_the_outputs_and_the_label_before_them() -> None:
    graph = classifier().main
    places = dict(arrange(graph, rows=False).positions)
    logits = places["linear_1"]
    assert places["output_1"][1] == logits[1]
    ends = ("output_1", "cross_entropy_1", "accuracy_1")
    assert all(places[name][0] > logits[0] for name in ends)
    assert max(places[name][0] for name in ends) - min(places[name][0] for name in ends) < COLUMN_GAP
    assert abs(places["input_2"][0] - logits[0]) < COLUMN_GAP
    assert places["input_1"][0] == min(x for x, _ in places.values())


def test_it_is_the_same_again_whatever_the_order_of_the_file() -> None:
    document = random_graph(40, 3)
    nodes, wires = list(document.main), document.main.wires
    nodes.sort(key=lambda node: node.position)
    wires.reverse()
    assert arrange(Graph(nodes, wires)) == arrange(document.main)
    document.apply(arrange(document.main))
    again = dict(arrange(document.main).positions)
    assert again == {node.id: node.position for node in document.main}


def test_the_drawing_stays_where_it_is() -> None:
    document = classifier()
    document.apply(Move(tuple((node.id, (500.0 + at, -300.0)) for at, node in enumerate(document.main))))
    places = dict(arrange(document.main).positions)
    assert min(x for x, _ in places.values()) == 500.0
    assert min(y for _, y in places.values()) == -300.0


def test_it_is_one_step_of_the_history() -> None:
    document = random_graph(25, 5)
    before, history = dumps(document), History(document)
    history.perform(arrange(document.main))
    assert dumps(document) != before
    history.undo()
    assert dumps(document) == before


def test_larger_nodes_get_more_room() -> None:
    graph = inception(1).main
    sizes = {node.id: (300.0, 200.0) for node in graph}
    places = dict(arrange(graph, sizes).positions)
    boxes = list(places.values())
    assert all(
        abs(x - other_x) >= 300.0 or abs(y - other_y) >= 200.0
        for at, (x, y) in enumerate(boxes)
        for other_x, other_y in boxes[at + 1 :]
    )


def test_an_empty_graph_and_one_node() -> None:
    assert arrange(Graph()) == Move(())
    assert arrange(Graph([Node("relu_1", "relu", {}, (3.0, 4.0))])).positions == (("relu_1", (3.0, 4.0)),)


def test_a_circle_from_a_file_is_laid_out() -> None:
    nodes = [Node(f"relu_{at}", "relu") for at in range(3)]
    wires = [Wire(f"relu_{at}", "y", f"relu_{(at + 1) % 3}", "x") for at in range(3)]
    graph = Graph(nodes, wires)
    assert overlapping(graph, dict(arrange(graph).positions)) == []


def test_a_thousand_nodes_and_an_unknown_block() -> None:
    document = random_graph(1000, 11)
    document.apply(AddNodes((Node("warp_1", "warp_drive"),), (Wire("n_999", "y", "warp_1", "coil"),)))
    places = dict(arrange(document.main).positions)
    assert len(places) == 1001
    assert overlapping(document.main, places) == []


def test_a_wire_to_a_node_very_far_away_finds_its_way() -> None:
    """Not square by square: there are ten to the fifteen between them."""
    obstacles = Obstacles()
    for name, left, top in (("a", 0.0, 0.0), ("b", 8e9, -8e9), ("c", 300.0, -40.0)):
        obstacles.put(name, (left, top, left + 160.0, top + 80.0))
    for start, end in (((160.0, 40.0), (8e9, -8e9 + 40.0)), ((8e9 + 160.0, -8e9 + 40.0), (0.0, 40.0))):
        curve = route(start, end, obstacles, ("a", "b")).curve
        assert (curve[0], curve[-1]) == (start, end)
    assert obstacles.near((-1.0, -9e9, 9e9, 100.0), ("b",)) == [(0.0, 0.0, 160.0, 80.0), (300.0, -40.0, 460.0, 40.0)]
    assert obstacles.are_near((1e9, -9e9, 9e9, 0.0), ("a",))
    assert not obstacles.are_near((1e9, -9e9, 7e9, 0.0), ("a",))
    obstacles.remove("b")
    assert not obstacles.are_near((1e9, -9e9, 9e9, 0.0), ())


def test_what_was_never_laid_out_is_and_nothing_else() -> None:
    """A drawing that a program made lies on one spot, its composites too."""
    net = Builder("By a program")
    block = net.composite("block")
    block.output(block.add("relu", block.add("conv2d", block.input("x", 1, 8, 8))), "y")
    net.output(net.add("@block", net.input("image", 1, 8, 8)))
    document = net.document
    lay_out_piles(document)
    for graph in document.graphs.values():
        left = sorted(node.position[0] for node in graph)
        assert all(b - a > COLUMN_GAP for a, b in pairwise(left))
    before = dumps(document)
    document.apply(Move((("relu_1", document.composites["block"]["conv2d_1"].position),), "block"))
    moved = dumps(document)
    lay_out_piles(document)
    assert dumps(document) == moved != before
