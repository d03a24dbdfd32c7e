"""An update at work: one function that computes its losses, the parameters it trains, its optimiser and schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graph_engine.document.document import MAIN, Document
from graph_engine.document.plan import Plan, Update
from graph_engine.train.averaging import WeightMean
from graph_engine.train.choosing import modules_at, places_of, weights_at
from graph_engine.train.errors import PlanError
from graph_engine.train.layouts import settle
from graph_engine.train.measuring import Measurement
from graph_engine.train.objectives import Objective
from graph_engine.train.optimisers import Paced, begin_momentum, kernels_of, make_optimiser
from graph_engine.train.penalties import Memory, Penalties
from graph_engine.train.schedules import Pace, Plateau, learning_rate, warm_after

if TYPE_CHECKING:
    from graph_engine.compile import Program

Batch = Mapping[str, Tensor]


class ActiveUpdate:
    """Computes, differentiates and steps. Everything about it that changes from step to step is in `state_dict`."""

    def __init__(
        self,
        update: Update,
        objective: Objective,
        document: Document,
        program: Program,
        network: nn.Module,
        plan: Plan,
        *,
        device: torch.device,
        steps: int,
        steps_per_epoch: int,
        frozen: Collection[nn.Parameter] = (),
        memories: Mapping[str, Memory] | None = None,
    ) -> None:
        """`steps` are those of the stage; `memories` what earlier stages left, by their names.

        Raises: PlanError when no parameter is left to be trained, or the plan names what is not there.
        """
        self.update = update
        self.objective = objective
        self.names = objective.told
        self.measurement = Measurement(objective, program, network, plan, device)
        self.parameters = _trained(update, objective, document, program, network, frozen)
        self.steps = steps
        self.steps_per_epoch = steps_per_epoch
        self.warm = update.schedule.warm_up
        """The step of the stage at which the warm-up ends: another than the plan says where epochs changed since."""
        self.pieces = self._stepped(self.parameters)
        """What the optimiser works on."""
        self.has_stepped = True
        """Whether the optimiser has begun a step since somebody set this back; true at first."""
        groups = [
            replace(each, parameters=self._stepped(each.parameters))
            for each in _groups(update, document, program, network, self.parameters)
        ]
        self._factors = [each.factor for each in groups]
        self.optimiser = make_optimiser(update.optimiser, groups)
        self.penalties = Penalties(update, document, program, network, self.parameters, memories or {})
        self.average = WeightMean(update.average, self.pieces) if update.average is not None else None
        self.plateau = Plateau() if update.schedule.kind == "plateau" else None
        self._has_schedule = update.schedule.kind != "constant" or update.schedule.warm_up > 0
        self._scaler = torch.amp.GradScaler(device.type) if plan.precision == "fp16" else None
        begin_momentum(self.optimiser)
        clips = (update.clip_norm, update.clip_value, update.clip_weights, self.average, self._scaler)
        self._only_steps = all(each is None for each in clips)
        self._kept: list[Tensor] = []

    def learning_rate(self, step: int) -> float:
        """The learning rate of step `step` (from 0) of the stage."""
        base = self.update.optimiser.learning_rate
        rate = learning_rate(self.update.schedule, base, step, self.steps, self.steps_per_epoch, self.warm)
        if self.plateau is None:
            return rate
        return max(rate * self.plateau.factor, min(rate, base * self.update.schedule.floor))

    def step(self, batches: Sequence[Batch], step: int) -> list[Tensor]:
        """One step of the optimiser on the gradient of `batches` as of one large batch; returns what `names` name,
        detached, still on the device.
        """
        self.clear()
        if len(batches) == 1:
            values = self.forward(batches[0])
            told = self.backward(batches[0], values[0])
            self.descend(step)
            return [value.detach() for value in values] + told
        sums: list[Tensor] = []
        parts = shares(batches)
        for (batch, share), factors in zip(parts, self.measurement.factors(parts, batches), strict=True):
            values = self.forward(batch, factors)
            told = self.backward(batch, values[0], share)
            part = [share * value.detach() for value in values] + [share * value for value in told]
            sums = [one + other for one, other in zip(sums, part, strict=True)] if sums else part
        self.descend(step)
        return sums

    def forward(self, batch: Batch, factors: Sequence[Tensor] = ()) -> Sequence[Tensor]:
        """What `objective.told` names without penalties, the sum of the losses first; `factors` are those of the
        measurement, for one of several batches of a step.
        """
        return self.measurement.forward(batch, factors)

    def clear(self) -> None:
        """Forget the gradients of the parameters that this update trains."""
        for parameter in self.parameters:
            parameter.grad = None

    def keep_gradients(self) -> None:
        """Copy the gradients out of the memory of a CUDA graph, which the graphs of other updates write over."""
        there = [parameter for parameter in self.parameters if parameter.grad is not None]
        gradients = [each.grad for each in there if each.grad is not None]
        if [each.shape for each in self._kept] != [each.shape for each in gradients]:
            self._kept = [torch.empty_like(each) for each in gradients]
        torch._foreach_copy_(self._kept, gradients)
        for parameter, gradient in zip(there, self._kept, strict=True):
            parameter.grad = gradient

    def backward(self, batch: Batch, loss: Tensor, share: float = 1.0) -> list[Tensor]:
        """Add the gradients of `loss` and of the penalties, times `share`; returns the penalties, detached."""
        if not self.penalties.kinds:
            self.differentiate(loss if share == 1.0 else share * loss)
            return []
        extra = self.penalties.of(batch)
        self.differentiate(share * torch.stack([in_full(loss), *extra]).sum())
        return [each.detach() for each in extra]

    def differentiate(self, loss: Tensor) -> None:
        """Add the gradients of `loss`."""
        if self._scaler is None:
            torch.autograd.backward(loss)
        else:
            torch.autograd.backward(self._scaler.scale(loss))

    def each_takes_all(self) -> AbstractContextManager[None]:
        """Within, every worker of a team differentiates the same batches, rather than its part of each."""
        return nullcontext()

    def gradients_of(self, loss: Tensor) -> list[Tensor | None]:
        """Those of `loss` by the parameters, where it depends on them; nothing is added to what `backward` found."""
        return list(torch.autograd.grad(loss, self.parameters, allow_unused=True))

    def descend(self, step: int) -> None:
        """Let the optimiser take its step `step` (from 0) of the stage."""
        self.has_stepped = True
        if self._has_schedule:
            rate = self.learning_rate(step)
            for group, factor in zip(self.optimiser.param_groups, self._factors, strict=True):
                group["lr"] = rate * factor
        if self._only_steps:
            self.optimiser.step()
        else:
            self._step_within_bounds()

    def _step_within_bounds(self) -> None:
        update = self.update
        if self._scaler is not None:
            self._unscale(self._scaler)
        if update.clip_value is not None:
            nn.utils.clip_grad_value_(self.pieces, update.clip_value)
        if update.clip_norm is not None:
            self._clip_norm(update.clip_norm)
        if self._scaler is None:
            self.optimiser.step()
        else:
            self._scaler.step(self.optimiser)
            self._scaler.update()
        if update.clip_weights is not None:
            weights = [parameter.detach() for parameter in self.pieces]
            torch._foreach_clamp_min_(weights, -update.clip_weights)
            torch._foreach_clamp_max_(weights, update.clip_weights)
        if self.average is not None:
            self.average.take_in()

    def _unscale(self, scaler: torch.amp.GradScaler) -> None:
        """So that who looks at gradients sees them as they are."""
        scaler.unscale_(self.optimiser)

    def _stepped(self, parameters: Sequence[nn.Parameter]) -> list[nn.Parameter]:
        """What an optimiser works on to change `parameters`."""
        return list(parameters)

    def _clip_norm(self, most: float) -> None:
        nn.utils.clip_grad_norm_(self.parameters, most)

    def go_on_from(self, before: ActiveUpdate, done: int, now: int) -> None:
        """Let the schedule go on where that of `before` stood, with `done` steps of the stage done, which are `now`
        counted as they are from now on.
        """
        schedule = self.update.schedule
        if schedule == before.update.schedule:
            old, new = Pace(done, before.steps_per_epoch), Pace(now, self.steps_per_epoch)
            self.warm = warm_after(schedule, before.warm, old, new)

    def judge(self, value: float, *, greater: bool) -> None:
        """After an epoch: what the plan judges by; `greater`: greater values are better."""
        if self.plateau is not None:
            self.plateau.look(self.update.schedule, value, greater=greater)

    def judge_anew(self) -> None:
        """What was judged before can't be compared with what comes."""
        if self.plateau is not None:
            self.plateau.begin_anew()

    @property
    def scales_gradients(self) -> bool:
        """Whether a gradient that is not finite is nothing unusual: the scaler skips such steps."""
        return self._scaler is not None

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"optimiser": self.optimiser.state_dict()}
        if self._scaler is not None:
            state["scaler"] = self._scaler.state_dict()
        if self.average is not None:
            state["average"] = self.average.state()
        if self.plateau is not None:
            state["plateau"] = self.plateau.state()
        if self.warm != self.update.schedule.warm_up:
            state["warm"] = self.warm
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        settle(self.optimiser)
        begin_momentum(self.optimiser)
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.restore(state["average"])
        if self.plateau is not None:
            self.plateau.restore(state["plateau"])
        self.warm = state.get("warm", self.update.schedule.warm_up)


