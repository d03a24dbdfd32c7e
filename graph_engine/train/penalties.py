"""What an update makes small beside its losses: sums over weights, and slopes of a critic.

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville (2017). Improved training of Wasserstein GANs. Mescheder, Geiger,
Nowozin (2018). Which training methods for GANs do actually converge? Kirkpatrick et al. (2017). Overcoming catastrophic
forgetting in neural networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graph_engine.document import Document
from graph_engine.document.plan import Penalty, Plan, Update
from graph_engine.train.choosing import places_of, weights_at
from graph_engine.train.errors import PlanError
from graph_engine.train.optimisers import kernels_of
from graph_engine.train.recurrence import differentiable
from graph_engine.train.sharding import is_cut, local_of, whole_of
from graph_engine.train.words import called, no_such_stage, no_such_value

if TYPE_CHECKING:
    from graph_engine.compile import Program

Batch = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a stage leaves for elastic weight consolidation, by name of the weight: its value, and how much the losses
    of the stage's samples depend on it.
    """

    anchors: Mapping[str, Tensor]
    fisher: Mapping[str, Tensor]


class Penalties:
    """The penalties of one update, summed by kind."""

    def __init__(
        self,
        update: Update,
        document: Document,
        program: Program,
        network: nn.Module,
        parameters: Sequence[nn.Parameter],
        memories: Mapping[str, Memory],
    ) -> None:
        """`memories` are looked into when a penalty is computed.

        Raises: PlanError when a penalty names what is not there.
        """
        self.kinds = tuple(dict.fromkeys(penalty.kind for penalty in update.penalties))
        self._network = network
        self._memories = memories
        self._parameters = parameters
        self._terms: list[tuple[str, _Size | _Overlap | _Slope | _Elastic]] = []
        kernels = kernels_of(network)
        for penalty in update.penalties:
            self._terms.append((penalty.kind, self._term(penalty, document, program, kernels)))

    def of(self, batch: Batch) -> list[Tensor]:
        """The value of each of `kinds`, weighed."""
        values = [(kind, term(batch)) for kind, term in self._terms]
        return [torch.stack([value for each, value in values if each == kind]).sum() for kind in self.kinds]

    def of_part(self, batch: Batch, share: float, weight: float) -> list[Tensor]:
        """As `of`, of a worker that has some of the samples, which count `weight` of all, and pieces of the weights:
        what it adds to the penalties times `share`.
        """
        values = [
            (kind, share * (weight * term(batch) if isinstance(term, _Slope) else term.of_part(weight)))
            for kind, term in self._terms
        ]
        return [torch.stack([value for each, value in values if each == kind]).sum() for kind in self.kinds]

    def _term(
        self, penalty: Penalty, document: Document, program: Program, kernels: set[nn.Parameter]
    ) -> _Size | _Overlap | _Slope | _Elastic:
        match penalty.kind:
            case "l1" | "l2" | "orthogonal":
                weights: list[Tensor] = [weight for weight in self._parameters if weight in kernels]
                if penalty.of:
                    chosen = weights_at(
                        self._network, program, places_of(document, penalty.of, f"The {penalty.kind} penalty names")
                    )
                    weights = [weight for weight in weights if weight in chosen]
                if not weights:
                    raise PlanError(f"The {penalty.kind} penalty has no weights to work on. Name other nodes.")
                return _Overlap(penalty, weights) if penalty.kind == "orthogonal" else _Size(penalty, weights)
            case "gradient_penalty" | "r1":
                return _Slope(penalty, document, program, self._network)
            case "ewc":
                return _Elastic(penalty, self._memories, self._network, self._parameters)


class _Elastic:
    """How far weights are from what a stage left, each counted by how much that stage's losses depend on it."""

    def __init__(
        self, penalty: Penalty, memories: Mapping[str, Memory], network: nn.Module, parameters: Sequence[Tensor]
    ) -> None:
        self._penalty = penalty
        self._memories = memories
        self._network = network
        self._trained = set(parameters)

    def __call__(self, _: Batch) -> Tensor:
        return self.of_part(1.0)

    def of_part(self, weight: float) -> Tensor:
        """Of the pieces that a worker has, and the share `weight` of weights that all have.

        Raises: PlanError when the stage was not trained.
        """
        memory = self._memories.get(self._penalty.stage)
        if memory is None:
            raise PlanError(f"The stage {self._penalty.stage!r}, which a penalty remembers, has not been trained.")
        terms = [
            (memory.fisher[name] * (local_of(each) - memory.anchors[name]).square()).sum() * _share(each, weight)
            for name, each in self._network.named_parameters()
            if each in self._trained and name in memory.fisher
        ]
        return self._penalty.weight / 2 * torch.stack(terms).sum() if terms else torch.zeros(())


