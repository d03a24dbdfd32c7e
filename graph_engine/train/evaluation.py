"""How good a network is on samples that it is not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from graph_engine.train.measuring import Measurement
from graph_engine.train.team import Team

BATCHES = 4
"""How many training batches make one here, where no gradients take memory."""


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

    The network is left in evaluation mode. Averages weigh each batch by its samples, so they are those over all samples
    whatever the batch size; what is no average, such as F1, is collected over the batches and computed at the end.
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
    names = [name for each in measurements for name in each.names]
    rows: list[Tensor] = []
    counts: list[int] = []
    with torch.inference_mode() if team is None else torch.no_grad():
        for at in range(many):
            start = at * batch_size
            if not go_on():
                return None
            batch = {name: column[start : start + batch_size] for name, column in columns.items()}
            rows.append(torch.stack([value.float() for each in measurements for value in each.look(batch)]))
            counts.append(min(batch_size, length - start))
        values = torch.stack(rows).double().cpu()  # (batches, names)
        collected = {name: value for each in measurements for name, value in each.collected().items()}
    weights = torch.tensor(counts, dtype=torch.float64)
    sums, count = weights @ values, weights.sum()
    if team is not None:
        team.add_up([sums, count])
    means = sums / count
    return dict(zip(names, means.tolist(), strict=True)) | collected