def in_full(value: Tensor) -> Tensor:
    """At least in single precision, whatever it was computed in."""
    return value.to(torch.promote_types(value.dtype, torch.float32))


def shares(batches: Sequence[Batch]) -> list[tuple[Batch, float]]:
    """Batches with the share of all samples that each holds."""
    counts = [len(next(iter(batch.values()))) for batch in batches]
    return [(batch, count / sum(counts)) for batch, count in zip(batches, counts, strict=True)]


def modules_of(network: nn.Module, attributes: Mapping[str, Sequence[str]], node: str) -> list[nn.Module]:
    """The modules of a node; none for one without weights."""
    return [network.get_submodule(path) for path in attributes.get(node, ())]


def frozen_modules(network: nn.Module, program: Program, document: Document) -> list[nn.Module]:
    """The modules of all frozen nodes, those inside composites as well."""
    places = [(name, node.id) for name, graph in document.graphs.items() for node in graph if node.frozen]
    return modules_at(network, program, places)


def modules_at_rest(
    network: nn.Module, program: Program, document: Document, updates: Sequence[Update]
) -> list[nn.Module]:
    """The modules that all of `updates` freeze."""
    each = [set(places_of(document, update.freezes, "The plan freezes")) for update in updates]
    return modules_at(network, program, set.intersection(*each) if each else ())


