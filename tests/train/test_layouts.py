"""Weights with their channels side by side, and moments loaded in another layout or on another device."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from graph_engine.document import Optimiser
from graph_engine.train import layouts
from graph_engine.train.layouts import lay_channels_last, settle
from graph_engine.train.optimisers import Paced, make_optimiser
from tests.train.conftest import make_trainer
from tests.train.mechanisms import filters


def test_only_what_torch_has_the_layout_for_is_laid_so() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3), nn.Conv1d(3, 4, 3), nn.Linear(3, 4))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    lay_channels_last(network)
    layouts_found = [layer.weight.is_contiguous() for layer in network]
    assert layouts_found == [False, True, True, True]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_weights_that_are_cut_up_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """FSDP takes them in one layout alone."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    monkeypatch.setattr(layouts, "is_cut", lambda weight: weight is network[0].weight)
    lay_channels_last(network)
    assert network[0].weight.is_contiguous()
    assert not network[1].weight.is_contiguous()


@pytest.mark.parametrize("kind", ["sgd", "adam", "adagrad"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_going_on_in_another_layout_changes_no_number(kind: str, channels_last: bool) -> None:
    """Half of the steps in one layout, then half in the other: as all in one, but for rounding."""
    whole = make_trainer(filters(kind, channels_last=False)).stepper
    first = make_trainer(filters(kind, channels_last=not channels_last)).stepper
    second = make_trainer(filters(kind, channels_last=channels_last)).stepper
    turns = list(whole.turns_left())
    for stepper in (whole, first):
        for turn, _ in turns[:2]:
            stepper.step(turn)
    second.restore(first.weights(), first.state())
    for stepper in (whole, second):
        for turn, _ in turns[2:]:
            stepper.step(turn)
    for name, value in whole.weights().items():
        torch.testing.assert_close(second.weights()[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_nadam_reads_its_products_on_the_cpu() -> None:
    """Where a new one has them; torch would load them to the device, and every step wait for them."""
    weight = nn.Parameter(torch.empty(3, device="meta"))
    weight.grad = torch.empty_like(weight)
    optimiser = make_optimiser(Optimiser(kind="nadam"), [Paced([weight], 1.0, 0.0)])
    product = torch.tensor(0.5, device="meta")
    optimiser.state[weight] = {"step": torch.tensor(1.0), "mu_product": product}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch.Tensor, "cpu", lambda value: torch.full(value.shape, 0.5))
        settle(optimiser)
    assert optimiser.state[weight]["mu_product"].device.type == "cpu"
    assert optimiser.state[weight]["step"].device.type == "cpu"
