"""How to train: a plan is stages, a stage is updates, an update is losses, what they train, and an optimiser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

Positive = Annotated[float, Gt(0)]
Count = Annotated[int, Ge(1)]
Share = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Optimiser:
    """How a gradient becomes a step.

    `momentum` is that of SGD and RMSprop; `betas` are those of Adam and AdamW. `weight_decay` is decoupled in
    AdamW and an L2 penalty elsewhere.
    """

    kind: Literal["sgd", "adam", "adamw", "rmsprop"] = "adam"
    learning_rate: Positive = 1e-3
    momentum: Share = 0.9
    nesterov: bool = False
    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: Annotated[float, Ge(0)] = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How the learning rate moves over a stage.

    step: times `factor` every `every` epochs. cosine: down to `floor` times the start at the end (Loshchilov, Hutter,
    2017). one_cycle: up to the learning rate over `rise` of the steps and down again (Smith, 2018).
    """

    kind: Literal["constant", "step", "cosine", "one_cycle"] = "constant"
    every: Count = 10
    factor: Annotated[float, Gt(0), Le(1)] = 0.1
    floor: Annotated[float, Ge(0), Le(1)] = 0.0
    rise: Annotated[float, Gt(0), Lt(1)] = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedLoss:
    """A loss node and how much it counts."""

    node: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """One optimiser's step: which losses, which nodes they train.

    Without `losses`, all loss nodes count once; without `trains`, every node that is not frozen is trained.
    """

    losses: tuple[WeightedLoss, ...] = ()
    trains: tuple[str, ...] = ()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stretch of training: updates in order, for `epochs` passes over the data or `steps` steps if given."""

    updates: Annotated[tuple[Update, ...], MinLen(1)] = (Update(),)
    epochs: Count = 10
    steps: Count | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How a document is trained.

    `batch_size` in samples; `validation` is the share of the data set held out; `patience` is after how many
    epochs without a better validation result the run stops early (None: never). `seed` decides weights,
    order and dropout.
    """

    stages: Annotated[tuple[Stage, ...], MinLen(1)] = (Stage(),)
    batch_size: Count = 64
    validation: Share = 0.2
    seed: Annotated[int, Ge(0)] = 0
    patience: Count | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"

    @property
    def first_update(self) -> Update:
        """The update that a simple plan consists of."""
        return self.stages[0].updates[0]

    def with_first(
        self, *, stage: Stage | None = None, optimiser: Optimiser | None = None, schedule: Schedule | None = None
    ) -> Plan:
        """This plan with parts of its first stage exchanged: what a simple classifier's form edits."""
        first = stage or self.stages[0]
        update = first.updates[0]
        update = replace(update, optimiser=optimiser or update.optimiser, schedule=schedule or update.schedule)
        first = replace(first, updates=(update, *first.updates[1:]))
        return replace(self, stages=(first, *self.stages[1:]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """Which data the document is trained on.

    `dataset` is the name of a built-in set or a path. `fields` maps input nodes to fields of the set; an input that is
    not named takes the field that fits its name and shape.
    """

    dataset: str = "digits"
    fields: tuple[tuple[str, str], ...] = ()
