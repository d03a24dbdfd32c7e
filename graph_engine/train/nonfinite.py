"""Where a NaN or an infinity came from.

Training looks at its losses only now and then, so that it never waits for the device. When one is not finite, the
steps since the last good moment are taken once more, each looked at closely; then the network stands as it was before
the bad step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.document import title_of
from graph_engine.train.course import Turn
from graph_engine.train.errors import TrainError
from graph_engine.train.outcome import NotFinite
from graph_engine.train.position import Position
from graph_engine.train.sharding import local_of
from graph_engine.train.stepper import State, Stepper, finite
from graph_engine.train.team import Team
from graph_engine.train.updates import ActiveUpdate, modules_of, shares

GROWN = 10.0
"""A loss so many times its first value has grown."""
HUGE = 1e15
"""A value beyond which fp32 soon overflows."""

Agree = Callable[[bool], bool]
"""Whether all workers found that something went well, from what this one did."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The first step with a value that is not finite (from 1), the node it came from, and a sentence that says so."""

    step: int
    node: str | None
    message: str


def find_cause(
    stepper: Stepper,
    weights: Mapping[str, Tensor],
    state: State,
    bad: NotFinite,
    finish_epoch: Callable[[], None],
    team: Team | None = None,
) -> Cause:
    """Take the steps after `weights` and `state` again, up to that of `bad`, and leave the network as it was before
    the bad one. `finish_epoch` is called at the end of epochs.

    When all goes well this time (sums on a GPU may differ), the network is left at the last step. The workers of a
    `team` each take the whole of every batch, and agree after each part of a step whether it went well: sums may differ
    from one to another too, and what follows is done by all or none.
    """
    agree: Agree = (lambda fine: fine) if team is None else team.all
    stepper.restore(weights, state)
    losses: list[float] = []
    until = bad.step
    while stepper.position.step < until and not stepper.stage_is_over:
        for turn, _ in stepper.turns_left():
            found = _watched_step(stepper, turn, losses, agree)
            if found is not None:
                node, what = found
                at = replace(stepper.position)
                return_to(stepper, weights, state, at, finish_epoch)
                where = f"Step {at.step + 1}, epoch {at.epoch + 1}: "
                kept = f"The weights of step {at.step} are kept." if at.step else "The first weights are kept."
                return Cause(at.step + 1, node, f"{where}{what} {_why(stepper, losses, agree)} {kept}")
            if stepper.epoch_is_over or stepper.position.step >= until:
                break
        if stepper.epoch_is_over and stepper.position.step < until:
            finish_epoch()
    message = f"{bad} It was when the steps before were taken again."
    return Cause(until, None, f"{message} {_why(stepper, losses, agree)}")


def return_to(
    stepper: Stepper,
    weights: Mapping[str, Tensor],
    state: State,
    at: Position,
    finish_epoch: Callable[[], None],
) -> None:
    """Take the steps after `weights` and `state` again, until the network stands where it stood at `at`.

    Raises: TrainError when these steps do not lead there: it is in another stage.
    """
    stepper.restore(weights, state)
    while (stepper.position.step, stepper.position.epoch) < (at.step, at.epoch):
        if stepper.position.stage != at.stage or (stepper.stage_is_over and stepper.position.step < at.step):
            raise TrainError(f"Step {at.step} is not reached from what was kept.")
        for turn, _ in stepper.turns_left():
            if stepper.position.step >= at.step:
                break
            stepper.step(turn)
        if stepper.position.epoch < at.epoch:
            finish_epoch()
    stepper.position = replace(at)


def _watched_step(stepper: Stepper, turn: Turn, losses: list[float], agree: Agree) -> tuple[str | None, str] | None:
    """One step; (node, sentence) when something in it is not finite."""
    stepper.seed_noise()
    for update, batches, _ in stepper.parts(turn):
        if not batches:
            continue
        stepper.train_only(update)
        with update.each_takes_all():
            fault = _gradients(stepper, update, batches, losses, agree)
            if fault is not None:
                return fault
            update.descend(stepper.position.stage_step)
        fault = _weight_fault(stepper, update, agree)
        if fault is not None:
            return fault
    stepper.advance()
    return None


def _gradients(
    stepper: Stepper, update: ActiveUpdate, batches: Turn, losses: list[float], agree: Agree
) -> tuple[str | None, str] | None:
    """Let the parameters of an update have their gradients; (node, sentence) when something is not finite."""
    update.clear()
    parts = shares(batches)
    every = update.measurement.factors(parts, batches) if len(batches) > 1 else [[]]
    for (batch, share), factors in zip(parts, every, strict=True):
        loss = update.forward(batch, factors)[0]
        if not agree(bool(torch.isfinite(loss))):
            return _forward_fault(stepper, update, batch)
        losses.append(loss.detach().item())
        update.backward(batch, loss, share)
        fine = finite(local_of(each.grad) for each in update.parameters if each.grad is not None)
        if not update.scales_gradients and not agree(fine):
            return _backward_fault(stepper, update, batch, agree)
    return None


