"""What may be wired: one rule that lights ports, refuses with a reason and completes a wire."""

from __future__ import annotations

import pytest

from graph_engine.blocks import Kind
from graph_engine.document import Document, Node, Wire, title_of, why_not_wire
from tests.document.drawings import drawing

DENSE = "vector (N×C) or sequence (N×T×E)"


@pytest.fixture
def document() -> Document:
    return drawing()


@pytest.mark.parametrize(
    ("wire", "carried", "reason"),
    [
        (Wire("n_1", "y", "n_3", "x"), Kind.IMAGE, None),
        (Wire("n_1", "y", "n_2", "x"), Kind.IMAGE, None),  # taken: it would be replaced
        (Wire("n_1", "y", "n_4", "x"), Kind.VECTOR, None),
        (Wire("n_1", "y", "n_4", "x"), Kind.ANY, None),  # not known yet
        (Wire("n_1", "y", "n_4", "x"), Kind.IMAGE, f"Linear takes {DENSE} here, not image (N×C×H×W)."),
        (Wire("n_1", "y", "n_6", "xs.9"), Kind.IMAGE, None),
        (Wire("n_7", "whatever", "n_6", "xs.9"), Kind.ANY, None),  # an unknown block may have any port
        (Wire("n_1", "y", "n_7", "whatever"), Kind.ANY, None),
        (Wire("n_6", "y", "n_7", "x"), Kind.ANY, "That would be a circle: Add already depends on Warp."),
        (Wire("n_2", "q", "n_6", "xs.9"), Kind.ANY, "ReLU has no output 'q'."),
        (Wire("n_5", "y", "n_6", "xs.9"), Kind.ANY, "Output has no output 'y'."),
        (Wire("n_1", "y", "n_0", "x"), Kind.ANY, "Input has no input 'x'."),
    ],
    ids=str,
)  # fmt: skip
def test_a_wire_is_fine_or_refused_with_a_sentence(
    document: Document, wire: Wire, carried: Kind, reason: str | None
) -> None:
    assert why_not_wire(document.main, wire, carried) == reason


def test_asking_changes_nothing(document: Document) -> None:
    before = document.main.wires
    why_not_wire(document.main, Wire("n_1", "y", "n_2", "x"))
    assert document.main.wires == before


def test_a_node_is_called_by_its_own_title_then_its_blocks() -> None:
    assert title_of(Node("a", "conv2d", title="Stem")) == "Stem"
    assert title_of(Node("a", "conv2d")) == "Conv 2d"
    assert title_of(Node("a", "warp")) == "warp"
