"""Both sides of each GAN loss against its paper's formula, written otherwise; and which gradients pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.compile import compile_document
from graph_engine.document.builder import Builder
from graph_engine.nn.adversarial import (
    EquilibriumLoss,
    cramer_critic_loss,
    cramer_generator_loss,
    discriminator_loss,
    energy_critic_loss,
    hinge_critic_loss,
    least_squares_critic_loss,
    least_squares_generator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)
from tests.blocks.cases import Case, Direct

SCORE = TensorSpec((N, 1))
TWO_SIDED = (
    "minimax_loss",
    "non_saturating_loss",
    "wasserstein_loss",
    "least_squares_gan_loss",
    "hinge_gan_loss",
    "energy_based_loss",
    "boundary_equilibrium_loss",
)


def spec_of(value: Tensor) -> TensorSpec:
    return TensorSpec((N, *value.shape[1:]))


def loss(block: str, parameters: dict[str, Any], **values: Tensor) -> float:
    direct = Direct(Case(get_block(block), parameters, {port: spec_of(value) for port, value in values.items()}))
    return float(direct(values)[0])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


CRITIC: dict[str, Any] = {
    "minimax_loss": lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
    "non_saturating_loss": lambda r, f: -np.log(sigmoid(r)).mean() - np.log(1 - sigmoid(f)).mean(),
    "wasserstein_loss": lambda r, f: f.mean() - r.mean(),
    "least_squares_gan_loss": lambda r, f: 0.5 * np.square(r - 1).mean() + 0.5 * np.square(f).mean(),
    "hinge_gan_loss": lambda r, f: -np.minimum(0, -1 + r).mean() - np.minimum(0, -1 - f).mean(),
    "energy_based_loss": lambda r, f: r.mean() + np.where(f < 10, 10 - f, 0).mean(),
    "boundary_equilibrium_loss": lambda r, f: r.mean(),
}
GENERATOR: dict[str, Any] = {
    "minimax_loss": lambda f: np.log(1 - sigmoid(f)).mean(),
    "non_saturating_loss": lambda f: -np.log(sigmoid(f)).mean(),
    "wasserstein_loss": lambda f: -f.mean(),
    "least_squares_gan_loss": lambda f: 0.5 * np.square(f - 1).mean(),
    "hinge_gan_loss": lambda f: -f.mean(),
    "energy_based_loss": lambda f: f.mean(),
    "boundary_equilibrium_loss": lambda f: f.mean(),
}


@pytest.mark.parametrize("shape", [(7, 1), (3, 1, 2, 4)])
@pytest.mark.parametrize("block", TWO_SIDED)
def test_both_sides_are_those_of_the_paper(block: str, shape: tuple[int, ...]) -> None:
    real, fake = torch.randn(shape) * 3, torch.randn(5, *shape[1:]) * 3
    r, f = real.double().numpy(), fake.double().numpy()

    assert loss(block, {}, real=real, fake=fake) == pytest.approx(CRITIC[block](r, f), rel=1e-5)
    assert loss(block, {"side": "generator"}, fake=fake) == pytest.approx(GENERATOR[block](f), rel=1e-5)


def test_targets_and_margins_are_those_given() -> None:
    real, fake = torch.tensor([[2.0]]), torch.tensor([[-3.0]])
    targets = {"real_target": 1.0, "fake_target": -1.0, "wish": 0.0}  # the second choice of the LSGAN paper

    assert loss("least_squares_gan_loss", targets, real=real, fake=fake) == pytest.approx(0.5 * 1 + 0.5 * 4)
    assert loss("least_squares_gan_loss", {**targets, "side": "generator"}, fake=fake) == pytest.approx(4.5)
    assert loss("energy_based_loss", {"margin": 5.0}, real=real, fake=-fake) == pytest.approx(2 + 2)
    assert loss("energy_based_loss", {"margin": 2.0}, real=real, fake=-fake) == pytest.approx(2)


def test_scores_that_are_large_do_not_overflow() -> None:
    high = torch.tensor([[200.0]])
    assert loss("minimax_loss", {}, real=-high, fake=high) == pytest.approx(400)
    assert loss("non_saturating_loss", {"side": "generator"}, fake=-high) == pytest.approx(200)


def test_the_balance_of_began_follows_its_equation() -> None:
    """k ← min(max(k + λ(γ E real − E fake), 0), 1), from 0: by hand over three steps."""
    module, k = EquilibriumLoss(gamma=0.5, rate=0.1), 0.0
    for real, fake in ((8.0, 1.0), (8.0, 2.0), (1.0, 9.0)):
        found = module(torch.full((3, 1), real), torch.full((3, 1), fake))
        assert float(found) == pytest.approx(real - k * fake)
        k = min(max(k + 0.1 * (0.5 * real - fake), 0.0), 1.0)
        assert float(module.balance) == pytest.approx(k)
    assert k == 0.0

    module(torch.full((3, 1), 100.0), torch.zeros(3, 1))
    assert float(module.balance) == 1.0
    module.eval()(torch.zeros(3, 1), torch.ones(3, 1))
    assert float(module.balance) == 1.0, "looking moves the balance"


def test_gradients_of_began_use_the_balance_of_before_the_step() -> None:
    module = EquilibriumLoss(gamma=1.0, rate=1.0)
    module.balance.fill_(0.25)
    real, fake = (torch.full((2, 1), value, requires_grad=True) for value in (4.0, 1.0))
    module(real, fake).backward()

    assert real.grad.flatten().tolist() == [0.5, 0.5]
    assert fake.grad.flatten().tolist() == [-0.125, -0.125]


def test_began_keeps_its_balance_in_the_program() -> None:
    net = Builder("BEGAN")
    real, fake = net.input("real", 3), net.input("fake", 3)
    net.output(net.add("linear", fake, features=1))
    net.add("boundary_equilibrium_loss", net.add("linear", real, features=1), net.add("linear", fake, features=1))
    program = compile_document(net.document)
    network = program.make(seed=0)
    compute = program.function([("boundary_equilibrium_loss_1", "loss")])
    before = {name for name, value in network.state_dict().items() if name.endswith("balance")}
    compute(network, real=torch.randn(4, 3), fake=torch.randn(4, 3))

    assert len(before) == 1
    assert before <= set(network.state_dict())


def test_the_sides_of_cramer_are_those_of_the_paper() -> None:
    real, fake, other = torch.randn(3, 6, 4)
    r, f, o = (value.double().numpy() for value in (real, fake, other))
    norm = np.linalg.norm
    critic = np.mean([norm(b - c) - norm(b) - norm(a - c) + norm(a) for a, b, c in zip(r, f, o, strict=True)])
    generator = np.mean([norm(a - b) + norm(a - c) - norm(b - c) for a, b, c in zip(r, f, o, strict=True)])
    values = {"real": real, "fake": fake, "other": other}

    assert loss("cramer_loss", {}, **values) == pytest.approx(critic, rel=1e-4)
    assert loss("cramer_loss", {"side": "generator"}, **values) == pytest.approx(generator, rel=1e-4)


def test_the_energy_distance_is_least_for_equals() -> None:
    """2 E‖r − f‖ − E‖f − f'‖ − E‖r − r'‖ is 0 for equal laws; the loss leaves out the last, which none can change."""
    a, b, c, d = torch.randn(4, 5000, 3)
    spread = (a - d).norm(dim=1).mean().item()
    assert loss("cramer_loss", {"side": "generator"}, real=a, fake=b, other=c) == pytest.approx(spread, abs=0.1)
    assert loss("cramer_loss", {"side": "generator"}, real=a + 3, fake=b, other=c) > spread + 3


@pytest.mark.parametrize("block", TWO_SIDED)
def test_a_side_gets_what_it_looks_at(block: str) -> None:
    for side, ports, other in (("critic", ["fake"], "generator"), ("generator", ["real", "fake"], "critic")):
        case = Case(get_block(block), {"side": side}, dict.fromkeys(ports, SCORE))
        with pytest.raises(Refusal) as caught:
            run_block(case.made, case.specs)
        assert caught.value.port == "real"
        assert caught.value.hints == (SetParameterHint("side", other),)


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (discriminator_loss, 2),
        (minimax_generator_loss, 1),
        (non_saturating_generator_loss, 1),
        (least_squares_critic_loss, 2),
        (least_squares_generator_loss, 1),
        (hinge_critic_loss, 2),
        (lambda real, fake: energy_critic_loss(real, fake, 1.0), 2),
        (EquilibriumLoss().double().eval(), 2),
        (cramer_critic_loss, 3),
        (cramer_generator_loss, 3),
    ],
)
def test_derivatives_are_those_of_finite_differences(function: Any, count: int) -> None:
    values = [torch.randn(3, 2, dtype=torch.float64, requires_grad=True) for _ in range(count)]
    assert torch.autograd.gradcheck(function, values)


def test_a_gradient_is_stopped_or_turned_round() -> None:
    x = torch.randn(3, 5, requires_grad=True)
    inputs = {"x": TensorSpec((N, 5))}
    (y,) = Direct(Case(get_block("gradient_reversal"), {"strength": 0.5}, inputs))({"x": x})
    (y * torch.arange(15.0).reshape(3, 5)).sum().backward()

    assert torch.equal(y, x)
    assert torch.equal(x.grad, -0.5 * torch.arange(15.0).reshape(3, 5))
    (z,) = Direct(Case(get_block("stop_gradient"), {}, inputs))({"x": x})
    assert torch.equal(z, x)
    assert not z.requires_grad


def gaussian() -> tuple[Direct, nn.Module]:
    direct = Direct(Case(get_block("gaussian_sample"), {}, dict.fromkeys(("mean", "log_variance"), TensorSpec((N, 2)))))
    (module,) = direct.layers.values()
    return direct, module


def test_a_code_is_drawn_from_its_normal_distribution_and_in_use_is_its_mean() -> None:
    direct, module = gaussian()
    mean, log_variance = torch.tensor([[3.0, -1.0]]).expand(20_000, 2), torch.tensor([[0.0, 2 * np.log(3.0)]])
    values = {"mean": mean, "log_variance": log_variance.float().expand(20_000, 2)}
    (z,) = direct(values)

    np.testing.assert_allclose(z.mean(0).numpy(), [3, -1], atol=0.08)
    np.testing.assert_allclose(z.std(0).numpy(), [1, 3], rtol=0.03)
    module.eval()
    assert torch.equal(direct(values)[0], mean)


def test_gradients_reach_mean_and_spread_of_a_code() -> None:
    """z = μ + σ ε: ∂z/∂μ = 1 and ∂z/∂log σ² = ½ σ ε = ½ (z − μ)."""
    direct, _ = gaussian()
    mean, log_variance = torch.randn(4, 2, requires_grad=True), torch.randn(4, 2, requires_grad=True)
    (z,) = direct({"mean": mean, "log_variance": log_variance})
    z.sum().backward()

    assert torch.equal(mean.grad, torch.ones(4, 2))
    torch.testing.assert_close(log_variance.grad, (z - mean).detach() / 2)