class _Size:
    """How large weights are: the sum of |w|, or half that of w²."""

    def __init__(self, penalty: Penalty, weights: Sequence[Tensor]) -> None:
        self._penalty = penalty
        self._weights = weights

    def __call__(self, _: Batch) -> Tensor:
        return self._scaled(torch.stack([self._sum(weight) for weight in self._weights]).sum())

    def of_part(self, weight: float) -> Tensor:
        """Of the pieces that a worker has, and the share `weight` of weights that all have."""
        sums = [self._sum(local_of(each)) * _share(each, weight) for each in self._weights]
        return self._scaled(torch.stack(sums).sum())

    def _sum(self, weight: Tensor) -> Tensor:
        return weight.abs().sum() if self._penalty.kind == "l1" else weight.square().sum()

    def _scaled(self, value: Tensor) -> Tensor:
        return (self._penalty.weight if self._penalty.kind == "l1" else self._penalty.weight / 2) * value


def _share(weight: Tensor, share: float) -> float:
    """How much this worker counts a weight: wholly if it has a piece of it, by its share if all have it."""
    return 1.0 if is_cut(weight) else share


class _Overlap:
    """How far the filters of each layer are from being orthogonal: the sum of (wᵢ·wⱼ)² over pairs i ≠ j."""

    def __init__(self, penalty: Penalty, weights: Sequence[Tensor]) -> None:
        self._penalty = penalty
        self._weights = weights

    def __call__(self, _: Batch) -> Tensor:
        return self._penalty.weight * torch.stack([self._sum(weight.flatten(1)) for weight in self._weights]).sum()

    def of_part(self, weight: float) -> Tensor:
        """Of the filters that a worker has, with all, and the share `weight` of weights that all have."""
        sums = [
            self._of_piece(local_of(each).flatten(1), whole_of(each).flatten(1).detach())
            if is_cut(each)
            else weight * self._sum(each.flatten(1))
            for each in self._weights
        ]
        return self._penalty.weight * torch.stack(sums).sum()

    @staticmethod
    def _sum(rows: Tensor) -> Tensor:
        products = rows @ rows.T
        return products.square().sum() - products.diagonal().square().sum()

    @staticmethod
    def _of_piece(rows: Tensor, every: Tensor) -> Tensor:
        """The pairs that begin with one of `rows`. Each pair stands in two workers' sums, or twice in one's, so that
        its slope by a row is half in the sum of this row's worker: hence twice that.
        """
        value = (rows @ every.T).square().sum() - (rows * rows.detach()).sum(1).square().sum()
        return 2 * value - value.detach()


class _Slope:
    """How steep a score is, at real samples or between real and made ones."""

    def __init__(self, penalty: Penalty, document: Document, program: Program, network: nn.Module) -> None:
        self._penalty = penalty
        self._network = network
        real, score = (_value(document, program, penalty, port) for port in ("real", "score"))
        ends = [real, _value(document, program, penalty, "fake")] if penalty.kind == "gradient_penalty" else [real]
        if real[0].partition("/")[0] not in document.main.upstream([score[0].partition("/")[0]]):
            raise PlanError(
                f"The {called(penalty)} takes the slope of {penalty.score} at {penalty.real}, but {penalty.score} is "
                "not computed from it. Name the score that the critic gives to the real samples."
            )
        try:
            self._ends = program.function(ends)
            self._score = program.function([score], given=[real])
        except LookupError as error:
            raise PlanError(f"The {called(penalty)} can't be computed: {error}") from error

    def __call__(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            ends = self._ends(self._network, **{name: batch[name] for name in self._ends.inputs})
        points = ends[0].detach().clone()
        if len(ends) == 2:
            share = torch.rand(len(points), *[1] * (points.dim() - 1), device=points.device, dtype=points.dtype)
            points = share * points + (1 - share) * ends[1]
        points.requires_grad_()
        inputs = {name: points if name == "given_1" else batch[name] for name in self._score.inputs}
        with differentiable(self._network):
            (score,) = self._score(self._network, **inputs)
        (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
        squares = slope.flatten(1).square().sum(1)
        if self._penalty.kind == "r1":
            return self._penalty.weight / 2 * squares.mean()
        norm = (squares + 1e-12).sqrt()  # the root has no slope at zero
        return self._penalty.weight * (norm - self._penalty.target).square().mean()


def _value(document: Document, program: Program, penalty: Penalty, port: str) -> tuple[str, str]:
    address: str = getattr(penalty, port)
    try:
        result = program.result(address)
    except (KeyError, LookupError, AttributeError):
        result = ("", "")
    if result[0].partition("/")[0].partition(".")[0] not in document.main:
        raise PlanError(no_such_value(penalty, port))
    return result


def elastic_penalties(plan: Plan) -> list[Penalty]:
    """The penalties that remember a stage."""
    updates = (update for stage in plan.stages for update in stage.updates)
    return [penalty for update in updates for penalty in update.penalties if penalty.kind == "ewc"]


def require_memories(plan: Plan) -> None:
    """Raises: PlanError when a penalty remembers a stage that is not before its own."""
    for at, stage in enumerate(plan.stages):
        for penalty in (each for update in stage.updates for each in update.penalties):
            why = no_such_stage(plan, at, penalty)
            if why:
                raise PlanError(why)
