"""The part of training that takes steps: network, updates of the current stage, batches, and the place they have
reached.

Its whole state is data: `state` and `restore` take it out and put it back, so that a run can be saved at any step,
and a bad step be looked for by going back. Noise (dropout) is seeded anew for every step from the seed and the number
of the step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graph_engine.compile.randomness import RANDOM
from graph_engine.data import Samples
from graph_engine.data.seeds import STEP, mix
from graph_engine.document import Document
from graph_engine.document.plan import Plan
from graph_engine.train.averaging import WeightMean
from graph_engine.train.beginnings import FindWeights, Loaded, load, remember, reset, weights_of_file
from graph_engine.train.carrying import carry_over
from graph_engine.train.course import Course, Turn, course_of
from graph_engine.train.errors import PlanError
from graph_engine.train.layouts import lay_channels_last
from graph_engine.train.objectives import objectives_of
from graph_engine.train.penalties import Memory, elastic_penalties, require_memories
from graph_engine.train.position import Position
from graph_engine.train.recurrence import dropouts, let_gradients_through
from graph_engine.train.sharded_update import ShardedUpdate
from graph_engine.train.sharding import Shards, local_of, piece_of, put
from graph_engine.train.shared_update import SharedUpdate
from graph_engine.train.team import Team
from graph_engine.train.updates import ActiveUpdate, frozen_modules, modules_at_rest

if TYPE_CHECKING:
    from graph_engine.compile import Program

State = dict[str, Any]
"""Plain values and tensors, such as `torch.load(weights_only=True)` reads."""


class Stepper:
    """Takes the steps of a plan. Not safe for several threads at once."""

    def __init__(
        self,
        document: Document,
        program: Program,
        samples: Samples,
        device: torch.device,
        find_weights: FindWeights = weights_of_file,
        team: Team | None = None,
    ) -> None:
        """Makes the network from the plan's seed. `find_weights` knows the runs that stages begin with; each step is
        shared by the workers of `team`.

        Raises: PlanError when plan, document and data do not fit together.
        """
        self.document = document
        self.plan = document.plan
        self.program = program
        self.device = device
        self.shards: Shards | None = None
        """What of the network is cut up over the workers of a team, where the plan says so."""
        self._update: Callable[..., ActiveUpdate] = ActiveUpdate
        self.network = program.make(self.plan.seed)
        if team is not None:
            self.network = team.fitted(self.network, device)
            self._update = partial(SharedUpdate, team)
        if team is not None and self.plan.sharded:
            self.shards = Shards(self.network, team, device, keep_whole=program.paths_read)
            self._update = partial(ShardedUpdate, self.shards)
        if self.plan.channels_last:
            lay_channels_last(self.network)
        self.network.to(device)
        self._samples = samples
        self.courses = self._courses(self.plan)
        self.position = Position()
        self.updates: list[ActiveUpdate] = []
        self.memories: dict[str, Memory] = {}
        """What stages that are over left for elastic weight consolidation, by name."""
        self.idle = torch.tensor(float("nan"), device=device)
        """Stands for what an update would have told, had it taken a step."""
        self._find_weights = find_weights
        self._dropouts = dropouts(self.network)
        self._find_frozen()
        self._resting: list[nn.Module] = []  # frozen by every update of the stage
        self._draws = True  # whether a step draws random numbers: found out at the first ones of a stage
        self._knows_noise = False
        self._is_plain = True
        self._is_midway = False
        self._began_at: int | None = None  # the steps that were done before the one that is midway
        self._is_compiled = False
        self._as_graphs = False
        self._names: dict[nn.Parameter, list[str]] = {}
        for name, weight in self.network.named_parameters(remove_duplicate=False):
            self._names.setdefault(weight, []).append(name)
            if self.shards is not None:
                self._names[self.shards.piece(weight)] = self._names[weight]
        for stage in reversed(range(len(self.plan.stages))):  # each once, so that a fault shows before the first step
            self.enter(stage)
        require_memories(self.plan)

    @property
    def course(self) -> Course:
        """That of the stage in progress."""
        return self.courses[self.position.stage]

    def change(self, document: Document) -> None:
        """Go on by another plan, or with other nodes frozen. What optimisers remember of weights still trained stays.

        Another batch size counts the epochs that are done as if they had had it; an epoch in progress begins again.
        Schedules go on where they were.

        Raises: PlanError when that does not fit; then nothing has changed.
        """
        before = (self.document, self.plan, self.courses, self.updates, self._resting, self._is_plain, self.position)
        place, done = replace(self.position), self.position.stage_step
        try:
            self.document, self.plan = document, document.plan
            self._find_frozen()
            if _lengths(self.plan) != _lengths(before[1]):
                self.courses = self._courses(self.plan)
                if self.course.steps_per_epoch != before[2][place.stage].steps_per_epoch:
                    place.epoch_step = 0
                    if self.plan.stages[place.stage].steps is None:
                        done = place.stage_epoch * before[2][place.stage].steps_per_epoch
                        place.stage_step = place.stage_epoch * self.course.steps_per_epoch
            self.position = replace(place)
            self.enter(place.stage)
        except PlanError:
            self.document, self.plan, self.courses, self.updates, self._resting, self._is_plain, self.position = before
            self._find_frozen()
            self.train_only(*self.updates)
            self.train_mode()
            raise
        self.position = place
        for old, new in zip(before[3], self.updates, strict=True):
            carry_over(old, new)
            new.go_on_from(old, done, place.stage_step)

    def require(self, plan: Plan) -> None:
        """Raises: PlanError when the data don't do for the stages of `plan`."""
        self._courses(plan)

    @property
    def total_steps(self) -> int:
        """Steps done and still to be done."""
        at = self.position
        return at.step - at.stage_step + sum(course.steps for course in self.courses[at.stage :])

    @property
    def total_epochs(self) -> int:
        """Epochs of all stages; one cut short counts."""
        return sum(course.epochs for course in self.courses)

    @property
    def stage_is_over(self) -> bool:
        return self.position.stage_done or self.position.stage_step >= self.course.steps

    @property
    def epoch_is_over(self) -> bool:
        return self.stage_is_over or self.position.epoch_step >= self.course.steps_per_epoch

    @property
    def names(self) -> list[str]:
        """What a step measures."""
        return [name for update in self.updates for name in update.names]

    @property
    def is_sparse(self) -> bool:
        """Whether some update does not take a step each time."""
        return any(update.update.every > 1 for update in self.updates)

    def begin(self) -> list[Loaded]:
        """Before the first step of the stage entered: load and reset what it begins with; what was loaded.

        Raises: PlanError when there is nothing to load.
        """
        number = self.position.stage
        stage = self.plan.stages[number]
        with torch.no_grad():
            loaded = [load(each, self.document, self.program, self.network, self._find_weights) for each in stage.loads]
            reset(stage, number, self.document, self.program, self.network, self.plan.seed)
        if stage.loads or stage.resets:
            self.enter(number)  # so that running means begin with these weights
        return loaded

    def go_on(self) -> list[Loaded]:
        """Leave the stage that is over for the next, and begin that, with the weights that were judged and kept:
        running means, where the plan says so.
        """
        stage = self.plan.stages[self.position.stage]
        for mean in self._means():
            mean.settle()
        wanted = [each.samples for each in elastic_penalties(self.plan) if each.stage and each.stage == stage.name]
        if wanted:
            self.memories[stage.name] = remember(self.updates, self.course, max(wanted), self.plan.seed)
        self.enter(self.position.stage + 1)
        return self.begin()

    def enter(self, stage: int) -> None:
        """Stand before the first step of a stage: its updates with fresh optimisers."""
        chosen = self.plan.stages[stage]
        at = self.position
        at.stage, at.stage_step, at.stage_epoch, at.stage_done = stage, 0, 0, False
        self.updates = [
            self._update(
                update,
                objective,
                self.document,
                self.program,
                self.network,
                self.plan,
                device=self.device,
                steps=self.course.steps,
                steps_per_epoch=self.course.steps_per_epoch,
                frozen=self._frozen_weights,
                memories=self.memories,
            )
            for update, objective in zip(chosen.updates, objectives_of(self.document, chosen), strict=True)
        ]
        if self._is_compiled:
            self._compile()
        self._is_plain = len(self.updates) == 1 and self.course.batches == 1 and not self.is_sparse
        self._resting = modules_at_rest(self.network, self.program, self.document, chosen.updates)
        self.train_only(*self.updates)
        self._draws, self._knows_noise = True, False
        self.train_mode()

    def compile(self) -> None:
        """Let `torch.compile` make what steps compute, from the next one on; on a GPU as CUDA graphs, if the plan says
        so.
        """
        self._is_compiled = True
        self._compile()

    def _compile(self) -> None:
        self._as_graphs = self.plan.cuda_graphs and self.device.type == "cuda" and self.shards is None
        for update in self.updates:  # gradients that several batches add to must not lie in what a graph writes over
            update.measurement.compile(cuda_graphs=self._as_graphs and update.update.accumulate == 1)

    def _find_frozen(self) -> None:
        self._frozen = frozen_modules(self.network, self.program, self.document)
        self._frozen_weights = [weight for module in self._frozen for weight in module.parameters()]

    def _courses(self, plan: Plan) -> list[Course]:
        return [course_of(stage, plan, self.program, self._samples) for stage in plan.stages]

    def train_mode(self) -> None:
        """Modules as training wants them: what is frozen computes as in use, so that batch norms keep their running
        averages and dropout drops nothing.
        """
        self.network.train()
        for module in (*self._frozen, *self._resting):
            module.eval()
        let_gradients_through(self._dropouts)

    @contextmanager
    def as_judged(self) -> Iterator[None]:
        """Within, the network has the weights that are judged and kept: running means, where the plan says so."""
        with ExitStack() as stack:
            for mean in self._means():
                stack.enter_context(mean.in_place())
            yield

    def turns_left(self) -> Iterator[tuple[Turn, int]]:
        """What the steps still to come until the epoch or the stage ends are taken on, each with its number of
        samples.
        """
        at = self.position
        return islice(self.course.turns(at.epoch, at.epoch_step), self.course.steps - at.stage_step)

    def step(self, turn: Turn) -> list[Tensor]:
        """One step: a turn of every update; what `names` name, detached, on the device."""
        self._is_midway, self._began_at = True, self.position.step
        for update in self.updates:
            update.has_stepped = False
        values = self._step_with_noise(turn) if self._draws else self._step_each(turn)
        self.advance()
        self._is_midway = False
        return values

    def count_as_not_done(self) -> None:
        """After an error: a step that was broken off is not done, even if it was counted."""
        at = self.position
        if self._is_midway and self._began_at is not None and at.step > self._began_at:
            at.step, at.stage_step, at.epoch_step = at.step - 1, at.stage_step - 1, at.epoch_step - 1

    @property
    def is_whole(self) -> bool:
        """Whether weights and state are those of `position`: no step was broken off after it had changed something."""
        touched = any(update.has_stepped for update in self.updates) or next(self.network.buffers(), None) is not None
        return not (self._is_midway and touched)

    def judge(self, value: float | None) -> None:
        """After an epoch: what the plan judges by, for schedules that wait for a plateau; None: it was not measured."""
        for update in self.updates:
            if value is not None:
                update.judge(value, greater=self.plan.judge.better == "greater")

    def parts(self, turn: Turn) -> Iterator[tuple[ActiveUpdate, Turn, bool]]:
        """The optimisers' steps of a turn: the update, the batches it takes, whether it is the update's last. One that
        does not take its turn gets no batches.
        """
        for update in self.updates:
            chosen = update.update
            if (self.position.stage_step + 1) % chosen.every:
                yield update, (), True
                continue
            many = min(chosen.accumulate, len(turn))
            for number in range(chosen.repeat):
                first = number * chosen.accumulate
                batches = tuple(turn[(first + at) % len(turn)] for at in range(many))
                yield update, batches, number == chosen.repeat - 1

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
        return {
            "position": asdict(self.position),
            "updates": [update.state_dict() for update in self.updates],
            "live": {name: weight.detach() for name, weight in self._live()},
            "memories": {
                name: {"anchors": dict(memory.anchors), "fisher": dict(memory.fisher)}
                for name, memory in self.memories.items()
            },
        }

    def weights(self) -> dict[str, Tensor]:
        """The network's state dict, live, with running means for weights where the plan says that these are used. Of
        what is cut up, the pieces of this worker.
        """
        weights = {name: local_of(value) for name, value in self.network.state_dict().items()}
        for mean in self._means():
            if mean.steps:
                for parameter, value in zip(mean.parameters, mean.means, strict=True):
                    weights |= dict.fromkeys(self._names[parameter], value)
        return weights

    def restore(self, weights: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go (back) to where `weights` and `state` were taken; they are copied, so that this may be done again."""
        self._is_midway, self._began_at = True, None
        self._load({**weights, **state.get("live", {})})
        self.memories.clear()
        self.memories |= {
            name: Memory(**{part: self._here(values) for part, values in saved.items()})
            for name, saved in state.get("memories", {}).items()
        }
        self.enter(state["position"]["stage"])
        self.position = Position(**state["position"])
        for update, saved in zip(self.updates, state["updates"], strict=True):
            here = self.shards.state_here(update, saved) if isinstance(update, ShardedUpdate) and self.shards else saved
            update.load_state_dict(copy.deepcopy(here))
        self._is_midway = False

    def _here(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Copies on the device of numbers that belong to weights; of what is cut up, for the pieces of this worker."""
        if self.shards is not None:
            own = self.network.state_dict()
            values = {name: piece_of(value, own[name]) for name, value in values.items()}
        return {name: value.detach().clone().to(self.device) for name, value in values.items()}

    def whole_weights(self) -> dict[str, Tensor]:
        """As `weights`, of the whole network. Where it is cut up, every worker calls this at the same moment."""
        if self.shards is None:
            return self.weights()
        own = self.network.state_dict()
        return {name: self.shards.whole(value, own[name]) for name, value in self.weights().items()}

    def whole_state(self) -> State:
        """As `state`, of the whole network. Where it is cut up, every worker calls this at the same moment."""
        state = self.state()
        if self.shards is not None:
            own = self.network.state_dict()
            state["updates"] = [
                self.shards.whole_state(update, saved)
                for update, saved in zip(self.updates, state["updates"], strict=True)
                if isinstance(update, ShardedUpdate)
            ]
            state["memories"] = {
                stage: {part: _whole(self.shards, values, own) for part, values in memory.items()}
                for stage, memory in state["memories"].items()
            }
            state["live"] = {name: self.shards.whole(value, own[name]) for name, value in state["live"].items()}
        return state

    def is_finite(self) -> bool:
        """Whether every weight and running average is a finite number; of those cut up, all workers agree."""
        found = self.is_finite_here()
        return found if self.shards is None else self.shards.team.all(found)

    def is_finite_here(self) -> bool:
        """As `is_finite`, of what this worker has."""
        means = [mean for each in self._means() for mean in each.means]
        return finite([*map(local_of, self.network.state_dict().values()), *means])

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        if self.shards is None:
            self.network.load_state_dict(weights)
            return
        with torch.no_grad():
            for name, own in self.network.state_dict().items():
                put(own, weights[name])

    def _means(self) -> list[WeightMean]:
        """The running means that are judged and kept."""
        return [each.average for each in self.updates if each.average is not None and each.average.chosen.used]

    def _live(self) -> Iterator[tuple[str, Tensor]]:
        """The weights as they are trained, where others are kept in their place."""
        for mean in self._means():
            for parameter in mean.parameters:
                for name in self._names[parameter]:
                    yield name, parameter

    def _step_with_noise(self, turn: Turn) -> list[Tensor]:
        with RANDOM:
            self.seed_noise()
            before = None if self._knows_noise else torch.default_generator.get_state()
            values = self._step_each(turn)
            if before is not None:
                drew = self.device.type != "cpu" or not torch.equal(before, torch.default_generator.get_state())
                self._knows_noise = drew or not any(value is self.idle for value in values)
                self._draws = drew or not self._knows_noise
        return values

    def _step_each(self, turn: Turn) -> list[Tensor]:
        if self._is_plain:
            return self.updates[0].step(turn, self.position.stage_step)
        values = []
        for update, batches, is_last in self.parts(turn):
            if not batches:
                values += [self.idle] * len(update.names)
                continue
            self.train_only(update)
            told = update.step(batches, self.position.stage_step)
            if self._as_graphs:
                update.keep_gradients()
            if is_last:
                values += told
        return values

    def train_only(self, *updates: ActiveUpdate) -> None:
        """Let gradients be computed for the parameters of `updates` alone."""
        trained = {id(parameter) for update in updates for parameter in update.parameters}
        for parameter in self.network.parameters():
            parameter.requires_grad_(id(parameter) in trained)


def _whole(shards: Shards, values: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: shards.whole(value, own[name]) for name, value in values.items()}


def _lengths(plan: Plan) -> list[Any]:
    """What decides which samples are taken, and how many steps."""
    taken = [[update.batches for update in stage.updates] for stage in plan.stages]
    return [plan.batch_size, taken, [(stage.epochs, stage.steps, stage.data) for stage in plan.stages]]


def finite(tensors: Iterable[Tensor]) -> bool:
    """Whether every number is finite. Waits for the device once."""
    checks = [tensor.isfinite().all() for tensor in tensors if tensor.is_floating_point()]
    return not checks or bool(torch.stack(checks).all().item())
