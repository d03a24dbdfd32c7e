"""Made-up samples, for what is to be measured before there are data: memory and time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graph_engine.blocks.library.borders import Input
from graph_engine.check.values import evaluated
from graph_engine.document import Document

if TYPE_CHECKING:
    import torch
    from torch import Tensor

OPEN = 16
"""The length of an axis that an Input leaves open."""


def made_up(document: Document, inputs: Iterable[str], count: int, device: torch.device) -> dict[str, Tensor]:
    """`count` samples for each of these Input nodes: numbers from 0 to 1, and classes by chance; always the same."""
    import torch

    columns = {}
    generator = torch.Generator().manual_seed(0)
    for node in inputs:
        block = Input.make(evaluated(document.main[node].parameters, {}))
        shape = (count, *(OPEN if isinstance(length, str) else length for length in block.shape))
        if block.dtype == "int64":
            values = torch.randint(max(1, block.classes), shape, generator=generator)
        else:
            values = torch.rand(shape, generator=generator)
        columns[node] = values.to(device)
    return columns
