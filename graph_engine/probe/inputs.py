"""The inputs that probes are fed: the sample that a person picked, and some others for figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from graph_engine.data import Dataset, Samples, Served
from graph_engine.data.drawing import draw
from graph_engine.data.seeds import NOISE, mix

if TYPE_CHECKING:
    import torch
    from torch import Tensor

OTHERS = 31
"""Samples beside the chosen one over which figures are taken, when the set has so many."""
MOST_VALUES = 1 << 21
"""Values of the inputs of all of them together: fewer samples are taken of large images."""


class ProbeInputs:
    """Serves samples by their place in the data set. Keeps the last one, since it is asked for again and again."""

    def __init__(
        self,
        dataset: Dataset,
        inputs: Mapping[str, Served],
        others: Mapping[str, Tensor] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """`others` holds samples by Input node, as `Samples.validation` does."""
        self._dataset = dataset
        self._inputs = inputs
        self._device = device
        self._others = _first(others or {})
        self._last: tuple[int, dict[str, Tensor]] | None = None

    @classmethod
    def of(cls, samples: Samples, inputs: Mapping[str, Served], device: torch.device | str) -> ProbeInputs:
        """Of the samples of a run: figures are taken over those held out, or over the training set."""
        others = samples.validation if samples.validation_length else samples.train
        return cls(samples.dataset, inputs, others, device)

    def serve(self, sample: int, *, with_others: bool) -> dict[str, Tensor]:
        """A batch for every Input node, the sample first.

        Raises: DataError when there is no such sample or it can't be read.
        """
        import torch

        if self._last is None or self._last[0] != sample:
            index = sample % len(self._dataset)
            found = {node: self._served(served, index).to(self._device) for node, served in self._inputs.items()}
            self._last = (sample, found)
        chosen = self._last[1]
        if not with_others or not self._others:
            return chosen
        return {node: torch.cat([value, self._others[node]]) for node, value in chosen.items()}

    def _served(self, served: Served, index: int) -> Tensor:
        """One sample of a field, or what is drawn in its place: the same for the same index."""
        if served.drawn != "data":
            return draw(served, 1, mix(index, NOISE))
        return self._dataset.serve(served.field, served.shape, served.dtype, [index])


def _first(columns: Mapping[str, Tensor]) -> dict[str, Tensor]:
    largest = max((value[0].numel() for value in columns.values() if len(value)), default=1)
    count = min(OTHERS, MOST_VALUES // largest)
    return {node: value[:count] for node, value in columns.items()}
