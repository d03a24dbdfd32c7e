"""Machines that write to a memory of their own: Graves, Wayne, Danihelka (2014). Neural Turing machines; Joulin,
Mikolov (2015). Inferring algorithmic patterns with stack-augmented recurrent nets.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def content_weights(memory: Tensor, key: Tensor, strength: Tensor) -> Tensor:
    """Where what is stored resembles a key: softmax over places of β · cosine(key, memory).

    memory: (N, M, W), key: (N, h, W), strength β ≥ 0: (N, h, 1) -> (N, h, M).
    """
    alike = F.cosine_similarity(memory.unsqueeze(1), key.unsqueeze(2), dim=-1)  # (N, h, M)
    return torch.softmax(strength * alike, -1)


def shift_weights(weights: Tensor, shift: Tensor) -> Tensor:
    """Weights moved round the memory: w̃ᵢ = Σⱼ w₍ᵢ₋ⱼ₎ sⱼ for steps j from −r to r.

    weights: (N, h, M), shift: (N, h, 2r + 1) -> (N, h, M); or of one head, (N, M) and (N, 2r + 1).
    """
    reach = shift.shape[-1] // 2
    moved = [weights.roll(step, -1) for step in range(-reach, reach + 1)]
    return (torch.stack(moved, -1) @ shift.unsqueeze(-1)).squeeze(-1)


def sharpen_weights(weights: Tensor, sharpness: Tensor) -> Tensor:
    """wᵢ^γ / Σⱼ wⱼ^γ, so that shifts do not blur.

    weights: (N, h, M), γ ≥ 1: (N, h, 1) -> (N, h, M); or of one head, (N, M) and (N, 1).
    """
    raised = weights.clamp_min(1e-12) ** sharpness  # the slope by γ is w^γ log w, which has no value at 0
    return raised / raised.sum(-1, keepdim=True)


def address_memory(
    memory: Tensor,
    before: Tensor,
    key: Tensor,
    strength: Tensor,
    gate: Tensor,
    shift: Tensor,
    sharpness: Tensor,
) -> Tensor:
    """Where heads look: by content or where they were (gate g), then a step on, then sharper.

    memory: (N, M, W), weights before: (N, h, M), key: (N, h, W), strength β, gate g, sharpness γ: (N, h, 1),
    shift: (N, h, 2r + 1) -> (N, h, M), each row summing to 1.
    """
    chosen = torch.lerp(before, content_weights(memory, key, strength), gate)  # g wᶜ + (1 − g) w
    return sharpen_weights(shift_weights(chosen, shift), sharpness)


def write_memory(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor) -> Tensor:
    """What a head leaves: Mᵢ (1 − wᵢ e) + wᵢ a, the heads one after another.

    memory: (N, M, W), weights: (N, h, M), erase and add: (N, h, W) -> (N, M, W).
    """
    for head in range(weights.shape[1]):
        w = weights[:, head].unsqueeze(2)  # (N, M, 1)
        memory = memory * (1 - w @ erase[:, head].unsqueeze(1)) + w @ add[:, head].unsqueeze(1)
    return memory


class NeuralTuringMachine(nn.Module):
    """A controller that reads from and writes to a memory of M places of W numbers.

    x: (N, T, E) -> y: (N, T, K), and where it read and wrote: (N, T, h·M) each.
    Each step addresses and reads the memory as the step before left it, and then writes. Heads begin at
    the first place and, until they learn otherwise, rather move on from where they are, with little blur,
    than look for content: they learn many times faster so, and seldom not at all.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: int = 100,
        locations: int = 128,
        width: int = 20,
        heads: int = 1,
        reach: int = 1,
        controller: str = "lstm",
    ) -> None:
        super().__init__()
        self.locations, self.width, self.heads, self.reach = locations, width, heads, reach
        self.recurrent = controller == "lstm"
        self.controller: nn.Module
        if self.recurrent:
            self.controller = nn.LSTMCell(inputs + heads * width, hidden)
            self.first_hidden = nn.Parameter(torch.randn(1, hidden) * 0.05)
            self.first_cell = nn.Parameter(torch.randn(1, hidden) * 0.05)
        else:
            self.controller = nn.Linear(inputs + heads * width, hidden)
        self.address = nn.Linear(hidden, 2 * heads * (width + 2 * reach + 4))  # first the heads that read
        with torch.no_grad():
            asked = self.address.bias.view(2 * heads, -1)
            asked[:, width + 1] -= 3.0  # the gate: 5 % of where they look comes from content
            asked[:, width + reach + 3] += 1.0  # one place on: more than half of the choice of three
            asked[:, -1] += 3.0  # the sharpness: about 4
        self.change = nn.Linear(hidden, 2 * heads * width)
        self.output = nn.Linear(hidden + heads * width, outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if x.device.type == "meta":  # shapes alone: no step waits for the one before
            y, reads, writes = self.run(x.flatten(0, 1).unsqueeze(1))
            return y.view(*x.shape[:2], -1), reads.view(*x.shape[:2], -1), writes.view(*x.shape[:2], -1)
        return self.run(x)

    def run(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step after another."""
        n = x.shape[0]
        memory = x.new_full((n, self.locations, self.width), 1e-6)
        weights = torch.eye(self.locations, dtype=x.dtype, device=x.device)[0].expand(n, 2 * self.heads, -1)
        read = x.new_zeros(n, self.heads * self.width)
        state = (self.first_hidden.repeat(n, 1), self.first_cell.repeat(n, 1)) if self.recurrent else None
        found, looks = [], []
        for step in x.unbind(1):
            given = torch.cat([step, read], 1)
            if state is None:
                hidden = torch.tanh(self.controller(given))
            else:
                state = self.controller(given, state)
                hidden = state[0]
            weights = self.look(hidden, memory, weights)
            read = (weights[:, : self.heads] @ memory).flatten(1)  # (N, h·W)
            erase, add = self.change(hidden).view(n, 2, self.heads, self.width).unbind(1)
            memory = write_memory(memory, weights[:, self.heads :], torch.sigmoid(erase), torch.tanh(add))
            found.append(torch.cat([hidden, read], 1))
            looks.append(weights)
        reads, writes = torch.stack(looks, 1).flatten(2).chunk(2, 2)  # (N, T, h·M)
        return self.output(torch.stack(found, 1)), reads, writes

    def look(self, hidden: Tensor, memory: Tensor, before: Tensor) -> Tensor:
        """Where the heads that read, and those that write, look next. hidden: (N, hidden) -> (N, 2h, M)."""
        asked = self.address(hidden).view(hidden.shape[0], 2 * self.heads, -1)
        key, strength, gate, shift, sharpness = asked.split([self.width, 1, 1, 2 * self.reach + 1, 1], -1)
        return address_memory(
            memory,
            before,
            torch.tanh(key),
            F.softplus(strength),
            torch.sigmoid(gate),
            torch.softmax(shift, -1),
            1 + F.softplus(sharpness),
        )


class StackRnn(nn.Module):
    """A recurrent layer that learns when to push a number on each of its stacks, and when to pop one.

    x: (N, T, E) -> y: (N, T, H), and how much each stack was pushed, popped and left alone: (N, T,
    stacks·actions).
    h = σ(U x + R h' + P tops'), actions = softmax(A h); s₀ = push·σ(D h) + pop·s₁' + stay·s₀' and below
    sᵢ = push·sᵢ₋₁' + pop·sᵢ₊₁' + stay·sᵢ', with ' for the step before. Empty places hold −1.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        stacks: int = 10,
        depth: int = 32,
        read: int = 2,
        recurrent: bool = False,
        can_stay: bool = False,
    ) -> None:
        super().__init__()
        self.stacks, self.depth, self.read = stacks, depth, read
        self.actions = 3 if can_stay else 2
        self.enter = nn.Linear(inputs, hidden, bias=False)
        self.again = nn.Linear(hidden, hidden, bias=False) if recurrent else None
        self.top = nn.Linear(stacks * read, hidden, bias=False)
        self.act = nn.Linear(hidden, stacks * self.actions, bias=False)
        self.push = nn.Linear(hidden, stacks, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.device.type == "meta":  # shapes alone: no step waits for the one before
            y, actions = self.run(x.flatten(0, 1).unsqueeze(1))
            return y.view(*x.shape[:2], -1), actions.view(*x.shape[:2], -1)
        return self.run(x)

    def run(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """One step after another."""
        n = x.shape[0]
        stack = x.new_full((n, self.stacks, self.depth), -1.0)
        empty = x.new_full((n, self.stacks, 1), -1.0)
        hidden = x.new_zeros(n, self.enter.out_features)
        found, acts = [], []
        for entering in self.enter(x).unbind(1):
            given = entering + self.top(stack[:, :, : self.read].flatten(1))
            if self.again is not None:
                given = given + self.again(hidden)
            hidden = torch.sigmoid(given)
            actions = torch.softmax(self.act(hidden).view(n, self.stacks, self.actions), -1)
            pushed = torch.cat([torch.sigmoid(self.push(hidden)).unsqueeze(2), stack[:, :, :-1]], 2)
            popped = torch.cat([stack[:, :, 1:], empty], 2)
            after = torch.stack([pushed, popped, stack][: self.actions], -1)  # (N, stacks, depth, actions)
            stack = (after @ actions.unsqueeze(-1)).squeeze(-1)
            found.append(hidden)
            acts.append(actions.flatten(1))
        return torch.stack(found, 1), torch.stack(acts, 1)


def masked_binary_cross_entropy(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """−t log σ(x) − (1 − t) log(1 − σ(x)) where `mask` is 1, averaged over each sample and then over samples.

    logits, target: (N, T, K), mask: (N, T, K) or (N, T, 1) -> scalar, in nats.
    """
    asked = mask.expand_as(logits).flatten(1)
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none").flatten(1)
    return ((loss * asked).sum(1) / asked.sum(1).clamp_min(1)).mean()


def bit_accuracy(logits: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """The share of numbers on the right side of one half, where `mask` is 1 if given; of samples, averaged.

    logits, target: (N, T, K), mask: (N, T, K) or (N, T, 1) -> scalar.
    """
    right = ((logits > 0) == (target > 0.5)).float().flatten(1)
    if mask is None:
        return right.mean()
    asked = (mask > 0).expand_as(logits).float().flatten(1)
    return ((right * asked).sum(1) / asked.sum(1).clamp_min(1)).mean()
