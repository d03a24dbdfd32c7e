"""The settings of a training plan that the form shows: where each stands in the plan, its field and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.widgets import Choice, ChoiceField, NumberField, Toggle
from graph_engine.document import Optimiser, Plan, Schedule, SetPlan, Stage

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
    )


def _of_stage(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        stage: Stage = replace(plan.stages[0], **{name: value})
        return plan.with_first(stage=stage)

    return Setting(name, title, help_text, field, lambda plan: getattr(plan.stages[0], name), put)


def _of_optimiser(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        optimiser: Optimiser = replace(plan.first_update.optimiser, **{name: value})
        return plan.with_first(optimiser=optimiser)

    return Setting(name, title, help_text, field, lambda plan: getattr(plan.first_update.optimiser, name), put)


def _of_schedule(name: str, title: str, help_text: str, field: Callable[[], QWidget]) -> Setting:
    def put(plan: Plan, value: Any) -> Plan:
        schedule: Schedule = replace(plan.first_update.schedule, **{name: value})
        return plan.with_first(schedule=schedule)

    return Setting(
        f"schedule_{name}", title, help_text, field, lambda plan: getattr(plan.first_update.schedule, name), put
    )


def _beta(at: int, title: str, help_text: str) -> Setting:
    def get(plan: Plan) -> float:
        return plan.first_update.optimiser.betas[at]

    def put(plan: Plan, value: Any) -> Plan:
        betas = list(plan.first_update.optimiser.betas)
        betas[at] = value
        optimiser = replace(plan.first_update.optimiser, betas=cast("tuple[float, float]", tuple(betas)))
        return plan.with_first(optimiser=optimiser)

    return Setting(f"beta_{at + 1}", title, help_text, _share, get, put)


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
            "Ends the run after this many epochs without a better validation result.",
            lambda: NumberField(None, whole=True, minimum=1, words={"never": None}),
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
        _of_plan(
            "seed", "Seed", "Decides weights, order and dropout: the same seed gives the same numbers.", _count(0)
        ),
    ),
}

_SHOWN_FOR: Mapping[str, tuple[str, ...]] = {
    "momentum": ("sgd", "rmsprop"),
    "nesterov": ("sgd",),
    "beta_1": ("adam", "adamw"),
    "beta_2": ("adam", "adamw"),
    "schedule_every": ("step",),
    "schedule_factor": ("step",),
    "schedule_floor": ("cosine",),
    "schedule_rise": ("one_cycle",),
}


def is_shown(name: str, plan: Plan) -> bool:
    """Whether a setting means anything with the optimiser and the schedule that are chosen."""
    kinds = _SHOWN_FOR.get(name)
    update = plan.first_update
    return kinds is None or update.optimiser.kind in kinds or update.schedule.kind in kinds
