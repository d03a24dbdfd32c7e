"""The settings of a training plan that the form shows: where each stands in the plan, its field and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.panels import plan_texts as texts
from app.widgets import Choice, ChoiceField, NumberField, TextField, Toggle
from graph_engine.document import Average, Judgement, Optimiser, Plan, Schedule, SetPlan, Stage, Update

_DEFAULT = Plan()


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: how its value is read from a plan and put into another."""

    name: str
    title: str
    help: str
    field: Callable[[], QWidget]
    get: Callable[[Plan], Any]
    put: Callable[[Plan, Any], Plan]
    searched: str
    """Where it is in plan, stage or update, for `plan_name`."""

    @property
    def default(self) -> Any:
        """The value in a new plan."""
        return self.get(_DEFAULT)

    def edit(self, plan: Plan) -> SetPlan:
        return SetPlan(plan)


def _of_plan(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    return Setting(
        name,
        title,
        help_text,
        field,
        lambda plan: getattr(plan, name),
        lambda plan, value: replace(plan, **{name: value}),
        name,
    )


def _of_stage(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        stage: Stage = replace(plan.stages[0], **{name: value})
        return plan.with_first(stage=stage)

    return Setting(name, title, help_text, field, lambda plan: getattr(plan.stages[0], name), put, name)


def _of_optimiser(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        optimiser: Optimiser = replace(plan.first_update.optimiser, **{name: value})
        return plan.with_first(optimiser=optimiser)

    return Setting(name, title, help_text, field, lambda plan: getattr(plan.first_update.optimiser, name), put, name)


def _of_schedule(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        schedule: Schedule = replace(plan.first_update.schedule, **{name: value})
        return plan.with_first(schedule=schedule)

    def get(plan: Plan) -> Any:
        return getattr(plan.first_update.schedule, name)

    return Setting(f"schedule_{name}", title, help_text, field, get, put, f"schedule.{name}")


def _beta(at: int, title: str, help_text: str) -> Setting:
    def get(plan: Plan) -> float:
        return plan.first_update.optimiser.betas[at]

    def put(plan: Plan, value: Any) -> Plan:
        betas = list(plan.first_update.optimiser.betas)
        betas[at] = value
        optimiser = replace(plan.first_update.optimiser, betas=cast("tuple[float, float]", tuple(betas)))
        return plan.with_first(optimiser=optimiser)

    return Setting(f"beta_{at + 1}", title, help_text, _share, get, put, f"betas.{at + 1}")


def _of_update(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        stage = plan.stages[0]
        update: Update = replace(stage.updates[0], **{name: value})
        return plan.with_first(stage=replace(stage, updates=(update, *stage.updates[1:])))

    return Setting(f"update_{name}", title, help_text, field, lambda plan: getattr(plan.first_update, name), put, name)


def _of_average(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    """A part of the running mean of weights; the decay decides whether there is one."""

    def get(plan: Plan) -> Any:
        average = plan.first_update.average
        return getattr(average or Average(), name) if name != "decay" or average is not None else None

    def put(plan: Plan, value: Any) -> Plan:
        stage = plan.stages[0]
        before = stage.updates[0].average
        average = None if value is None else replace(before or Average(), **{name: value})
        return plan.with_first(
            stage=replace(stage, updates=(replace(stage.updates[0], average=average), *stage.updates[1:]))
        )

    return Setting(f"average_{name}", title, help_text, field, get, put, f"average.{name}")


def _text(usual: Any, word: str, read: Callable[[str], Any], write: Callable[[Any], str]) -> Callable[[], QWidget]:
    """A line of text; `word` stands for the `usual` value, as does no text."""
    return lambda: texts.TextPartField(usual, read, write, {word: usual})


def _names(word: str) -> Callable[[], QWidget]:
    return _text((), word, texts.read_names, texts.write_names)


def _limit() -> QWidget:
    return NumberField(None, minimum=0.0, open_bounds="minimum", words={"none": None})


def _count(least: int = 1, words: Mapping[str, Any] | None = None) -> Callable[[], QWidget]:
    return lambda: NumberField(least, whole=True, minimum=least, words=words)


def _share() -> QWidget:
    return NumberField(0.0, minimum=0.0, maximum=1.0, open_bounds="maximum")


def _choice(*choices: Choice) -> Callable[[], QWidget]:
    return lambda: ChoiceField(choices, choices[0].value)


SECTIONS: Mapping[str, tuple[Setting, ...]] = {
    "Length": (
        _of_stage("epochs", "Epochs", "How often the whole data set is gone through.", _count()),
        _of_stage(
            "steps", "Steps", "Ends after this many steps instead, whatever the epochs say.", _count(1, {"all": None})
        ),
        _of_stage(
            "until",
            "Until",
            "Ends the stage when a series passes a value: val_accuracy > 0.95. Epochs or steps are then the most.",
            _text(None, "the end", texts.read_goal, texts.write_goal),
        ),
        _of_plan("batch_size", "Batch size", "How many samples a step looks at.", _count()),
        _of_plan(
            "validation",
            "Held out",
            "The share of the data that the network is judged by and never trained on.",
            _share,
        ),
        _of_plan(
            "patience",
            "Early stop",
            "Ends a stage after this many epochs without a better validation result.",
            lambda: NumberField(None, whole=True, minimum=1, words={"never": None}),
        ),
        _of_plan(
            "judge",
            "Judged by",
            "By what epochs are compared: the best is kept, early stop and plateaus wait for a better one.",
            _text(Judgement(), "loss", texts.read_judgement, texts.write_judgement),
        ),
    ),
    "Stage": (
        _of_stage("name", "Stage name", "How the plan calls this stage.", TextField),
        _of_stage(
            "data",
            "Classes",
            "Trains and judges on samples of some classes alone: 0–4; of another field than theirs: few: 1.",
            _text(None, "all", texts.read_part, texts.write_part),
        ),
        _of_stage(
            "loads",
            "Begins with",
            "Weights to begin with, of a run or a safetensors file: lenet5-1; teacher.safetensors for @teacher.",
            _text((), "weights of its own", texts.read_loads, texts.write_loads),
        ),
        _of_stage("resets", "Makes anew", "Nodes whose weights are drawn anew at its beginning.", _names("nothing")),
    ),
    "Update": (
        _of_update("name", "Update name", "How the plan calls this update.", TextField),
        _of_update(
            "losses",
            "Losses",
            "What it makes small: cross_entropy_1, 0.5 × mse_1.",
            _text((), "all", texts.read_losses, texts.write_losses),
        ),
        _of_update(
            "trains",
            "Trains",
            "Nodes (conv2d_1), tags (#head), composites (@encoder), nodes inside (encoder:linear_1).",
            _names("all that the losses need"),
        ),
        _of_update("freezes", "Freezes", "What it leaves as it is, named as what it trains.", _names("nothing")),
        _of_update("every", "Every", "Takes its turn in every so-many-th step.", _count()),
        _of_update("repeat", "Repeat", "Steps in a turn, each on a fresh batch: n critic steps.", _count()),
        _of_update("accumulate", "Accumulate", "Batches whose gradients make one step.", _count()),
        _of_update("clip_norm", "Gradient norm", "Gradients are scaled down to this norm at most.", _limit),
        _of_update("clip_value", "Gradient value", "Each number of a gradient is brought to at most this.", _limit),
        _of_update("clip_weights", "Weights within", "After a step weights are brought to at most this.", _limit),
        _of_average(
            "decay",
            "Running mean",
            "Decay of a running mean of the weights (EMA), such as 0.999.",
            lambda: NumberField(None, minimum=0.0, maximum=1.0, open_bounds="maximum", words={"none": None}),
        ),
        _of_average(
            "used",
            "Mean is kept",
            "The mean is what is judged, kept as best, exported, and what the next stage begins with.",
            Toggle,
        ),
        _of_average("warm_up", "Mean warms up", "The running mean follows faster at first.", Toggle),
        _of_update(
            "penalties",
            "Penalties",
            "l1 0.001; l2 0.01 of #head; gradient penalty 10 on critic_1 between input_1 and tanh_1; "
            "r1 0.1 on critic_1 at input_1; ewc 50 from first by 200 samples; orthogonal 0.0001",
            _text((), "none", texts.read_penalties, texts.write_penalties),
        ),
    ),
    "Optimiser": (
        _of_optimiser(
            "kind",
            "Optimiser",
            "How a gradient becomes a step.",
            _choice(
                Choice("sgd", "SGD", "Steps against the gradient, with momentum"),
                Choice("adam", "Adam", "Each weight has its own pace (Kingma, Ba, 2015)"),
                Choice("adamw", "AdamW", "Adam with decoupled weight decay (Loshchilov, Hutter, 2019)"),
                Choice("rmsprop", "RMSprop", "Divides by a running mean of gradient sizes (Hinton, 2012)"),
                Choice("adagrad", "AdaGrad", "Divides by all gradients so far (Duchi, Hazan, Singer, 2011)"),
                Choice("adadelta", "AdaDelta", "Steps as large as those before (Zeiler, 2012)"),
                Choice("nadam", "NAdam", "Adam with Nesterov momentum (Dozat, 2016)"),
                Choice("radam", "RAdam", "Adam that begins with care (Liu et al., 2020)"),
                Choice("adamax", "Adamax", "Adam by the largest gradient (Kingma, Ba, 2015)"),
                Choice("lion", "Lion", "Steps by the sign alone (Chen et al., 2023)"),
            ),
        ),
        _of_optimiser(
            "learning_rate",
            "Learning rate",
            "How far a step goes.",
            lambda: NumberField(1e-3, minimum=0.0, open_bounds="minimum"),
        ),
        _of_optimiser("momentum", "Momentum", "How much of the last step is kept in the next.", _share),
        _of_optimiser("nesterov", "Nesterov", "Looks ahead before it steps (Nesterov, 1983).", Toggle),
        _beta(0, "β₁", "How slowly the running mean of gradients moves."),
        _beta(1, "β₂", "How slowly the running mean of their squares moves."),
        _of_optimiser(
            "weight_decay",
            "Weight decay",
            "How strongly weights are pulled to zero.",
            lambda: NumberField(0.0, minimum=0.0),
        ),
        _of_optimiser(
            "decays",
            "Decay of",
            "Which weights are pulled to zero.",
            _choice(Choice("all", "All weights"), Choice("kernels", "All but biases and norms")),
        ),
        _of_optimiser(
            "smoothing",
            "Smoothing",
            "How slowly the running mean of squares moves.",
            lambda: NumberField(None, minimum=0.0, maximum=1.0, open_bounds="maximum", words={"as usual": None}),
        ),
        _of_optimiser(
            "epsilon",
            "ε",
            "What is added to the root that steps are divided by.",
            lambda: NumberField(None, minimum=0.0, open_bounds="minimum", words={"as usual": None}),
        ),
        _of_optimiser("amsgrad", "AMSGrad", "Divides by the largest mean so far (Reddi et al., 2018).", Toggle),
        _of_optimiser("centred", "Centred", "Divides by the spread of gradients rather than their size.", Toggle),
        _of_optimiser(
            "groups",
            "Rates",
            "Factors of the learning rate: 0.1 × #body; 10 × linear_2; with a weight decay: 1 × #head decay 0.01.",
            _text((), "one for all", texts.read_groups, texts.write_groups),
        ),
    ),
    "Schedule": (
        _of_schedule(
            "kind",
            "Learning rate",
            "How the learning rate moves over the run.",
            _choice(
                Choice("constant", "Constant"),
                Choice("step", "Steps", "Times a factor every few epochs"),
                Choice("cosine", "Cosine", "Down along half a cosine (Loshchilov, Hutter, 2017)"),
                Choice("one_cycle", "One cycle", "Up to the learning rate and down again (Smith, 2018)"),
                Choice("multi_step", "Milestones", "Times a factor after some epochs"),
                Choice("exponential", "Exponential", "Times a factor every epoch"),
                Choice("polynomial", "Polynomial", "Down by a power of what is left"),
                Choice("plateau", "Plateau", "Times a factor when it gets no better"),
            ),
        ),
        _of_schedule("every", "Every", "After how many epochs it changes.", _count()),
        _of_schedule(
            "factor",
            "Factor",
            "What it is multiplied by then.",
            lambda: NumberField(0.1, minimum=0.0, maximum=1.0, open_bounds="minimum"),
        ),
        _of_schedule(
            "floor",
            "Ends at",
            "The share of the learning rate that is left.",
            lambda: NumberField(0.0, minimum=0.0, maximum=1.0),
        ),
        _of_schedule(
            "rise",
            "Rise",
            "The share of the steps in which it goes up.",
            lambda: NumberField(0.3, minimum=0.0, maximum=1.0, open_bounds="both"),
        ),
        _of_schedule(
            "milestones",
            "Milestones",
            "The epochs after which it is multiplied: 30, 60, 80.",
            _text((), "none", texts.read_counts, texts.write_counts),
        ),
        _of_schedule("period", "Restarts", "After how many epochs it starts again.", _count(1, {"never": None})),
        _of_schedule("growth", "Longer by", "How many times as long each restart lasts.", _count()),
        _of_schedule(
            "power",
            "Power",
            "1 falls in a line, 2 in a parabola.",
            lambda: NumberField(1.0, minimum=0.0, open_bounds="minimum"),
        ),
        _of_schedule("patience", "Patience", "After how many epochs that got no better.", _count()),
        _of_schedule(
            "threshold",
            "Better by",
            "The share by which an epoch must be better to count.",
            lambda: NumberField(1e-4, minimum=0.0),
        ),
        _of_schedule("warm_up", "Warm-up", "Steps in which it first rises in a line.", _count(0)),
        _of_schedule(
            "warm_up_from",
            "Warms up from",
            "The share of the learning rate that it rises from.",
            lambda: NumberField(0.01, minimum=0.0, maximum=1.0),
        ),
    ),
    "Machine": (
        _of_plan(
            "device",
            "Device",
            "Where it is computed.",
            _choice(
                Choice("auto", "Automatic", "A GPU where there is one, else the CPU"),
                Choice("cpu", "CPU"),
                Choice("cuda", "GPU (CUDA)"),
            ),
        ),
        _of_plan(
            "precision",
            "Precision",
            "With how many digits products are computed.",
            _choice(
                Choice("fp32", "fp32", "Full precision"),
                Choice("bf16", "bf16", "Faster where the device has it; three figures"),
                Choice("fp16", "fp16", "Faster on most GPUs; gradients are scaled"),
            ),
        ),
        _of_plan("channels_last", "Channels last", "Images with their channels last in memory: often faster.", Toggle),
        _of_plan("tf32", "TF32", "Products of fp32 with ten bits on a GPU: faster, three figures.", Toggle),
        _of_plan("compiled", "Compile", "torch.compile: a slow first step, then faster; in a process.", Toggle),
        _of_plan(
            "cuda_graphs",
            "CUDA graphs",
            "On a GPU, what is compiled runs without Python between its kernels: for small steps. Not on a CPU.",
            Toggle,
        ),
        _of_plan(
            "sharded", "Shard", "Under torchrun each worker holds a part of the large weights (FSDP2), not all.", Toggle
        ),
        _of_plan(
            "seed", "Seed", "Decides weights, order and dropout: the same seed gives the same numbers.", _count(0)
        ),
    ),
}

_ADAMS = ("adam", "adamw", "nadam", "radam", "adamax", "lion")
_SHOWN_FOR: Mapping[str, tuple[str, ...]] = {
    "momentum": ("sgd", "rmsprop"),
    "nesterov": ("sgd",),
    "beta_1": _ADAMS,
    "beta_2": _ADAMS,
    "smoothing": ("rmsprop", "adadelta"),
    "epsilon": ("rmsprop", "adagrad", "adadelta", "adam", "adamw", "nadam", "radam", "adamax"),
    "amsgrad": ("adam", "adamw"),
    "centred": ("rmsprop",),
    "schedule_every": ("step",),
    "schedule_factor": ("step", "multi_step", "exponential", "plateau"),
    "schedule_floor": ("cosine", "polynomial", "plateau"),
    "schedule_rise": ("one_cycle",),
    "schedule_milestones": ("multi_step",),
    "schedule_period": ("cosine",),
    "schedule_growth": ("cosine",),
    "schedule_power": ("polynomial",),
    "schedule_patience": ("plateau",),
    "schedule_threshold": ("plateau",),
}

ADVANCED = frozenset(
    (
        "until",
        "judge",
        "decays",
        "smoothing",
        "epsilon",
        "amsgrad",
        "centred",
        "groups",
        "schedule_period",
        "schedule_growth",
        "schedule_threshold",
        "schedule_warm_up",
        "schedule_warm_up_from",
        "channels_last",
        "tf32",
        "compiled",
        "cuda_graphs",
        "sharded",
        *(setting.name for title in ("Stage", "Update") for setting in SECTIONS[title]),
    )
)
"""What only the long form shows: a plan that says other than usual of it is shown in that."""
SHORT = frozenset(("epochs", "batch_size", "kind", "learning_rate"))
"""What the short form always shows, beside the data; of the rest, what is not as usual."""


def is_shown(name: str, plan: Plan) -> bool:
    """Whether a setting means anything with the optimiser and the schedule that are chosen."""
    update = plan.first_update
    if name in ("average_used", "average_warm_up"):
        return update.average is not None
    if name == "cuda_graphs":
        return plan.compiled
    if name == "schedule_warm_up_from":
        return update.schedule.warm_up > 0
    kinds = _SHOWN_FOR.get(name)
    return kinds is None or update.optimiser.kind in kinds or update.schedule.kind in kinds
