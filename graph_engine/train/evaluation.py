"""How good a network is on samples that it is not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from graph_engine.train.measuring import Measurement
from graph_engine.train.memory import is_memory, let_go, make_room
from graph_engine.train.stepper import Stepper
from graph_engine.train.team import Team

BATCHES = 4
"""How many training batches make one here, where no gradients take memory."""


@dataclass(slots=True)
class Evaluation:
    """Evaluates a run, on `batches` training batches at once; when there is not enough memory for so many, on one ever
    after.
    """

    batches: int = BATCHES

    def of(
        self, stepper: Stepper, *, go_on: Callable[[], bool] = lambda: True, team: Team | None = None
    ) -> dict[str, float] | None:
        """As `evaluate`, of the stage in progress."""
        try:
            return self._evaluate(stepper, go_on, team)
        except (RuntimeError, MemoryError) as error:
            if self.batches == 1 or stepper.shards is not None or not is_memory(error):
                raise  # of a network that is cut up, all workers would have to begin anew
            let_go(error)
        self.batches = 1
        make_room(stepper.device)
        return self._evaluate(stepper, go_on, team)

    def _evaluate(self, stepper: Stepper, go_on: Callable[[], bool], team: Team | None) -> dict[str, float] | None:
        course = stepper.course
        return evaluate(
            [update.measurement for update in stepper.updates],
            course.validation,
            course.validation_length,
            self.batches * stepper.plan.batch_size,
            go_on=go_on,
            team=team,
        )


def evaluate(
    measurements: Sequence[Measurement],
    columns: Mapping[str, Tensor],
    length: int,
    batch_size: int,
    *,
    go_on: Callable[[], bool] = lambda: True,
    team: Team | None = None,
) -> dict[str, float] | None:
    """What is measured over all samples, by name; None when `go_on` said no on the way.

    The network is left in evaluation mode. Averages weigh each batch by its samples, or by what counts of it where
    classes are left out or weigh more, so they are those over all samples whatever the batch size; what is no average,
    such as F1, is collected over the batches and computed at the end.
    Each worker of `team` looks at its part; metrics of torchmetrics bring theirs together by themselves.
    """
    many = -(-length // batch_size)
    if team is not None and length >= team.size:
        many = -(-length // (batch_size * team.size))
        first, last = team.range(length)
        columns, length = {name: column[first:last] for name, column in columns.items()}, last - first
        batch_size = -(-length // many)  # as many batches for each worker: a network that is cut up needs all of them
    measurements[0].network.eval()
    for each in measurements:
        each.begin()
    rows: list[Tensor] = []
    with torch.inference_mode() if team is None else torch.no_grad():
        for at in range(many):
            start = at * batch_size
            if not go_on():
                return None
            batch = {name: column[start : start + batch_size] for name, column in columns.items()}
            looked = [each.look(batch, min(batch_size, length - start)) for each in measurements]
            rows.append(torch.stack([value for sums, counts in looked for value in (*sums, *counts)]))
        added = torch.stack(rows).sum(0).cpu()
        collected = {name: value for each in measurements for name, value in each.collected().items()}
    if team is not None:
        team.add_up([added])
    found: dict[str, float] = {}
    for each in measurements:
        targets = len(each.objective.targets)
        sums, counts, added = added[:targets], added[targets : 2 * targets], added[2 * targets :]
        found |= each.means((sums / counts).tolist())
    return found | collected
