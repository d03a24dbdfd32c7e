"""What the options of `layerloom train` change in a plan."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from app.cli.errors import CallError

if TYPE_CHECKING:
    from graph_engine.document import Plan

_OPTIONS = {"learning_rate": "--lr", "batch_size": "--batch-size", "sharded": "--shard", "cuda_graphs": "--cuda-graphs"}
_WHEN_RESUMED = ("epochs", "steps", "device", "sharded", "cuda_graphs")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was given; None: as the plan has it."""

    epochs: int | None = None
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    device: Literal["auto", "cpu", "cuda"] | None = None
    precision: Literal["fp32", "bf16", "fp16"] | None = None
    seed: int | None = None
    sharded: bool | None = None
    cuda_graphs: bool | None = None

    def changed(self, plan: Plan) -> Plan:
        """`plan` with what was given.

        Raises: CallError when the plan has several stages or updates and it is not clear which is meant.
        """
        self._require_simple(plan)
        stage = plan.stages[0]
        if self.epochs is not None:
            stage = replace(stage, epochs=self.epochs, steps=None)
        if self.steps is not None:
            stage = replace(stage, steps=self.steps)
        optimiser = stage.updates[0].optimiser
        if self.learning_rate is not None:
            optimiser = replace(optimiser, learning_rate=self.learning_rate)
        plan = plan.with_first(stage=stage, optimiser=optimiser)
        return replace(
            plan,
            batch_size=plan.batch_size if self.batch_size is None else self.batch_size,
            device=self.device or plan.device,
            precision=self.precision or plan.precision,
            seed=plan.seed if self.seed is None else self.seed,
            sharded=plan.sharded if self.sharded is None else self.sharded,
            cuda_graphs=plan.cuda_graphs if self.cuda_graphs is None else self.cuda_graphs,
        )

    def prolonged(self, plan: Plan) -> Plan:
        """`plan` for a run that goes on: longer, or on another device; all else stays as it began.

        Raises: CallError for anything else that was given.
        """
        for each in fields(self):
            if each.name not in _WHEN_RESUMED and getattr(self, each.name) is not None:
                option = _OPTIONS.get(each.name, f"--{each.name}")
                raise CallError(f"{option} can't be changed in a run that goes on. Leave it out, or start a new run.")
        return self.changed(plan)

    def _require_simple(self, plan: Plan) -> None:
        staged = len(plan.stages) > 1 and (self.epochs is not None or self.steps is not None)
        updates = sum(len(stage.updates) for stage in plan.stages)
        if staged or (updates > 1 and self.learning_rate is not None):
            option = "--lr" if self.learning_rate is not None else "--epochs" if self.epochs is not None else "--steps"
            raise CallError(
                f"{option} does not say which of the plan's {len(plan.stages)} stages and {updates} updates is meant. "
                "Change the plan in the document."
            )
