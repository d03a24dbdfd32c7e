"""Which samples are held out for validation.

The share is taken from every class (stratified), so that classes keep their proportions; the choice depends on the
seed and the labels alone. A class keeps at least one sample for training. A set too small for this (fewer than ten
samples, or one that calls itself tiny, as XOR does) is judged on the samples it is trained on. A set that comes
parted stays so: what it holds out is never trained on, whatever share is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph_engine.data.dataset import Dataset
from graph_engine.data.seeds import SPLIT, mix

if TYPE_CHECKING:
    from torch import Tensor

LEAST = 10
"""Samples below which nothing is held out."""


@dataclass(frozen=True, slots=True)
class Split:
    """Indices, int64, in ascending order.

    `validation` is empty when none is wanted; `shared`: it is the training set.
    """

    train: Tensor
    validation: Tensor
    shared: bool = False


def split(dataset: Dataset, share: float, seed: int) -> Split:
    """Hold out `share` (0 to 1) of the samples.

    Raises: DataError when the labels can't be read.
    """
    import torch

    everything = torch.arange(len(dataset))
    if dataset.held_out:
        held = torch.tensor(dataset.held_out)
        return Split(everything[~torch.isin(everything, held)], held if share else held[:0])
    if share == 0:
        return Split(everything, everything[:0])
    if dataset.tiny or len(dataset) < LEAST:
        return Split(everything, everything, shared=True)
    generator = torch.Generator().manual_seed(mix(seed, SPLIT))
    order = torch.randperm(len(dataset), generator=generator)
    label = dataset.label
    if label is None:
        held = order[: max(1, round(share * len(dataset)))]
    else:
        held = _stratified(dataset.serve(label.name, (), "int64")[order], order, share)
    mask = torch.zeros(len(dataset), dtype=torch.bool)
    mask[held] = True
    return Split(everything[~mask], everything[mask])


def _stratified(labels: Tensor, order: Tensor, share: float) -> Tensor:
    """The first of `order` from each class, so many that classes and the whole come as close to `share` as they can."""
    import torch

    places = [torch.nonzero(labels == label).flatten() for label in torch.unique(labels)]
    exact = [share * len(place) for place in places]
    counts = [int(number) for number in exact]
    missing = round(share * len(labels)) - sum(counts)
    by_rest = sorted(range(len(places)), key=lambda at: (counts[at] - exact[at], at))
    for at in by_rest[: max(missing, 0)]:
        counts[at] += 1
    counts = [min(count, len(place) - 1) for count, place in zip(counts, places, strict=True)]
    return torch.cat([order[place[:count]] for place, count in zip(places, counts, strict=True)])
