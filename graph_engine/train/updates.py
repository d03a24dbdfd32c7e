"""An update at work: one function that computes its losses, the parameters it trains, its optimiser and schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from graph_engine.document.document import MAIN, Document
from graph_engine.document.plan import Plan, Update
from graph_engine.train.errors import PlanError
from graph_engine.train.measuring import Measurement
from graph_engine.train.objectives import Objective
from graph_engine.train.optimisers import make_optimiser
from graph_engine.train.schedules import learning_rate

if TYPE_CHECKING:
    from graph_engine.compile import Program


class ActiveUpdate:
    """Computes, differentiates and steps. Everything about it that changes from step to step is in `state_dict`."""

    def __init__(
        self,
        update: Update,
        objective: Objective,
        program: Program,
        network: nn.Module,
        plan: Plan,
        *,
        device: torch.device,
        steps: int,
        steps_per_epoch: int,
        frozen: Collection[nn.Parameter] = (),
    ) -> None:
        """`steps` are those of the stage.

        Raises: PlanError when no parameter is left to be trained.
        """
        self.update = update
        self.objective = objective
        self.measurement = Measurement(objective, program, network, plan, device)
        trained = parameters_of(network, program.attributes, objective.trains)
        self.parameters = [parameter for parameter in trained if parameter not in set(frozen)]
        if not self.parameters:
            raise PlanError(_nothing_to_train(objective))
        self.optimiser = make_optimiser(update.optimiser, self.parameters)
        self.steps = steps
        self.steps_per_epoch = steps_per_epoch
        self._has_schedule = update.schedule.kind != "constant"
        self._scaler = torch.amp.GradScaler(device.type) if plan.precision == "fp16" else None

    def learning_rate(self, step: int) -> float:
        """The learning rate of step `step` (from 0) of the stage."""
        return learning_rate(
            self.update.schedule, self.update.optimiser.learning_rate, step, self.steps, self.steps_per_epoch
        )

    def step(self, batch: Mapping[str, Tensor], step: int) -> list[Tensor]:
        """One step of the optimiser; returns what `objective.names` name, detached, still on the device."""
        values = self.forward(batch)
        self.backward(values[0])
        self.descend(step)
        return [value.detach() for value in values]

    def forward(self, batch: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """What `objective.names` name, the sum of the losses first."""
        return self.measurement.forward(batch)

    def backward(self, loss: Tensor) -> None:
        """Fresh gradients of the parameters that this update trains."""
        for parameter in self.parameters:
            parameter.grad = None
        if self._scaler is None:
            torch.autograd.backward(loss)
        else:
            torch.autograd.backward(self._scaler.scale(loss))

    def descend(self, step: int) -> None:
        """Let the optimiser take its step `step` (from 0) of the stage."""
        if self._has_schedule:
            rate = self.learning_rate(step)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
        if self._scaler is None:
            self.optimiser.step()
        else:
            self._scaler.unscale_(self.optimiser)  # so that who looks at gradients sees them as they are
            self._scaler.step(self.optimiser)
            self._scaler.update()

    @property
    def scales_gradients(self) -> bool:
        """Whether a gradient that is not finite is nothing unusual: the scaler skips such steps."""
        return self._scaler is not None

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"optimiser": self.optimiser.state_dict()}
        if self._scaler is not None:
            state["scaler"] = self._scaler.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])


def modules_of(network: nn.Module, attributes: Mapping[str, Sequence[str]], node: str) -> list[nn.Module]:
    """The modules of a node; none for one without weights."""
    return [network.get_submodule(path) for path in attributes.get(node, ())]


def frozen_modules(network: nn.Module, program: Program, document: Document) -> list[nn.Module]:
    """The modules of all frozen nodes, those inside composites as well."""
    paths = [
        path
        for name, graph in document.graphs.items()
        for node in graph
        if node.frozen
        for path in (program.attributes.get(node.id, ()) if name == MAIN else program.paths_in(name, node.id))
    ]
    return [network.get_submodule(path) for path in sorted(paths)]


def parameters_of(
    network: nn.Module, attributes: Mapping[str, Sequence[str]], nodes: Sequence[str]
) -> list[nn.Parameter]:
    """The parameters of nodes, in their order, shared ones once."""
    modules = [module for node in nodes for module in modules_of(network, attributes, node)]
    return list(dict.fromkeys(parameter for module in modules for parameter in module.parameters()))


def _nothing_to_train(objective: Objective) -> str:
    losses = " and ".join(node for node, _ in objective.losses)
    return (
        f"No weights are left to train for {losses}: every node it depends on is frozen, left out by the plan, "
        "or has none. Unfreeze a node, or add one with weights."
    )
