"""Batches sliced from memory, in an order that the seed and the number of the epoch decide.

The last batch of an epoch may be smaller. One of a single sample is left out (batch norm can't be trained on it),
unless batches of one are wanted; with another order each epoch, every sample gets its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from graph_engine.data.seeds import ORDER, mix
from graph_engine.train.errors import PlanError

if TYPE_CHECKING:
    from torch import Tensor

CHUNK_BATCHES = 32
"""Batches whose samples are gathered at once: slicing them is then nearly free."""
CHUNK_BYTES = 1 << 26
"""Bytes that such a chunk takes at most, unless a single batch takes more."""


class Batches:
    """The training samples, as batches by argument name."""

    def __init__(
        self,
        columns: Mapping[str, Tensor],
        length: int,
        size: int,
        seed: int,
        *,
        rows: Tensor | None = None,
        drawn: Mapping[str, Callable[[int, int], Tensor]] | None = None,
    ) -> None:
        """`columns` maps an argument to the values of all samples, (samples, *shape); `rows` are the `length` places of
        those that are meant (None: all). `drawn` maps an argument to what gives its values for a seed and an epoch.

        Raises: PlanError when there are fewer samples than a batch takes.
        """
        if size > length:
            raise PlanError(
                f"A batch takes {size} samples, but only {length} are there to be trained on. "
                f"Set the batch size to {length} or less, or hold out fewer for validation."
            )
        self.columns = columns
        self.length = length
        self.size = size
        self.seed = seed
        self.rows = rows
        self._drawn = dict(drawn or {})
        whole, rest = divmod(length, size)
        self.steps_per_epoch = whole + (rest > 1)
        row = sum(column[0].numel() * column.element_size() for column in columns.values())
        self._chunk = max(1, min(CHUNK_BATCHES, CHUNK_BYTES // max(row * size, 1)))

    def order(self, epoch: int) -> Tensor:
        """The samples in the order of epoch `epoch` (from 0), int64."""
        import torch

        generator = torch.Generator().manual_seed(mix(self.seed, ORDER, epoch))
        order = torch.randperm(self.length, generator=generator)
        return order if self.rows is None else self.rows[order]

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[dict[str, Tensor], int]]:
        """The batches of an epoch from batch `start`, each with its number of samples."""
        import torch

        device = next(iter(self.columns.values())).device
        order = self.order(epoch).to(device)
        columns = {**self.columns, **{name: values(self.seed, epoch) for name, values in self._drawn.items()}}
        names = tuple(columns)
        for first in range(start, self.steps_per_epoch, self._chunk):
            last = min(first + self._chunk, self.steps_per_epoch)
            chosen = order[first * self.size : last * self.size]
            parts = [torch.split(columns[name].index_select(0, chosen), self.size) for name in names]
            for values in zip(*parts, strict=True):
                yield dict(zip(names, values, strict=True)), len(values[0])
