"""An update of several workers each of which holds a part of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.train.sharding import Shards, local_of
from graph_engine.train.shared_update import SharedUpdate
from graph_engine.train.team import Part
from graph_engine.train.updates import Batch, in_full


class ShardedUpdate(SharedUpdate):
    """As `SharedUpdate`, but that FSDP adds up the gradients of what is cut up, each worker having those of its part,
    on which its optimiser works.
    """

    def __init__(self, shards: Shards, *args: Any, **options: Any) -> None:
        self._shards = shards
        self._device: torch.device = options["device"]
        super().__init__(shards.team, *args, **options)
        if any(kind in ("gradient_penalty", "r1") for kind in self.penalties.kinds):
            shards.hold()

    @property
    def parameters_in_order(self) -> list[nn.Parameter]:
        """As the optimiser numbers them."""
        owners = {id(self._shards.piece(parameter)): parameter for parameter in self.parameters}
        return [owners[id(piece)] for group in self.optimiser.param_groups for piece in group["params"]]

    def step(self, batches: Sequence[Batch], step: int) -> list[Tensor]:
        values = super().step(batches, step)
        self._shards.reshard()
        return values

    def descend(self, step: int) -> None:
        self._shards.lend(self.parameters)
        super().descend(step)

    def gradients_of(self, loss: Tensor) -> list[Tensor | None]:
        """Of the pieces that this worker has; every worker has the same loss."""
        self.clear()
        torch.autograd.backward(loss)
        found = [
            None if each.grad is None else local_of(each.grad) / (self._team.size if self._shards.has(each) else 1)
            for each in self.parameters
        ]
        self.clear()
        self._shards.reshard()
        return found

    def clear(self) -> None:
        super().clear()
        for piece in self.pieces:
            piece.grad = None

    def _stepped(self, parameters: Sequence[nn.Parameter]) -> list[nn.Parameter]:
        return [self._shards.piece(parameter) for parameter in parameters]

    def each_takes_all(self) -> AbstractContextManager[None]:
        return self._shards.each_takes_all()

    def backward(self, batch: Batch, loss: Tensor, share: float = 1.0) -> list[Tensor]:
        """Of a batch that every worker has."""
        return self._backward(batch, loss, share, 1.0)

    def _take(self, part: Part, share: float, factors: Sequence[Tensor]) -> list[Tensor]:
        values = self.forward(part.batch, factors)
        told = self._backward(part.batch, values[0], share, part.weight)
        return [share * part.weight * value.detach() for value in values] + told

    def _backward(self, batch: Batch, loss: Tensor, share: float, weight: float) -> list[Tensor]:
        """`batch` counts `weight` of what is `share` of the step."""
        extra = self.penalties.of_part(batch, share, weight)
        self.differentiate(torch.stack([share * weight * in_full(loss), *extra]).sum())
        return [each.detach() for each in extra]

    def _unscale(self, scaler: torch.amp.GradScaler) -> None:
        """A step is skipped by all workers when the gradients of one are not finite."""
        grads = [each.grad for each in self.pieces if each.grad is not None]
        fine = self._team.all(bool(torch.stack([grad.isfinite().all() for grad in grads]).all()))
        if not fine:
            for grad in grads:
                grad.fill_(torch.inf)
        super()._unscale(scaler)

    def _to_add_up(self) -> list[Tensor]:
        return [each.grad for each in self.parameters if each.grad is not None and not self._shards.has(each)]

    def _clip_norm(self, most: float) -> None:
        grads = [
            (piece.grad, self._shards.has(parameter))
            for parameter, piece in zip(self.parameters, self.pieces, strict=True)
            if piece.grad is not None
        ]
        cut, whole = (
            nn.utils.get_total_norm([grad for grad, is_cut in grads if is_cut is wanted]).to(self._device).square()
            for wanted in (True, False)
        )
        self._team.add_up([cut])
        nn.utils.clip_grads_with_norm_(self.pieces, most, (cut + whole).sqrt())
