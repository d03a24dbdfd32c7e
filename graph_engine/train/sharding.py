"""A network of which each worker holds a part of every large weight: for those that one device can't hold.

Cutting weights up, bringing them together for the pass that needs them, and handing out the gradients is all done by
FSDP2 (`torch.distributed.fsdp.fully_shard`; Zhao et al., 2023). Optimisers, running means and bounds work on the pieces
of this worker as on any other weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule

    from graph_engine.train.sharded_update import ShardedUpdate
    from graph_engine.train.team import Team

LEAST = 1 << 20
"""Bytes of weights below which a module stays whole in every worker: cutting it up would cost more than it saves."""


def is_cut(tensor: Tensor) -> bool:
    """Whether each worker has a piece of a weight, rather than all of it."""
    return hasattr(tensor, "to_local")


def local_of(tensor: Tensor) -> Tensor:
    """This worker's piece of a weight that is cut up; any other as it is."""
    to_local = getattr(tensor, "to_local", None)
    return to_local() if to_local is not None else tensor


def whole_of(tensor: Tensor) -> Tensor:
    """A weight that is cut up, brought together: all workers call this in the same order. Any other as it is."""
    full_tensor = getattr(tensor, "full_tensor", None)
    return full_tensor() if full_tensor is not None else tensor


def put(own: Tensor, value: Tensor) -> None:
    """Copy into a weight, or into the piece of it that is here, the whole of another or such a piece."""
    local_of(own).copy_(piece_of(value, own) if is_cut(own) else value)


def piece_of(value: Tensor, like: Tensor) -> Tensor:
    """This worker's piece of `value`, cut as `like`; a piece as it is.

    Raises: ValueError when the shape is another.
    """
    from torch.distributed.tensor import DTensor, distribute_tensor

    value = local_of(value)
    if not isinstance(like, DTensor):
        return value
    if value.shape == like.shape:
        whole = value.to(like.device)
        return distribute_tensor(whole, like.device_mesh, like.placements, src_data_rank=None).to_local()
    if value.shape != like.to_local().shape:
        raise ValueError(f"a weight of shape {tuple(like.shape)} can't take {tuple(value.shape)}")
    return value


class Shards:
    """What of a network is cut up over the workers of a team."""

    def __init__(self, network: nn.Module, team: Team, device: torch.device, *, keep_whole: Iterable[str] = ()) -> None:
        """Cuts up the modules that hold large weights of their own, one by one, so that no device ever holds them all,
        and moves the rest to `device`. Those at the paths `keep_whole` stay as they are: others use their weights.
        """
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard, share_comm_ctx

        mesh = init_device_mesh(device.type, (team.size,))
        self.team = team
        self.modules: list[FSDPModule] = []
        chosen = list(_large(network, set(keep_whole)))
        for module in chosen:
            self.modules.append(fully_shard(module, mesh=mesh, reshard_after_forward=True))
        self._divide_gradients(1.0)  # they are sums over workers, as `SharedUpdate` has them
        for each in self.modules:
            each.set_force_sum_reduction_for_comms(True)
        share_comm_ctx(self.modules)
        self._pieces = {
            weight: nn.Parameter(local_of(weight.detach())) for module in chosen for weight in module.parameters()
        }
        network.to(device)

    def has(self, parameter: Tensor) -> bool:
        """Whether a weight is cut up."""
        return parameter in self._pieces

    def piece(self, parameter: nn.Parameter) -> nn.Parameter:
        """What an optimiser steps over: this worker's piece, which shares its memory with the weight; or the weight."""
        piece = self._pieces.get(parameter)
        if piece is None:
            return parameter
        piece.data = local_of(parameter.detach())
        return piece

    def lend(self, parameters: Iterable[nn.Parameter]) -> None:
        """Before an optimiser's step: the pieces as they are now, with their gradients."""
        for parameter in parameters:
            piece = self.piece(parameter)
            if piece is not parameter:
                piece.grad = None if parameter.grad is None else local_of(parameter.grad)

    @contextmanager
    def each_takes_all(self) -> Iterator[None]:
        """Within, gradients are means over workers: all of them differentiate the same."""
        self._divide_gradients(self.team.size)
        try:
            yield
        finally:
            self._divide_gradients(1.0)
            self.reshard()

    def _divide_gradients(self, by: float) -> None:
        for each in self.modules:
            each.set_gradient_divide_factor(by)

    def reshard(self) -> None:
        """Let go of what was brought together."""
        for module in self.modules:
            module.reshard()

    def hold(self) -> None:
        """Keep weights together from a forward pass to `reshard`: for gradients of gradients, which need them again."""
        for module in self.modules:
            module.set_reshard_after_forward(False)
            module.set_reshard_after_backward(False)

    def whole(self, value: Tensor, parameter: Tensor) -> Tensor:
        """All pieces of something that has a number for every number of a weight, on the CPU. Called by every worker,
        in the same order.
        """
        from torch.distributed.tensor import DTensor

        if not isinstance(parameter, DTensor):
            return value.detach().cpu()
        if not isinstance(value, DTensor):
            value = DTensor.from_local(
                value.detach(),
                parameter.device_mesh,
                parameter.placements,
                run_check=False,
                shape=parameter.shape,
                stride=parameter.stride(),
            )
        return value.full_tensor().detach().cpu()

    def whole_state(self, update: ShardedUpdate, state: Mapping[str, Any]) -> dict[str, Any]:
        """The state of an update as that of one process."""
        return _state_of(update, state, self.whole)

    def state_here(self, update: ShardedUpdate, state: Mapping[str, Any]) -> dict[str, Any]:
        """This worker's part of the state of an update; such a part as it is."""
        return _state_of(update, state, piece_of)


def _state_of(
    update: ShardedUpdate, state: Mapping[str, Any], turned: Callable[[Tensor, Tensor], Tensor]
) -> dict[str, Any]:
    """The state of an update with all that has a number for every number of a weight `turned`: (value, weight)."""
    found = dict(state)
    optimiser = state["optimiser"]
    parts = {}
    for number, parameter in enumerate(update.parameters_in_order):
        if number in optimiser["state"]:
            parts[number] = {
                name: turned(value, parameter) if isinstance(value, Tensor) and value.dim() else value
                for name, value in optimiser["state"][number].items()
            }
    found["optimiser"] = {**optimiser, "state": parts}
    if "average" in state:
        means = zip(state["average"]["means"], update.parameters, strict=True)
        found["average"] = {**state["average"], "means": [turned(*each) for each in means]}
    return found


def _large(module: nn.Module, left_out: set[str], path: str = "") -> Iterator[nn.Module]:
    """The outermost modules that have weights of their own, without those that are small or left out."""
    own = list(module.parameters(recurse=False))
    if not own:
        for name, child in module.named_children():
            yield from _large(child, left_out, f"{path}.{name}" if path else name)
    elif path not in left_out and sum(each.numel() * each.element_size() for each in module.parameters()) >= LEAST:
        yield module
