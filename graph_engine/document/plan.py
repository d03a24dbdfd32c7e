"""How to train: a plan is stages, a stage is updates, an update is losses, what they train, and an optimiser.

What is named by an *address* is a node of the main drawing (`conv2d_1`), a node inside a composite
(`bottleneck:conv2d_1`, in all of its uses), a composite (`@encoder`, all of its uses), or a tag (`#critic`, every node
that carries it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Count = Annotated[int, Ge(1)]
Share = Annotated[float, Ge(0), Lt(1)]

COMPOSITE, TAG = "@", "#"
"""What an address of a composite, or of a tag, begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightGroup:
    """Weights of an optimiser that learn at a pace of their own.

    `of` are addresses; `factor` is what the learning rate is multiplied by; `weight_decay` takes the place of the
    optimiser's (None: as that). Where two groups name a weight, the first has it.
    """

    of: Annotated[tuple[str, ...], MinLen(1)]
    factor: NotNegative = 1.0
    weight_decay: NotNegative | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Optimiser:
    """How a gradient becomes a step.

    `momentum` is that of SGD and RMSprop; `betas` are those of the Adam family and Lion. `weight_decay` is decoupled in
    AdamW and Lion (Loshchilov, Hutter, 2019), and an L2 penalty elsewhere. It pulls at all weights, or, with
    `decays="kernels"`, not at biases and not at the weights of norms. `smoothing` is how slowly the
    running mean of squares moves in RMSprop and AdaDelta, `epsilon` what is added to its root (None: as torch has it).
    """

    kind: Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "nadam", "radam", "adamax", "lion"] = "adam"
    learning_rate: Positive = 1e-3
    momentum: Share = 0.9
    nesterov: bool = False
    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: NotNegative = 0.0
    decays: Literal["all", "kernels"] = "all"
    epsilon: Positive | None = None
    smoothing: Share | None = None
    amsgrad: bool = False
    centred: bool = False
    groups: tuple[WeightGroup, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How the learning rate moves over a stage.

    step: times `factor` every `every` epochs. multi_step: times `factor` after each epoch of `milestones`. exponential:
    times `factor` every epoch. cosine: down to `floor` times the start at the end, or again and again every `period`
    epochs, each time `growth` times as long (Loshchilov, Hutter, 2017). polynomial: down to `floor` times the start at
    the end, by the power `power` of what is left. one_cycle: up to the learning rate over `rise` of the steps and down
    again (Smith, 2018). plateau: times `factor`, down to `floor` times the start, after `patience` epochs in which what
    the plan judges by was not better by the share `threshold`. Before any of them, the rate rises in a line over
    `warm_up` steps, from `warm_up_from` times itself.
    """

    kind: Literal["constant", "step", "cosine", "one_cycle", "multi_step", "exponential", "polynomial", "plateau"] = (
        "constant"
    )
    every: Count = 10
    factor: Annotated[float, Gt(0), Le(1)] = 0.1
    floor: Annotated[float, Ge(0), Le(1)] = 0.0
    rise: Annotated[float, Gt(0), Lt(1)] = 0.3
    milestones: tuple[Count, ...] = ()
    period: Count | None = None
    growth: Count = 1
    power: Positive = 1.0
    patience: Count = 10
    threshold: NotNegative = 1e-4
    warm_up: Annotated[int, Ge(0)] = 0
    warm_up_from: Annotated[float, Ge(0), Le(1)] = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightedLoss:
    """A loss node and how much it counts."""

    node: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Average:
    """A running mean of the weights that an update trains (EMA): mean ← decay · mean + (1 − decay) · weight each step.

    `warm_up` lets it follow faster at first: the decay is (1 + n) / (10 + n) while that is less. `used`: it is what is
    judged, kept as best, exported, and what the next stage begins with; else only the run's state holds it. Running
    averages of batch norms are those of the weights as they are trained.
    """

    decay: Share = 0.999
    warm_up: bool = False
    used: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Penalty:
    """What an update makes small beside its losses.

    l1: weight · Σ |w|. l2: weight / 2 · Σ w². orthogonal: weight · Σ (wᵢ·wⱼ)² over the pairs of filters of a layer, so
    that each looks for something else (Brock, Donahue, Simonyan, 2019). All three over the weights that the update
    trains, or those of `of` among them, biases and norms left out.

    gradient_penalty: weight · E (‖∇ score‖ − target)², the slope taken at random points between the values `real` and
    `fake` (Gulrajani et al., 2017). r1: weight / 2 · E ‖∇ score‖² at `real` (Mescheder et al., 2018). `real`, `fake`
    and `score` are values of the drawing: `node` or `node.port`; `score` is computed from `real`.

    ewc: weight / 2 · Σ F (w − w')², with the weights w' and the Fisher information F of the end of stage `stage`,
    estimated on `samples` samples of its data (Kirkpatrick et al., 2017).
    """

    kind: Literal["l1", "l2", "orthogonal", "gradient_penalty", "r1", "ewc"]
    weight: NotNegative = 1.0
    of: tuple[str, ...] = ()
    real: str = ""
    fake: str = ""
    score: str = ""
    target: NotNegative = 1.0
    stage: str = ""
    samples: Count = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """One optimiser's step: which losses, which nodes they train.

    Without `losses`, all loss nodes count once; without `trains` (addresses), every node that is not frozen is trained;
    those that `freezes` names are not. What is frozen, by its node or by all updates of a stage, computes as in use:
    batch norms keep their running averages, dropout drops nothing. It takes a step in each `every`-th turn, then
    `repeat` steps, each on fresh batches; the gradients of `accumulate` batches make one step, as one large batch would
    (batch norms, and losses that compare samples with each other, still see one batch at a time). The last turn of an
    epoch may have fewer batches: it accumulates these, and repeats on them again. Gradients are brought to
    a norm of at most `clip_norm`, each number of them to at most `clip_value`; weights, after the step, to at most
    `clip_weights`.
    """

    name: str = ""
    losses: tuple[WeightedLoss, ...] = ()
    trains: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    every: Count = 1
    repeat: Count = 1
    accumulate: Count = 1
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    clip_weights: Positive | None = None
    average: Average | None = None
    penalties: tuple[Penalty, ...] = ()

    @property
    def batches(self) -> int:
        """How many fresh batches a turn of it takes."""
        return self.repeat * self.accumulate


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """A value that ends a stage when it is reached: that of a series after an epoch (`val_accuracy`)."""

    series: str
    value: float
    direction: Literal["above", "below"] = "above"

    def reached(self, value: float | None) -> bool:
        if value is None:
            return False
        return value >= self.value if self.direction == "above" else value <= self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Some samples of the data set: those whose field `field` has one of `values` ("": the field of its classes)."""

    values: Annotated[tuple[int, ...], MinLen(1)]
    field: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loading:
    """Weights that a stage begins with: of `source`, a run (its best) or a safetensors file, for the nodes `of` (none:
    for all).

    Those of the same name and shape are taken.
    """

    source: str
    of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stretch of training: updates in order, for `epochs` passes over the data or `steps` steps if given.

    `until` ends it before. `data` is the part of the data set that it is trained and judged on (None: all). It begins
    with the weights that the stage before ended with (those judged at its end, not at its best), takes those of `loads`
    over, then makes those of `resets` (addresses) anew; its optimisers are new.
    """

    name: str = ""
    updates: Annotated[tuple[Update, ...], MinLen(1)] = (Update(),)
    epochs: Count = 10
    steps: Count | None = None
    until: Goal | None = None
    data: Part | None = None
    loads: tuple[Loading, ...] = ()
    resets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """By what epochs are compared: the series `name` without `val_` or `train_`, smaller or greater being better."""

    name: str = "loss"
    better: Literal["smaller", "greater"] = "smaller"


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """What a search may give the setting `of` (`learning_rate`, `conv2d_1.channels` …): one of `choices`, or a number
    from `low` to `high`, `step` apart if given, on a logarithmic scale if `log`, without fractions if `whole`.
    """

    of: str
    choices: tuple[str | int | float, ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: Positive | None = None
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How a document is trained.

    `batch_size` in samples; `validation` is the share of the data set held out; `patience` is after how many
    epochs without a better result a stage stops early (None: never), `judge` says which result. `seed` decides weights,
    order and dropout. `channels_last`, `tf32` and `compiled` are how to compute faster: images with channels last in
    memory, products in TF32 on a GPU, `torch.compile` in a run of its own process; with `cuda_graphs`, what is compiled
    is replayed on a GPU as CUDA graphs, without Python between its kernels. `sharded`: several workers, where there are
    such, each hold a part of every large weight (FSDP2) rather than all. `search` says which settings a search tries.
    """

    stages: Annotated[tuple[Stage, ...], MinLen(1)] = (Stage(),)
    batch_size: Count = 64
    validation: Share = 0.2
    seed: Annotated[int, Ge(0)] = 0
    patience: Count | None = None
    judge: Judgement = Judgement()
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    channels_last: bool = False
    tf32: bool = False
    compiled: bool = False
    cuda_graphs: bool = False
    sharded: bool = False
    search: tuple[Range, ...] = ()

    @property
    def first_update(self) -> Update:
        """The update that a simple plan consists of."""
        return self.stages[0].updates[0]

    @property
    def is_simple(self) -> bool:
        """Whether it is one stage of one update."""
        return len(self.stages) == 1 and len(self.stages[0].updates) == 1

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


WRITTEN_ALWAYS: dict[type, frozenset[str]] = {
    Optimiser: frozenset(("kind", "learning_rate", "momentum", "nesterov", "betas", "weight_decay")),
    Schedule: frozenset(("kind", "every", "factor", "floor", "rise")),
    WeightedLoss: frozenset(("node", "weight")),
    Update: frozenset(("losses", "trains", "optimiser", "schedule")),
    Stage: frozenset(("updates", "epochs", "steps")),
    Plan: frozenset(("stages", "batch_size", "validation", "seed", "patience", "device", "precision")),
}
"""What a file says of a plan whatever its value; the rest is written where it is not as usual, so that a file from
before it was there stays as it is when it is saved again."""
