"""The graph: order, paths, slots, names, and what a copy shares."""

from __future__ import annotations

from itertools import permutations

import networkx as nx
import pytest

from graph_engine.document import Graph, Node, Wire, natural


def graph(*wires: str, nodes: str = "") -> Graph:
    """From `a>b` (to the next slot of b) for every wire."""
    names = dict.fromkeys([*nodes.split(), *(end for wire in wires for end in wire.split(">"))])
    made = Graph(Node(name, "add") for name in names)
    for wire in wires:
        source, target = wire.split(">")
        made.link(Wire(source, "y", target, made.free_slot(target, "xs")))
    return made


def test_numbers_in_names_are_compared_as_numbers() -> None:
    names = ["conv2d_10", "conv2d_2", "conv2d_1", "b", "conv2d", "conv2d_02", "a_9", "xs.10", "xs.9"]
    assert sorted(names, key=natural) == [
        "a_9", "b", "conv2d", "conv2d_1", "conv2d_02", "conv2d_2", "conv2d_10", "xs.9", "xs.10",
    ]  # fmt: skip
    huge = f"conv2d_{'9' * 5000}"
    assert sorted([huge, "conv2d_1", "conv2d_²"], key=natural) == ["conv2d_1", huge, "conv2d_²"]


def test_the_order_follows_a_path_to_its_end_before_the_next() -> None:
    assert graph("a>b", "b>c", "a>d", "d>e", "c>f", "e>f").order() == ["a", "b", "c", "d", "e", "f"]
    assert graph("n_10>z", "n_2>z").order() == ["n_2", "n_10", "z"]


def test_the_order_depends_on_the_drawing_and_not_on_how_it_was_drawn() -> None:
    wires = ["a>b", "b>c", "a>d", "d>c", "c>e", "x>y", "y>e", "b>e"]
    expected = graph(*wires).order()
    for names in permutations(list(graph(*wires))[:5]):
        shuffled = Graph((*names, *list(graph(*wires))[5:]))
        for wire in sorted(graph(*wires).wires, key=lambda wire: (names[0].id < wire.source, wire.source, wire.target)):
            shuffled.link(wire)
        assert shuffled.order() == expected


def test_a_cycle_has_no_order_and_is_named() -> None:
    made = graph("a>b", "b>c", "c>b", "c>d")
    with pytest.raises(ValueError, match="cycle"):
        made.order()
    assert sorted(made.cycle()) == ["b", "c"]
    assert graph("a>a").cycle() == ["a"]
    assert graph("a>b").cycle() == []


def test_up_and_down_the_stream() -> None:
    made = graph("a>b", "b>c", "a>d", "x>d", nodes="lone")
    assert made.downstream(["a"]) == {"a", "b", "c", "d"}
    assert made.downstream(["b", "x"]) == {"b", "c", "x", "d"}
    assert made.upstream(["d"]) == {"a", "x", "d"}
    assert made.upstream(["c", "lone"]) == {"a", "b", "c", "lone"}
    assert made.leads_to("a", "c")
    assert not made.leads_to("c", "a")


def test_several_wires_may_join_the_same_two_nodes() -> None:
    made = graph("a>b", "a>b", "a>b")
    assert [str(wire) for wire in made.wires_into("b").values()] == [f"a.y → b.xs.{at}" for at in range(3)]
    made.unlink(Wire("a", "y", "b", "xs.1"))
    assert [wire.input for wire in made.wires_out_of("a")] == ["xs.0", "xs.2"]
    assert made.order() == ["a", "b"]
    assert made.leads_to("a", "b")


def test_slots_come_in_order_and_the_next_is_after_the_last() -> None:
    made = graph("a>b")
    for slot in (12, 3, 0):
        if slot:
            made.link(Wire("a", "y", "b", f"xs.{slot}"))
    assert list(made.wires_into("b")) == ["xs.0", "xs.3", "xs.12"]
    assert made.free_slot("b", "xs") == "xs.13"
    assert made.free_slot("a", "xs") == "xs.0"


def test_new_names_count_on_after_the_highest() -> None:
    made = Graph([Node("conv2d_3", "conv2d"), Node("conv2d_x", "conv2d"), Node(f"conv2d_{'9' * 5000}", "conv2d")])
    assert made.fresh_id("conv2d") == "conv2d_4"
    assert made.fresh_id("conv2d", taken=["conv2d_7", "relu_9"]) == "conv2d_8"
    assert made.fresh_id("relu") == "relu_1"
    assert made.fresh_id("Foo-Bar 2") == "node_1"


def test_wires_out_of_one_port() -> None:
    made = Graph([Node("a", "odd"), Node("b", "add")], [Wire("a", "p", "b", "xs.0"), Wire("a", "q", "b", "xs.1")])
    assert [wire.input for wire in made.wires_out_of("a", "q")] == ["xs.1"]
    assert made.wire_at("b", "xs.1") == Wire("a", "q", "b", "xs.1")
    assert made.wire_at("b", "xs.2") is made.wire_at("gone", "x") is None


def test_a_node_is_replaced_where_it_stands() -> None:
    made = graph("a>b", "b>c")
    made.put(Node("b", "multiply", {"k": 1}))
    assert [node.id for node in made] == ["a", "b", "c"]
    assert made["b"].block == "multiply"
    assert made.leads_to("a", "c")


def test_a_copy_shares_nodes_and_nothing_else() -> None:
    made = graph("a>b")
    copy = made.copy()
    copy.unlink(copy.wires[0])
    copy.drop("a")
    assert (len(made), len(made.wires), len(copy)) == (2, 1, 1)
    assert copy["b"] is made["b"]
    assert nx.utils.graphs_equal(made.nx, graph("a>b").nx)


def test_nodes_cannot_be_changed_in_place() -> None:
    parameters = {"channels": 3}
    node = Node("a", "conv2d", parameters)
    parameters["channels"] = 4
    assert node.parameters == {"channels": 3}
    with pytest.raises(TypeError):
        node.parameters["channels"] = 5  # type: ignore[index]
