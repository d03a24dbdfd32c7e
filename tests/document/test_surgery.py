"""Changes that take several edits: what they do to the graph, and that one undo takes them back."""

from __future__ import annotations

import pytest

from graph_engine.document import AddNodes, Document, EditRefused, Node, Wire
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps
from graph_engine.document.surgery import GAP, wrap_in_residual


@pytest.fixture
def chain() -> Document:
    """input_1 → conv2d_1 → relu_1 → conv2d_2 → flatten_1 → linear_1 → output_1, in a row."""
    net = Builder("Chain")
    x = net.input("image", 1, 8, 8)
    for block in ("conv2d", "relu", "conv2d", "flatten", "linear"):
        x = net.add(block, x)
    net.output(x)
    document = net.document
    graph = document.main
    for at, name in enumerate(graph.order()):
        graph.put(graph[name].with_(position=(at * 200.0, 40.0)))
    return document


def wires(document: Document) -> set[str]:
    return {str(wire) for wire in document.main.wires}


def test_wrapping_lets_the_input_skip_and_reroutes_what_followed(chain: Document) -> None:
    chain.apply(wrap_in_residual(chain.main, ["relu_1", "conv2d_2"]))

    assert {
        "conv2d_1.y → residual_1.x",
        "conv2d_2.y → residual_1.f",
        "residual_1.y → flatten_1.x",
        "conv2d_1.y → relu_1.x",
    } <= wires(chain)
    assert "conv2d_2.y → flatten_1.x" not in wires(chain)


def test_wrapping_is_one_step_and_its_inverse_restores_the_file_exactly(chain: Document) -> None:
    before = dumps(chain)

    chain.apply(chain.apply(wrap_in_residual(chain.main, ["relu_1"])))

    assert dumps(chain) == before


def test_wrapping_makes_room_so_that_nothing_lies_on_the_new_node(chain: Document) -> None:
    chain.apply(wrap_in_residual(chain.main, ["conv2d_1", "relu_1"]))

    new, after = chain.main["residual_1"].position, chain.main["conv2d_2"].position
    assert new[0] > chain.main["relu_1"].position[0]
    assert after[0] >= new[0] + 112 + GAP
    assert chain.main["output_1"].position[0] - after[0] == 600.0  # what followed kept its distances


def test_wrapping_an_open_end_wires_its_free_output(chain: Document) -> None:
    chain.apply(AddNodes((Node("relu_9", "relu"),), (Wire("conv2d_1", "y", "relu_9", "x"),)))

    chain.apply(wrap_in_residual(chain.main, ["relu_9"]))

    assert "relu_9.y → residual_1.f" in wires(chain)


def test_several_followers_are_all_fed_by_the_residual(chain: Document) -> None:
    chain.apply(AddNodes((Node("relu_9", "relu"),), (Wire("conv2d_2", "y", "relu_9", "x"),)))

    chain.apply(wrap_in_residual(chain.main, ["conv2d_2"]))

    assert {"residual_1.y → relu_9.x", "residual_1.y → flatten_1.x"} <= wires(chain)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([], "Select the layers"),
        (["input_1", "conv2d_1"], "Nothing leads into"),
        (["conv2d_1", "conv2d_2"], "Several values enter"),
        (["linear_1", "output_1"], "one value that goes on"),
    ],
)
def test_what_is_no_chain_is_refused_in_words(chain: Document, nodes: list[str], words: str) -> None:
    with pytest.raises(EditRefused, match=words):
        wrap_in_residual(chain.main, nodes)


def test_two_ends_are_refused(chain: Document) -> None:
    chain.apply(AddNodes((Node("relu_9", "relu"),), (Wire("conv2d_1", "y", "relu_9", "x"),)))
    chain.apply(AddNodes((Node("relu_10", "relu"),), (Wire("relu_9", "y", "relu_10", "x"),)))

    with pytest.raises(EditRefused, match="one value that goes on"):
        wrap_in_residual(chain.main, ["conv2d_1", "relu_9"])
