"""The samples a document is trained on, in memory and on the device, split and ready to be sliced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from graph_engine.data.binding import Served
from graph_engine.data.dataset import Dataset
from graph_engine.data.drawing import draw
from graph_engine.data.errors import DataError
from graph_engine.data.seeds import NOISE, mix
from graph_engine.data.splitting import Split

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Columns = Mapping[str, "Tensor"]
"""Input node → its values for some samples, (n, *shape)."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a data set as the Input nodes take them, trained on and held out."""

    dataset: Dataset
    train: Columns
    validation: Columns
    train_length: int
    validation_length: int
    shared: bool
    drawn: Mapping[str, Served] = field(default_factory=dict)
    """Input nodes whose values are drawn anew for each epoch: those of `train` are some of them."""
    train_index: Tensor | None = None
    """Which samples of the data set are trained on, int64; `validation_index` which are held out."""
    validation_index: Tensor | None = None


def load_samples(
    dataset: Dataset, inputs: Mapping[str, Served], split: Split, device: torch.device | str = "cpu"
) -> Samples:
    """Read every field that is needed once, and move it to `device`.

    Raises: DataError when data can't be read, has no finite numbers, or does not fit in memory.
    """
    import torch

    train: dict[str, Tensor] = {}
    validation: dict[str, Tensor] = {}
    whole: dict[Served, Tensor] = {}
    drawn: dict[str, Served] = {}
    try:
        for at, (node, served) in enumerate(sorted(inputs.items())):
            if served.drawn != "data":
                drawn[node] = served
                train[node] = draw(served, len(split.train), mix(at, NOISE)).to(device)
                validation[node] = (
                    train[node] if split.shared else draw(served, len(split.validation), mix(at, NOISE, 1)).to(device)
                )
                continue
            if served not in whole:
                whole[served] = dataset.serve(served.field, served.shape, served.dtype)
            train[node] = whole[served][split.train].to(device)
            validation[node] = train[node] if split.shared else whole[served][split.validation].to(device)
    except (MemoryError, torch.OutOfMemoryError) as error:
        size = sum(prod(served.shape) for served in inputs.values()) * 4 * len(dataset)
        raise DataError(
            f"{dataset.title} takes {size / 2**30:.1f} GiB at the shapes that the inputs ask for, "
            "and there is not so much memory. Choose a smaller shape or fewer samples."
        ) from error
    return Samples(
        dataset,
        train,
        validation,
        len(split.train),
        len(split.validation),
        split.shared,
        drawn,
        split.train,
        split.validation,
    )
