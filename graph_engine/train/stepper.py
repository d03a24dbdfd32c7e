"""The part of training that takes steps: network, updates of the current stage, batches, and the place they have
reached.

Its whole state is data: `state` and `restore` take it out and put it back, so that a run can be saved at any step,
and a bad step be looked for by going back. Noise (dropout) is seeded anew for every step from the seed and the number
of the step.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graph_engine.compile.randomness import RANDOM
from graph_engine.data import Samples
from graph_engine.data.seeds import STEP, mix
from graph_engine.document import Document
from graph_engine.train.batches import Batches
from graph_engine.train.feed import Progress
from graph_engine.train.objectives import objectives_of
from graph_engine.train.updates import ActiveUpdate, frozen_modules

if TYPE_CHECKING:
    from graph_engine.compile import Program

State = dict[str, Any]
"""Plain values and tensors, such as `torch.load(weights_only=True)` reads."""


@dataclass(slots=True)
class Position:
    """How far training has come: what is done, in stages, epochs and steps.

    `stage_step` and `epoch_step` count within the stage and the epoch in progress; `epoch` and `step` over all.
    """

    stage: int = 0
    stage_step: int = 0
    stage_epoch: int = 0
    epoch: int = 0
    epoch_step: int = 0
    step: int = 0


class Stepper:
    """Takes the steps of a plan. Not safe for several threads at once."""

    def __init__(self, document: Document, program: Program, samples: Samples, device: torch.device) -> None:
        """Makes the network from the plan's seed.

        Raises: PlanError when plan, document and data do not fit together.
        """
        self.document = document
        self.plan = document.plan
        self.program = program
        self.device = device
        self.network = program.make(self.plan.seed).to(device)
        self.batches = Batches(
            arguments(program, samples.train), samples.train_length, self.plan.batch_size, self.plan.seed
        )
        self.position = Position()
        self.updates: list[ActiveUpdate] = []
        frozen = frozen_modules(self.network, program, document)
        self._frozen_weights = [weight for module in frozen for weight in module.parameters()]
        self._frozen = [module for module in frozen if any(True for _ in module.buffers())]
        self._draws = True  # whether a step draws random numbers: found out at the first one of a stage
        self._knows_noise = False
        self.stage_steps = tuple(
            chosen.steps if chosen.steps is not None else chosen.epochs * self.batches.steps_per_epoch
            for chosen in self.plan.stages
        )
        for stage in reversed(range(len(self.plan.stages))):  # each once, so that a fault shows before the first step
            self.enter(stage)

    @property
    def total_steps(self) -> int:
        return sum(self.stage_steps)

    @property
    def total_epochs(self) -> int:
        """Epochs of all stages; one cut short counts."""
        return sum(-(-steps // self.batches.steps_per_epoch) for steps in self.stage_steps)

    @property
    def stage_is_over(self) -> bool:
        return self.position.stage_step >= self.stage_steps[self.position.stage]

    @property
    def epoch_is_over(self) -> bool:
        return self.stage_is_over or self.position.epoch_step >= self.batches.steps_per_epoch

    @property
    def names(self) -> list[str]:
        """What a step measures."""
        return [name for update in self.updates for name in update.objective.names]

    def enter(self, stage: int) -> None:
        """Begin a stage: its updates with fresh optimisers."""
        chosen = self.plan.stages[stage]
        self.position.stage, self.position.stage_step, self.position.stage_epoch = stage, 0, 0
        self.updates = [
            ActiveUpdate(
                update,
                objective,
                self.program,
                self.network,
                self.plan,
                device=self.device,
                steps=self.stage_steps[stage],
                steps_per_epoch=self.batches.steps_per_epoch,
                frozen=self._frozen_weights,
            )
            for update, objective in zip(chosen.updates, objectives_of(self.document.main, chosen), strict=True)
        ]
        self.train_only(*self.updates)
        self._draws, self._knows_noise = True, False
        self.train_mode()

    def train_mode(self) -> None:
        """Modules as training wants them: frozen batch norms keep their running averages."""
        self.network.train()
        for module in self._frozen:
            module.eval()

    def batches_left(self) -> Iterator[tuple[dict[str, Tensor], int]]:
        """The batches still to come until the epoch or the stage ends, each with its number of samples."""
        at = self.position
        left = self.stage_steps[at.stage] - at.stage_step
        return islice(self.batches.epoch(at.epoch, at.epoch_step), left)

    def step(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        """One step of every update on a batch; what `names` name, detached, on the device."""
        values = self._step_with_noise(batch) if self._draws else self._step_each(batch)
        self.advance()
        return values

    def advance(self) -> None:
        """Count a step as done."""
        self.position.step += 1
        self.position.stage_step += 1
        self.position.epoch_step += 1

    def seed_noise(self) -> None:
        """Let the random numbers of this step depend on the seed and the step alone."""
        seed = mix(self.plan.seed, STEP, self.position.step)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def finish_epoch(self) -> None:
        """Count the epoch in progress as done."""
        self.position.epoch += 1
        self.position.stage_epoch += 1
        self.position.epoch_step = 0

    def state(self) -> State:
        """All that changes from step to step but the weights, as live tensors: save or copy it before the next step."""
        return {"position": asdict(self.position), "updates": [update.state_dict() for update in self.updates]}

    def weights(self) -> dict[str, Tensor]:
        """The network's state dict, live."""
        return dict(self.network.state_dict())

    def restore(self, weights: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go (back) to where `weights` and `state` were taken; they are copied, so that this may be done again."""
        self.network.load_state_dict(dict(weights))
        self.enter(state["position"]["stage"])
        self.position = Position(**state["position"])
        for update, saved in zip(self.updates, state["updates"], strict=True):
            update.load_state_dict(copy.deepcopy(saved))

    def _step_with_noise(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        with RANDOM:
            self.seed_noise()
            before = None if self._knows_noise else torch.default_generator.get_state()
            values = self._step_each(batch)
            if before is not None and self.device.type == "cpu":
                self._draws = not torch.equal(before, torch.default_generator.get_state())
            self._knows_noise = True
        return values

    def _step_each(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        if len(self.updates) == 1:
            return self.updates[0].step(batch, self.position.stage_step)
        values = []
        for update in self.updates:
            self.train_only(update)
            values += update.step(batch, self.position.stage_step)
        return values

    def train_only(self, *updates: ActiveUpdate) -> None:
        """Let gradients be computed for the parameters of `updates` alone."""
        trained = {id(parameter) for update in updates for parameter in update.parameters}
        for parameter in self.network.parameters():
            parameter.requires_grad_(id(parameter) in trained)


def arguments(program: Program, columns: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values by Input node as values by argument of the program."""
    return {program.input_nodes[node]: values for node, values in columns.items()}


def progress_of(stepper: Stepper, seconds: float, first: int) -> Progress:
    """Where training stands `seconds` into a session that began after `first` steps: place, pace, what is left."""
    at = stepper.position
    taken = at.step - first
    pace = seconds / taken if taken and seconds > 0 else None  # s a step, evaluation included
    return Progress(
        stage=at.stage + 1,
        stages=len(stepper.plan.stages),
        epoch=at.epoch,
        epochs=stepper.total_epochs,
        step=at.step,
        steps=stepper.total_steps,
        rate=stepper.plan.batch_size / pace if pace else None,
        eta=pace * (stepper.total_steps - at.step) if pace else None,
    )


def finite(network: nn.Module) -> bool:
    """Whether every weight and running average is a finite number. Waits for the device once."""
    checks = [tensor.isfinite().all() for tensor in network.state_dict().values() if tensor.is_floating_point()]
    return not checks or bool(torch.stack(checks).all().item())
