"""What a stage of a plan goes through: its samples, how many steps an epoch and the whole stage have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from graph_engine.data import DataError, Samples
from graph_engine.data.drawing import draw
from graph_engine.data.seeds import NOISE, mix
from graph_engine.document.plan import Part, Plan, Stage
from graph_engine.train.batches import Batches
from graph_engine.train.errors import PlanError

if TYPE_CHECKING:
    from graph_engine.compile import Program

Turn = tuple[Mapping[str, Tensor], ...]
"""The batches of one step: as many as the update that takes most."""


@dataclass(frozen=True, slots=True)
class Course:
    """`batches` is how many a step takes, `steps` how many steps the stage has at most; `validation` are the samples
    that it is judged on, by argument.
    """

    train: Batches
    validation: Mapping[str, Tensor]
    validation_length: int
    batches: int
    steps_per_epoch: int
    steps: int

    @property
    def epochs(self) -> int:
        """Epochs of the stage; one cut short counts."""
        return -(-self.steps // self.steps_per_epoch)

    def turns(self, epoch: int, start: int) -> Iterator[tuple[Turn, int]]:
        """What the steps of an epoch are taken on from step `start` on, each with its number of samples."""
        left = self.train.epoch(epoch, start * self.batches)
        if self.batches == 1:
            for batch, count in left:
                yield (batch,), count
            return
        turn: list[tuple[Mapping[str, Tensor], int]] = []
        for each in left:
            turn.append(each)
            if len(turn) == self.batches:
                yield tuple(batch for batch, _ in turn), sum(count for _, count in turn)
                turn = []
        if turn:
            yield tuple(batch for batch, _ in turn), sum(count for _, count in turn)


def course_of(stage: Stage, plan: Plan, program: Program, samples: Samples) -> Course:
    """The course of a stage.

    Raises: PlanError when it has too few samples, or its part of the data can't be told.
    """
    rows = _rows(stage.data, samples, samples.train_index) if stage.data is not None else None
    length = samples.train_length if rows is None else len(rows)
    if stage.data is not None and not length:
        values = ", ".join(map(str, stage.data.values))
        raise PlanError(f"No sample of {samples.dataset.title} is of class {values}. Choose others for the stage.")
    train = Batches(
        arguments(program, samples.train), length, plan.batch_size, plan.seed, rows=rows, drawn=_drawn(program, samples)
    )
    validation, held_out = held_out_of(stage, program, samples)
    taken = max(update.batches for update in stage.updates)
    steps_per_epoch = -(-train.steps_per_epoch // taken)
    return Course(
        train,
        validation,
        held_out,
        taken,
        steps_per_epoch,
        stage.steps if stage.steps is not None else stage.epochs * steps_per_epoch,
    )


def held_out_of(stage: Stage, program: Program, samples: Samples) -> tuple[dict[str, Tensor], int]:
    """The samples that a stage is judged on, by argument, and how many they are.

    Raises: PlanError when its part of the data can't be told.
    """
    validation = arguments(program, samples.validation)
    if stage.data is None:
        return validation, samples.validation_length
    held = _rows(stage.data, samples, samples.validation_index)
    return {name: column[held.to(column.device)] for name, column in validation.items()}, len(held)


def arguments(program: Program, columns: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values by Input node as values by argument of the program."""
    return {program.input_nodes[node]: values for node, values in columns.items()}


def _drawn(program: Program, samples: Samples) -> dict[str, Callable[[int, int], Tensor]]:
    """By argument of the program, what draws its values for the whole training set: of the plan's seed and an epoch."""

    def drawer(at: int, node: str) -> Callable[[int, int], Tensor]:
        served, length, device = samples.drawn[node], samples.train_length, samples.train[node].device
        return lambda seed, epoch: draw(served, length, mix(mix(seed, NOISE, epoch), NOISE, at)).to(device)

    return {program.input_nodes[node]: drawer(at, node) for at, node in enumerate(sorted(samples.drawn))}


def _rows(part: Part | None, samples: Samples, index: Tensor | None) -> Tensor:
    """The places, among the samples of `index`, of those in a part."""
    dataset = samples.dataset
    if part is None or index is None:
        raise PlanError(f"Which samples of {dataset.title} are in a part is not known here.")
    name = part.field or (dataset.label.name if dataset.label is not None else "")
    if not name:
        raise PlanError(f"A stage takes a part of {dataset.title}, which has no classes to choose by.")
    try:
        values = dataset.serve(name, (), "int64")
    except DataError as error:
        raise PlanError(f"A stage takes a part of the data by {name}: {error}") from error
    return torch.isin(values[index], torch.tensor(part.values)).nonzero().flatten()
