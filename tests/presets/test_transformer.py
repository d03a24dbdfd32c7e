"""The transformer encoder on the rows of an image."""

from __future__ import annotations

import pytest
import torch

from graph_engine.compile import compile_document
from presets import open_preset
from tests.presets.training import accuracy


def test_it_reads_the_digits_row_by_row() -> None:
    """The goal, 95 %, in a quarter of the epochs."""
    assert accuracy("transformer", epochs=5) >= 0.95


@pytest.mark.parametrize("norm_first", ["true", "false"])
def test_the_order_of_the_rows_counts(norm_first: str) -> None:
    """Without positions, the mean over rows would not see which row comes when."""
    network = compile_document(open_preset(f"transformer:norm_first={norm_first}")).make(0).eval()
    image = torch.rand(2, 1, 28, 28)
    assert not torch.allclose(network(image), network(image.flip(2)), atol=1e-3)
