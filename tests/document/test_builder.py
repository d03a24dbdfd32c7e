"""Documents written as code: ports in order, what is wrong is said at once."""

from __future__ import annotations

import pytest

from graph_engine.blocks import ParameterError, UnknownBlock
from graph_engine.document import EditRefused, Plan
from graph_engine.document.builder import Builder, Port
from tests.document.drawings import lint


def test_a_network_reads_as_its_paper() -> None:
    net = Builder("Small", plan=Plan(batch_size=8), notes="why")
    image, label = net.input("image", 1, 8, 8), net.input("label", classes=3, label=True)
    x = net.add("conv2d", image, channels=4, kernel=(3, 5), title="Stem")
    x = net.add("add", x, x, x)
    x = net.add("residual", image, x)
    net.classify(net.add("linear", net.add("flatten", x), features=3), label)
    document = net.document
    lint(document)

    assert (document.title, document.notes, document.plan.batch_size) == ("Small", "why", 8)
    assert document.main["conv2d_1"].parameters == {"channels": 4, "kernel": [3, 5]}
    assert document.main["conv2d_1"].title == "Stem"
    assert document.main["input_2"].parameters == {"name": "label", "shape": [], "dtype": "int64", "classes": 3}
    assert [wire.input for wire in document.main.wires_into("add_1").values()] == ["xs.0", "xs.1", "xs.2"]
    assert {port: wire.source for port, wire in document.main.wires_into("residual_1").items()} == {
        "x": "input_1",
        "f": "add_1",
    }
    assert [node.block for node in document.main][-3:] == ["output", "cross_entropy", "accuracy"]


def test_what_is_wrong_is_said_where_it_is_written() -> None:
    net = Builder("Wrong")
    x = net.input("x", 3)
    with pytest.raises(UnknownBlock, match="linear"):
        net.add("linaer", x)
    with pytest.raises(TypeError, match="linear has no parameter 'width'"):
        net.add("linear", x, width=3)
    with pytest.raises(ParameterError, match="Features must be a whole number ≥ 1; got 0"):
        net.add("linear", x, features=0)
    with pytest.raises(TypeError, match="linear takes 1 inputs, not 2"):
        net.add("linear", x, x)
    with pytest.raises(TypeError, match="input takes 0 inputs, not 1"):
        net.add("input", x)
    with pytest.raises(EditRefused, match="no output 'z'"):
        net.add("relu", Port(x.node, "z"))