def parameters_of(
    network: nn.Module, attributes: Mapping[str, Sequence[str]], nodes: Sequence[str]
) -> list[nn.Parameter]:
    """The parameters of nodes, in their order, shared ones once."""
    modules = [module for node in nodes for module in modules_of(network, attributes, node)]
    return list(dict.fromkeys(parameter for module in modules for parameter in module.parameters()))


def _trained(
    update: Update,
    objective: Objective,
    document: Document,
    program: Program,
    network: nn.Module,
    frozen: Collection[nn.Parameter],
) -> list[nn.Parameter]:
    """The parameters that an update trains. Raises: PlanError when there are none."""
    found = parameters_of(network, program.attributes, objective.trains)
    left_out = set(frozen)
    if update.freezes:
        left_out |= set(weights_at(network, program, places_of(document, update.freezes, "The plan freezes")))
    places = places_of(document, update.trains, "The plan trains")
    if any(graph != MAIN for graph, _ in places):
        chosen = weights_at(network, program, places)
        left_out |= {parameter for parameter in found if parameter not in chosen}
    kept = [parameter for parameter in found if parameter not in left_out]
    if not kept:
        raise PlanError(_nothing_to_train(objective))
    return kept


def _groups(
    update: Update, document: Document, program: Program, network: nn.Module, parameters: Sequence[nn.Parameter]
) -> list[Paced]:
    """The parameters in groups of one pace and one decay: those that the plan names first, then the rest."""
    chosen = update.optimiser
    kernels = kernels_of(network) if chosen.decays == "kernels" else None
    left = dict.fromkeys(parameters)
    groups: list[Paced] = []

    def add(members: list[nn.Parameter], factor: float, decay: float) -> None:
        parts = (
            [members]
            if kernels is None or decay == 0
            else [
                [each for each in members if each in kernels],
                [each for each in members if each not in kernels],
            ]
        )
        groups.extend(Paced(part, factor, 0.0 if at else decay) for at, part in enumerate(parts) if part)

    for group in chosen.groups:
        named = weights_at(network, program, places_of(document, group.of, "The optimiser's group names"))
        members = [parameter for parameter in left if parameter in named]
        for parameter in members:
            del left[parameter]
        add(members, group.factor, chosen.weight_decay if group.weight_decay is None else group.weight_decay)
    add(list(left), 1.0, chosen.weight_decay)
    return groups


def _nothing_to_train(objective: Objective) -> str:
    losses = " and ".join(node for node, _ in objective.losses)
    return (
        f"No weights are left to train for {losses}: every node it depends on is frozen, left out by the plan, "
        "behind a stop gradient, or has none. Unfreeze a node, or add one with weights."
    )
