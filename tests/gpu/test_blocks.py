"""Every block computes and learns on the device, as it does on the CPU."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from graph_engine.blocks import Role
from tests.blocks.cases import Case, Direct, declared_cases, reals
from tests.gpu.device import DEVICE


@pytest.mark.parametrize("case", declared_cases(), ids=str)
def test_it_computes_and_learns_there(case: Case) -> None:
    here, values = Direct(case), reals(case.inputs, 4)
    there = copy.deepcopy(here)
    for layer in there.layers.values():
        layer.to(DEVICE)
    drawn = torch.random.get_rng_state()
    found = _learned(here, values)
    drew = not torch.equal(drawn, torch.random.get_rng_state())
    same = _learned(there, {port: value.to(DEVICE) for port, value in values.items()})
    assert {value.device.type for value in same} <= {DEVICE.type}
    assert [value.shape for value in same] == [value.shape for value in found]
    if drew or case.block.role is Role.METRIC:
        return
    for one, other in zip(found, same, strict=True):
        torch.testing.assert_close(other.cpu(), one, rtol=1e-3, atol=1e-3 * max(1.0, float(one.abs().max())))


def _learned(direct: Direct, values: dict[str, Tensor]) -> list[Tensor]:
    """What a block gives, and the slopes of its weights."""
    out = [value for value in direct(values) if value.is_floating_point()]
    if any(value.requires_grad for value in out):
        torch.autograd.backward([value.sum() for value in out if value.requires_grad])
    slopes = [weight.grad for weight in direct.parameters.values() if weight.grad is not None]
    return [*(value.detach() for value in out), *slopes]
