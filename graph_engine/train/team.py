"""Several workers on one run: who takes which samples, and how they add up what they found.

`DistributedDataParallel` is not used: it wraps the forward pass of one module with one backward pass to come, and here
an update runs whatever part of the drawing its losses need, several updates train parts of the same network in turn,
and gradients of gradients (slope penalties) are taken. What it does when a backward pass is done, adding up
gradients in buckets, is one call of `torch.distributed` at the one place where every update has its gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.utils._pytree import tree_map_only

from graph_engine.train.errors import TrainError

BUCKET = 25 << 20
"""Bytes that are sent at once, as `DistributedDataParallel` does."""

Batch = Mapping[str, Tensor]
T = TypeVar("T")


GONE = (
    "Another worker of this run is gone. The newest checkpoint is whole: torchrun begins anew from it with "
    "--max-restarts, or go on with --resume."
)


class TeamError(TrainError):
    """Another worker is gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a worker takes of a batch of `whole` samples: `count` from the one at `first`; they count `weight` of all.

    Where there are fewer samples than workers, some take the first one and count it nothing, so that all do the same.
    """

    batch: Batch
    first: int
    count: int
    whole: int
    weight: float


@dataclass(frozen=True, slots=True)
class Team:
    """This worker is number `rank` (from 0) of `size`. Every method is called by all of them, in the same order."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this is the worker that writes, tells, and hears what is wanted."""
        return self.rank == 0

    def part(self, batch: Batch) -> Part:
        """What this worker takes of a batch."""
        whole = len(next(iter(batch.values())))
        first, last = self.range(whole)
        if first == last:
            return Part({name: values[:1] for name, values in batch.items()}, 0, 1, whole, 0.0)
        rows = {name: values[first:last] for name, values in batch.items()}
        return Part(rows, first, last - first, whole, (last - first) / whole)

    def range(self, length: int) -> tuple[int, int]:
        """From where to where this worker takes `length` samples; shares differ by one at most."""
        return length * self.rank // self.size, length * (self.rank + 1) // self.size

    @torch.no_grad()
    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Put the sum over all workers in the place of each of `tensors`.

        Raises: TeamError.
        """
        with _in_words():
            sent = []
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                work = distributed.all_reduce(flat, async_op=True)
                sent.append((bucket, flat, work))
            for bucket, flat, work in sent:
                if work is not None:
                    work.wait()
                pieces = torch.split(flat, [tensor.numel() for tensor in bucket])
                torch._foreach_copy_(bucket, [one.view(each.shape) for one, each in zip(pieces, bucket, strict=True)])

    def from_first(self, find: Callable[[], T]) -> T:
        """What the first worker finds, told to all; tensors that it holds, in dicts and lists, are on the CPU: those of
        a GPU would be put on that of the first worker by all.

        Raises: TrainError when it found none, in its words; TeamError.
        """
        told: list[T | TrainError | None] = [None]
        if self.leads:
            try:
                told = [tree_map_only(Tensor, Tensor.cpu, find())]
            except TrainError as error:
                told = [TrainError(str(error), error.node)]
        with _in_words():
            distributed.broadcast_object_list(told, src=0, device=torch.device("cpu"))
        (found,) = told
        if isinstance(found, TrainError):
            raise found
        return found  # type: ignore[return-value]

    def all(self, value: bool) -> bool:
        """Whether every worker says so.

        Raises: TeamError.
        """
        said = torch.tensor([float(not value)])
        self.add_up([said])
        return not said.item()

    def wait_for_all(self) -> None:
        """Raises: TeamError."""
        with _in_words():
            distributed.all_reduce(torch.zeros(1))

    def fitted(self, network: nn.Module, device: torch.device) -> nn.Module:
        """A network whose batch norms look at the samples of all workers, where torch can do that: on GPUs."""
        if device.type != "cuda":
            return network
        synced: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return synced


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError:  # of this worker, which puts together what it sends
        raise
    except RuntimeError as error:
        raise TeamError(GONE) from error


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors of one type together, as many as are sent at once."""
    by_type: dict[torch.dtype, list[Tensor]] = {}
    for tensor in tensors:
        by_type.setdefault(tensor.dtype, []).append(tensor)
    for alike in by_type.values():
        bucket: list[Tensor] = []
        size = 0
        for tensor in alike:
            bucket.append(tensor)
            size += tensor.numel() * tensor.element_size()
            if size >= BUCKET:
                yield bucket
                bucket, size = [], 0
        if bucket:
            yield bucket
