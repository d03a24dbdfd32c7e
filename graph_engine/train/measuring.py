"""Computing what an objective names, in training and in evaluation alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graph_engine.document.plan import Plan
from graph_engine.train.collecting import Collection
from graph_engine.train.devices import autocast_type
from graph_engine.train.objectives import Objective

if TYPE_CHECKING:
    from graph_engine.compile import Computation, Program


class Measurement:
    """Losses and metrics of one objective on a batch."""

    def __init__(
        self, objective: Objective, program: Program, network: nn.Module, plan: Plan, device: torch.device
    ) -> None:
        self.objective = objective
        self.names = objective.names
        self.network = network
        self._compute = self._as_written = program.function(objective.step_targets)
        self._collections = [Collection(each) for each in objective.collected]
        shown = [operand for each in objective.collected for operand in each.operands]
        shown += [labels for _, labels, _ in objective.counted]
        self._compute_all = program.function([*objective.targets, *shown]) if shown else self._compute
        self._device = device
        self._autocast = autocast_type(plan)

    def compile(self, *, cuda_graphs: bool) -> None:
        """Compile what a step computes. Evaluations, whose batches are of other sizes, are computed as they are."""
        self._compute = self._as_written.compiled(cuda_graphs=cuda_graphs)

    @contextmanager
    def not_compiled(self) -> Iterator[None]:
        """Within, steps are computed as they are written."""
        compute, self._compute = self._compute, self._as_written
        try:
            yield
        finally:
            self._compute = compute

    def forward(self, batch: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """What a step tells, the sum of the losses first. `batch` may hold more than is needed."""
        return self._summed(self._computed(self._compute, batch))

    def begin(self) -> None:
        """Before the first batch of an evaluation."""
        for collection in self._collections:
            collection.begin()

    def look(self, batch: Mapping[str, Tensor], samples: int) -> tuple[list[Tensor], list[Tensor]]:
        """In an evaluation, on `samples` samples: the sum of each of the objective's targets over what counts, and how
        much that is, scalars of double precision. What is no average over batches is collected.
        """
        values = self._computed(self._compute_all, batch)
        targets = len(self.objective.targets)
        for at, collection in enumerate(self._collections):
            collection.show(values[targets + 2 * at : targets + 2 * at + 2])
        counts = [torch.tensor(float(samples), dtype=torch.float64, device=self._device)] * targets
        first = targets + 2 * len(self._collections)
        for labels, (at, _, counting) in zip(values[first:], self.objective.counted, strict=True):
            counts[at] = counting.of(labels)
        sums = [
            torch.where(count > 0, value.double() * count, 0.0)  # where nothing counts, there is no value
            for value, count in zip(values[:targets], counts, strict=True)
        ]
        return sums, counts

    def means(self, means: Sequence[float]) -> dict[str, float]:
        """After the last batch of an evaluation: what `names` name, from the means of the objective's targets."""
        weights = self.objective.weights
        total = sum(weight * mean for weight, mean in zip(weights, means, strict=False))
        each = means[: len(weights)] if len(weights) > 1 else []
        told = (total, *each, *means[len(weights) :])
        return dict(zip(self.names, told, strict=True))

    def collected(self) -> dict[str, float]:
        """After the last batch of an evaluation: the values that are no averages, by name."""
        return {each.collected.name: each.value() for each in self._collections}

    def in_precision(self) -> AbstractContextManager[object]:
        """Computing as precisely as the plan says."""
        if self._autocast is None:
            return nullcontext()
        return torch.autocast(self._device.type, self._autocast)

    def _computed(self, compute: Computation, batch: Mapping[str, Tensor]) -> Sequence[Tensor]:
        needed = {name: batch[name] for name in compute.inputs}
        if self._autocast is None:
            return compute(self.network, **needed)
        with self.in_precision():
            return compute(self.network, **needed)

    def _summed(self, values: Sequence[Tensor]) -> Sequence[Tensor]:
        objective = self.objective
        if objective.is_plain:
            return values
        losses = values[: len(objective.weights)]
        total = torch.stack([weight * loss for weight, loss in zip(objective.weights, losses, strict=True)]).sum()
        return [total, *(losses if len(losses) > 1 else ()), *values[len(losses) :]]
