"""What the two sides of a generative adversarial network make small, each with its paper, and a gradient turned round.

`real` and `fake` are the scores that the critic gives to real and to made samples: (N, ...) -> scalar.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """−E log σ(real) − E log(1 − σ(fake)): Goodfellow et al. (2014). Generative adversarial nets."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator_loss(fake: Tensor) -> Tensor:
    """E log(1 − σ(fake)): Goodfellow et al. (2014). Generative adversarial nets."""
    return -F.softplus(fake).mean()


def non_saturating_generator_loss(fake: Tensor) -> Tensor:
    """−E log σ(fake): Goodfellow et al. (2014). Generative adversarial nets."""
    return F.softplus(-fake).mean()


def least_squares_critic_loss(real: Tensor, fake: Tensor, real_target: float = 1.0, fake_target: float = 0.0) -> Tensor:
    """½ E(real − b)² + ½ E(fake − a)²: Mao et al. (2017). Least squares generative adversarial networks."""
    return ((real - real_target) ** 2).mean() / 2 + ((fake - fake_target) ** 2).mean() / 2


def least_squares_generator_loss(fake: Tensor, wish: float = 1.0) -> Tensor:
    """½ E(fake − c)²: Mao et al. (2017). Least squares generative adversarial networks."""
    return ((fake - wish) ** 2).mean() / 2


def hinge_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 − real) + E max(0, 1 + fake): Lim, Ye (2017). Geometric GAN."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def energy_critic_loss(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    """E real + E max(0, margin − fake): Zhao, Mathieu, LeCun (2017). Energy-based generative adversarial networks."""
    return real.mean() + F.relu(margin - fake).mean()


class EquilibriumLoss(nn.Module):
    """E real − k E fake, then k ← min(max(k + rate · (gamma E real − E fake), 0), 1) while training; k begins at 0.

    real, fake: (N, ...) -> scalar. Berthelot, Schumm, Metz (2017). BEGAN.
    """

    balance: Tensor

    def __init__(self, gamma: float = 0.5, rate: float = 0.001) -> None:
        super().__init__()
        self.gamma = gamma
        self.rate = rate
        self.register_buffer("balance", torch.zeros(()))

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        real_error, fake_error = real.mean(), fake.mean()
        loss = real_error - self.balance.clone() * fake_error
        if self.training:
            with torch.no_grad():
                drift = self.gamma * real_error - fake_error
                self.balance.copy_((self.balance + self.rate * drift).clamp(0, 1))
        return loss


def cramer_critic_loss(real: Tensor, fake: Tensor, other: Tensor) -> Tensor:
    """E f(fake) − E f(real) with f(h) = ‖h − other‖ − ‖h‖; (N, C) each.

    Bellemare et al. (2017). The Cramer distance as a solution to biased Wasserstein gradients.
    """

    def score(h: Tensor) -> Tensor:
        return (torch.linalg.vector_norm(h - other, dim=1) - torch.linalg.vector_norm(h, dim=1)).mean()

    return score(fake) - score(real)


def cramer_generator_loss(real: Tensor, fake: Tensor, other: Tensor) -> Tensor:
    """E ‖real − fake‖ + E ‖real − other‖ − E ‖fake − other‖; (N, C) each: the energy distance, but for what depends on
    the real samples alone.

    Bellemare et al. (2017). The Cramer distance as a solution to biased Wasserstein gradients.
    """

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return torch.linalg.vector_norm(a - b, dim=1).mean()

    return distance(real, fake) + distance(real, other) - distance(fake, other)


def reverse_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """`x` itself; backwards, the gradient times −strength. Ganin, Lempitsky (2015).

    x: any -> y: as x. Unsupervised domain adaptation by backpropagation.
    """
    still = x.detach()
    return still + strength * (still - x)