def _forward_fault(stepper: Stepper, update: ActiveUpdate, batch: Mapping[str, Tensor]) -> tuple[str | None, str]:
    for name, given in batch.items():
        if given.is_floating_point() and not given.isfinite().all():
            return None, f"The data for {name} hold a value that is not finite."
    results = _results(stepper, update)
    stepper.seed_noise()
    with torch.no_grad(), update.measurement.in_precision():
        values = stepper.program.function(results)(stepper.network, **_needed(stepper, results, batch))
    for (node, _), value in zip(results, values, strict=True):
        if value.is_floating_point() and not value.isfinite().all():
            return node, f"{_called(stepper, node)} gives a value that is not finite."
    node = update.objective.losses[0][0]
    return node, f"{_called(stepper, node)} is not finite."


def _backward_fault(
    stepper: Stepper, update: ActiveUpdate, batch: Mapping[str, Tensor], agree: Agree
) -> tuple[str | None, str]:
    """The node nearest to the loss whose own gradient is finite, but not what it hands back or gives its weights."""
    results = _results(stepper, update)
    stepper.seed_noise()
    with update.measurement.in_precision():
        found = stepper.program.function(results)(stepper.network, **_needed(stepper, results, batch))
    by_node = {node: value for (node, _), value in zip(results, found, strict=True) if value.requires_grad}
    for value in by_node.values():
        value.retain_grad()
    pairs = zip(update.objective.losses, update.objective.weights, strict=True)
    update.clear()
    update.differentiate(torch.stack([weight * by_node[node] for (node, _), weight in pairs if node in by_node]).sum())
    graph = stepper.document.main
    for node in reversed(list(by_node)):
        own = by_node[node].grad
        handed = [by_node[wire.source].grad for wire in graph.wires_into(node).values() if wire.source in by_node]
        modules = modules_of(stepper.network, stepper.program.attributes, node)
        handed += [weight.grad for module in modules for weight in module.parameters()]
        spoils = own is not None and finite([own]) and not finite(local_of(each) for each in handed if each is not None)
        if not agree(not spoils):
            return node, f"The gradient that {_called(stepper, node)} hands back is not finite."
    return None, "A gradient is not finite."


def _weight_fault(stepper: Stepper, update: ActiveUpdate, agree: Agree) -> tuple[str | None, str] | None:
    if agree(stepper.is_finite_here()):
        return None
    for node in update.objective.trains:
        weights = [local_of(each) for each in _parts(stepper, node, nn.Module.parameters)]
        if not agree(finite(weights)):
            rate = update.learning_rate(stepper.position.stage_step)
            step = f"The optimiser's step at learning rate {rate:g}"
            return node, f"{step} gave {_called(stepper, node)} infinite weights."
    for node in stepper.program.attributes:
        if not agree(finite(_parts(stepper, node, nn.Module.buffers))):
            return node, f"A running average of {_called(stepper, node)} is not finite."
    return None, "A weight is not finite."


def _parts(stepper: Stepper, node: str, of: Callable[[nn.Module], Iterable[Tensor]]) -> list[Tensor]:
    """Parameters or buffers of a node."""
    return [each for module in modules_of(stepper.network, stepper.program.attributes, node) for each in of(module)]


def _why(stepper: Stepper, losses: list[float], agree: Agree) -> str:
    rates = {update.learning_rate(stepper.position.stage_step) for update in stepper.updates}
    shown = " and ".join(f"{rate:g}" for rate in sorted(rates))
    weights = (local_of(weight.detach()) for update in stepper.updates for weight in update.parameters)
    moderate = agree(all(float(weight.abs().max()) <= HUGE for weight in weights if weight.numel()))
    if losses and losses[-1] > GROWN * max(losses[0], 1e-3):
        grown = f"The loss had grown from {losses[0]:.3g} to {losses[-1]:.3g}"
        return f"{grown}: the learning rate {shown} is likely too high."
    if losses and losses[-1] > HUGE:
        return (
            f"The loss was {losses[-1]:.3g} from the beginning: smaller values, or a smaller weight for it, may help."
        )
    if not moderate:
        return f"Weights had grown beyond {HUGE:g}: the learning rate {shown} is likely too high."
    if stepper.plan.precision != "fp32":
        return f"Numbers in {stepper.plan.precision} overflow or vanish sooner: try full precision (fp32)."
    return f"A learning rate lower than {shown}, or normalisation before this node, may help."


def _results(stepper: Stepper, update: ActiveUpdate) -> list[tuple[str, str]]:
    """All values that the losses of an update depend on, in order, and the losses."""
    graph = stepper.document.main
    needed = graph.needed_by(node for node, _ in update.objective.losses)
    results = []
    for node in graph.order():
        block = graph.block(node)
        if node in needed and block is not None and block.inputs:
            results += [(node, port.name) for port in block.outputs]
    return results


def _needed(stepper: Stepper, results: list[tuple[str, str]], batch: Mapping[str, Tensor]) -> dict[str, Any]:
    return {name: batch[name] for name in stepper.program.function(results).inputs}


def _called(stepper: Stepper, node: str) -> str:
    """`Conv 2d (conv2d_2)`."""
    return f"{title_of(stepper.document.main[node], stepper.document.main)} ({node})"
