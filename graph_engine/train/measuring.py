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
        steps = list(dict.fromkeys(objective.step_targets))
        self._counted = [(steps.index(objective.targets[at]), counting) for at, _, counting in objective.counted]
        self._labels = program.function([labels for _, labels, _ in objective.counted]) if self._counted else None
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

    def forward(self, batch: Mapping[str, Tensor], factors: Sequence[Tensor] = ()) -> Sequence[Tensor]:
        """What a step tells, the sum of the losses first. `batch` may hold more than is needed; `factors` are what the
        method of that name found for it.
        """
        values = self._computed(self._compute, batch)
        if factors:
            values = list(values)
            for (at, _), factor in zip(self._counted, factors, strict=True):
                value = values[at]  # where nothing counts, it is 0 / 0
                values[at] = torch.where(factor > 0, value, value.nan_to_num()) * factor
        return self._summed(values)

    def factors(
        self, parts: Sequence[tuple[Mapping[str, Tensor], float]], step: Sequence[Mapping[str, Tensor]]
    ) -> list[list[Tensor]]:
        """For each of `parts`, batches or parts of them with their share of the samples of `step`: what the values are
        to be multiplied by that are means over what counts, rather than over samples, so that shares of them add up to
        the mean over all that counts in the step.
        """
        if self._labels is None:
            return [[] for _ in parts]
        whole = [self._counts(batch) for batch in step]
        totals = torch.stack([torch.stack(counts) for counts in whole]).sum(0)
        found = []
        for batch, share in parts:
            at = next((at for at, each in enumerate(step) if each is batch), None)
            counts = torch.stack(whole[at] if at is not None else self._counts(batch))
            found.append(list((counts / totals / share if share else counts * 0.0).float()))
        return found

    @torch.no_grad()
    def _counts(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        if self._labels is None:
            return []
        labels = self._labels(self.network, **{name: batch[name] for name in self._labels.inputs})
        return [counting.of(each) for each, (_, counting) in zip(labels, self._counted, strict=True)]

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
