"""Ports and exposed parameters renamed, removed and reordered: the uses of the composite follow in the same step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graph_engine.document import Batch, Declaration, Document, EditRefused, Exposed, SetNode, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.composite import port_names
from graph_engine.document.edits import Declare
from graph_engine.document.file import dumps
from graph_engine.document.porting import (
    delete_nodes,
    remove_exposed,
    rename_exposed,
    rename_port,
    reorder_ports,
)
from tests.document.composites import bottleneck_net, check


def cells() -> Document:
    """`@cell` (x, h → h) used twice in a row in main, and inside `@outer`."""
    net = Builder("Cells")
    cell = net.composite("cell")
    x, h = cell.input("x", 4), cell.input("h", 4)
    cell.output(cell.add("linear", cell.add("add", x, h), features=4), "h")
    outer = net.composite("outer")
    inner = outer.input("x", 4)
    outer.output(outer.add("@cell", inner, inner), "y")
    image = net.input("image", 4)
    first = net.add("@cell", image, image)
    net.output(net.add("@outer", net.add("@cell", image, first)))
    document = net.document
    document.apply(Declare(Declaration(order=("h", "x")), "cell"))
    return document


def wires(document: Document, graph: str = "main") -> set[str]:
    return {str(wire) for wire in document.graphs[graph].wires}


def test_renaming_an_input_renames_the_wires_at_every_use_and_keeps_the_order() -> None:
    document = cells()

    document.apply(rename_port(document, "cell", "input_2", "state"))

    assert port_names(document.graphs["cell"]) == (("state", "x"), ("h",))
    assert {"input_1.y → cell_1.state", "cell_1.h → cell_2.state", "cell_2.h → outer_1.x"} <= wires(document)
    assert "input_1.y → cell_1.state" in wires(document, "outer")
    check(document)


def test_renaming_an_output_renames_the_wires_that_leave() -> None:
    document = cells()

    document.apply(rename_port(document, "cell", "output_1", "next"))

    assert port_names(document.graphs["cell"]) == (("h", "x"), ("next",))
    assert {"cell_1.next → cell_2.h", "cell_2.next → outer_1.x"} <= wires(document)
    check(document)


def test_a_state_of_a_cell_that_runs_over_time_is_renamed_at_both_ends() -> None:
    document = cells()
    document.apply(SetNode("cell_2", "over_time", True))

    document.apply(rename_port(document, "cell", "input_2", "state"))

    assert port_names(document.graphs["cell"]) == (("state", "x"), ("state",))
    assert "cell_1.state → cell_2.state" in wires(document)


def test_of_two_ports_of_one_name_the_other_keeps_the_wires() -> None:
    document = cells()
    document.apply(SetParameter("input_1", "name", "h", "cell"))
    before = wires(document)

    document.apply(rename_port(document, "cell", "input_1", "again"))

    assert wires(document) == before
    assert port_names(document.graphs["cell"]) == (("h", "again"), ("h",))


def test_an_input_of_the_main_drawing_is_renamed_alone() -> None:
    document = cells()

    document.apply(rename_port(document, "main", "input_1", "picture"))

    assert document.main["input_1"].parameters["name"] == "picture"


@pytest.mark.parametrize(
    ("node", "new", "said"),
    [
        ("input_1", "h", "an input called 'h' already"),
        ("input_1", "2 words", "must be a name"),
        ("linear_1", "z", "no Input or Output"),
        ("nowhere", "z", "no Input or Output"),
    ],
)
def test_a_name_that_can_t_be_is_refused(node: str, new: str, said: str) -> None:
    with pytest.raises(EditRefused, match=said):
        rename_port(cells(), "cell", node, new)


def test_deleting_a_port_takes_the_wires_at_its_uses() -> None:
    document = cells()

    document.apply(delete_nodes(document, "cell", ["input_2", "linear_1"]))

    assert port_names(document.graphs["cell"]) == (("x",), ("h",))
    assert not any(wire.endswith((".h",)) for wire in wires(document) | wires(document, "outer"))
    assert "cell_2.h → outer_1.x" in wires(document)  # the output of that name is still there
    assert document.graphs["cell"].declaration.order == ("h", "x")


def test_deleting_an_output_takes_what_it_led_to() -> None:
    document = cells()

    document.apply(delete_nodes(document, "cell", ["output_1"]))

    assert not any(wire.startswith("cell_") for wire in wires(document) | wires(document, "outer"))


def test_ports_are_reordered() -> None:
    document = cells()

    document.apply(reorder_ports(document, "cell", ["x"]))

    assert port_names(document.graphs["cell"]) == (("x", "h"), ("h",))
    with pytest.raises(EditRefused, match="no Input or Output called 'z'"):
        reorder_ports(document, "cell", ["z"])


def test_renaming_an_exposed_parameter_changes_formulas_inside_and_values_at_uses() -> None:
    document = bottleneck_net(2, width=6)
    document.apply(SetParameter("conv2d_1", "kernel", [1, "=min(width, 1)"], "bottleneck"))
    document.apply(SetNode("bottleneck_1", "repeat", 3))
    total = check(document).total

    document.apply(rename_exposed(document, "bottleneck", "width", "breadth"))

    inner = document.graphs["bottleneck"]
    assert inner["conv2d_2"].parameters["channels"] == "=breadth * 2"
    assert inner["conv2d_1"].parameters["kernel"] == [1, "=min(breadth, 1)"]
    assert dict(document.main["bottleneck_1"].parameters) == {"breadth": 6}
    assert check(document).total == total


@pytest.mark.parametrize(
    ("new", "said"), [("turn", "means something else"), ("min", "means something else"), ("In", "can't be the name")]
)
def test_an_exposed_parameter_is_not_called_what_formulas_know_already(new: str, said: str) -> None:
    with pytest.raises(EditRefused, match=said):
        rename_exposed(bottleneck_net(), "bottleneck", "width", new)


def test_exposed_names_differ_and_exist() -> None:
    document = bottleneck_net()
    declaration = document.graphs["bottleneck"].declaration
    exposes = (*declaration.exposes, Exposed("depth", "int", 1))
    document.apply(Declare(Declaration(declaration.title, exposes=exposes), "bottleneck"))

    with pytest.raises(EditRefused, match="called 'depth' already"):
        rename_exposed(document, "bottleneck", "width", "depth")
    with pytest.raises(EditRefused, match="no exposed parameter 'nothing'"):
        remove_exposed(document, "bottleneck", "nothing")


def test_what_is_exposed_no_more_is_written_as_its_default() -> None:
    document = bottleneck_net(2, width=6)

    document.apply(remove_exposed(document, "bottleneck", "width"))

    inner = document.graphs["bottleneck"]
    assert (inner["conv2d_1"].parameters["channels"], inner["conv2d_2"].parameters["channels"]) == (4, 8)
    assert inner["conv2d_3"].parameters["channels"] == "=in_channels"
    assert dict(document.main["bottleneck_1"].parameters) == {}
    assert check(document).total == check(bottleneck_net(2)).total


@pytest.mark.parametrize(
    "change",
    [
        lambda document: rename_port(document, "cell", "input_2", "state"),
        lambda document: rename_port(document, "cell", "output_1", "z"),
        lambda document: delete_nodes(document, "cell", ["input_2", "output_1"]),
        lambda document: reorder_ports(document, "cell", ["x"]),
    ],
)
def test_each_is_one_step_whose_inverse_restores_the_file_exactly(change: Callable[[Document], Batch]) -> None:
    document = cells()
    before = dumps(document)

    inverse = document.apply(change(document))

    assert dumps(document) != before
    document.apply(inverse)
    assert dumps(document) == before
