"""Recurrent layers, batch first, with states that fit other blocks: (N, features) and not (layers, N, hidden).

Those "to lengths" give the numbers of `nn.utils.rnn.pack_padded_sequence` without packing, which would wait for the
device and can't be exported: the backward direction begins at each sequence's own end, and what lies past it is 0.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_state(state: Tensor, hidden: int) -> Tensor:
    """The state of each layer and direction, as torch keeps it. (N, L·hidden) -> (L, N, hidden)."""
    return state.reshape(state.shape[0], -1, hidden).transpose(0, 1).contiguous()


def join_state(state: Tensor) -> Tensor:
    """The states of layers and directions side by side. (L, N, hidden) -> (N, L·hidden)."""
    return state.transpose(0, 1).flatten(1)


def reverse_to_lengths(x: Tensor, lengths: Tensor) -> Tensor:
    """The first `lengths` steps of each sequence backwards; what lies past its end stays. (N, T, E), (N,) -> (N, T, E).

    Schuster, Paliwal (1997). Bidirectional recurrent neural networks.
    """
    steps = torch.arange(x.shape[1], device=x.device)
    ends = lengths.clamp(0, x.shape[1])[:, None]
    source = torch.where(steps < ends, ends - 1 - steps, steps)  # (N, T)
    return x.gather(1, source[..., None].expand(-1, -1, x.shape[2]))


def step_at_end(x: Tensor, lengths: Tensor) -> Tensor:
    """The last step before each sequence's end; the first where the length is 0. (N, T, E), (N,) -> (N, E)."""
    last = lengths.clamp(1, x.shape[1]) - 1
    return x.gather(1, last[:, None, None].expand(-1, 1, x.shape[2])).squeeze(1)


def mean_to_lengths(x: Tensor, lengths: Tensor) -> Tensor:
    """The average of the steps before each sequence's end; 0 where there are none. (N, T, E), (N,) -> (N, E)."""
    past = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
    return x.masked_fill(past[..., None], 0).sum(1) / lengths.clamp(1, x.shape[1])[:, None]


def max_to_lengths(x: Tensor, lengths: Tensor) -> Tensor:
    """The largest of the steps before each sequence's end; 0 where there are none. (N, T, E), (N,) -> (N, E)."""
    past = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
    largest = x.masked_fill(past[..., None], torch.finfo(x.dtype).min).amax(1)
    return largest.masked_fill(lengths[:, None] < 1, 0)


def join_steps(x: Tensor, count: int) -> Tensor:
    """`count` neighbouring steps as one long one; what is left over at the end is dropped.

    (N, T, E) -> (N, ⌊T/count⌋, count·E). Chan, Jaitly, Le, Vinyals (2016). Listen, attend and spell.
    """
    n, t, e = x.shape
    return x[:, : t // count * count].reshape(n, t // count, count * e)


def cut_to_length(x: Tensor, like: Tensor) -> Tensor:
    """The first steps, as many as `like` has. (N, T, E), (N, S, D) -> (N, S, E)."""
    return x[:, : like.shape[1]]


def leaky_integrate(x: Tensor, alpha: float) -> Tensor:
    """μₜ = α μₜ₋₁ + (1 − α) xₜ with μ₀ = 0, for all t at once: μₜ = Σₛ (1 − α) αᵗ⁻ˢ xₛ. (N, T, E) -> (N, T, E).

    Mozer (1992). Induction of multiscale temporal structure. Takes T² weights, which is less than a loop would for
    sequences up to some thousands of steps.
    """
    steps = torch.arange(x.shape[1], device=x.device)
    ago = (steps[:, None] - steps).clamp(min=0)
    weights = (alpha ** ago.to(x.dtype)).tril() * (1 - alpha)  # (T, T)
    return weights @ x


def run_one_way(
    rnn: nn.RNNBase, at: int, x: Tensor, lengths: Tensor, begin: tuple[Tensor, ...]
) -> tuple[Tensor, list[Tensor]]:
    """One layer in one direction, number `at` of `rnn`: what it gives, 0 past each end, and its states at the ends.

    x: (N, T, E), begin: (N, hidden) each -> y: (N, T, hidden), states: (N, hidden) each.
    """
    past = (torch.arange(x.shape[1], device=x.device) >= lengths[:, None])[..., None]  # (N, T, 1)
    states = [state[None].contiguous() for state in begin]
    weights: list[Tensor] = [*rnn.all_weights[at]]
    options = (rnn.bias, 1, 0.0, rnn.training, False, True)
    if rnn.mode == "LSTM":
        # Past the end the input gate is closed and the forget gate open, by a feature more: the memory stays as it is.
        closed = weights[0].new_full((rnn.hidden_size, 1), -1e4)
        gates = torch.cat([closed, -closed, 0 * closed, 0 * closed])
        widened = [torch.cat([weights[0], gates], 1), *weights[1:]]
        y, _, memory = torch.lstm(torch.cat([x, past.to(x.dtype)], -1), states, widened, *options)
        memories = [memory[0]]
    else:
        function = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}[rnn.mode]
        y, _ = function(x, states[0], weights, *options)
        memories = []
    h = torch.where(lengths[:, None] > 0, step_at_end(y, lengths), begin[0])
    return y.masked_fill(past, 0), [h, *memories]


def run_to_lengths(
    rnn: nn.RNNBase, x: Tensor, lengths: Tensor, begin: tuple[Tensor, ...]
) -> tuple[Tensor, list[Tensor]]:
    """All layers and directions of `rnn`, each sequence as long as `lengths` says: the numbers of a packed run.

    x: (N, T, E), lengths: (N,), begin: (L, N, hidden) each -> y: (N, T, ...), states: (L, N, hidden) each.
    """
    ends = []
    for layer in range(rnn.num_layers):
        if layer:
            x = F.dropout(x, rnn.dropout, rnn.training)
        at = 2 * layer if rnn.bidirectional else layer
        y, end = run_one_way(rnn, at, x, lengths, tuple(state[at] for state in begin))
        ends.append(end)
        if rnn.bidirectional:
            turned = reverse_to_lengths(x, lengths)
            back, end = run_one_way(rnn, at + 1, turned, lengths, tuple(state[at + 1] for state in begin))
            ends.append(end)
            y = torch.cat([y, reverse_to_lengths(back, lengths)], -1)
        x = y
    return x, [torch.stack(states) for states in zip(*ends, strict=True)]


class Elman(nn.Module):
    """Hidden units that see their own last values: hₜ = tanh(U xₜ + W hₜ₋₁ + b).

    Elman (1990). Finding structure in time. x: (N, T, E), h0: (N, L·hidden) -> y: (N, T, D·hidden), h: (N, D·hidden) of
    the last layer, or (N, L·hidden) of every layer; D directions, L = layers·D.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        activation: str = "tanh",
        every_layer: bool = False,
    ) -> None:
        super().__init__()
        self.rnn = nn.RNN(
            in_features,
            hidden,
            layers,
            activation,
            bias,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.first = 0 if every_layer else -2 if bidirectional else -1

    def forward(self, x: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y, h = self.rnn(x, None if h0 is None else split_state(h0, self.rnn.hidden_size))
        return y, join_state(h[self.first :])


class ElmanToLengths(Elman):
    """The same for sequences that end before T. lengths: (N,), how many steps of each count."""

    def forward(  # type: ignore[override]  # a port more
        self, x: Tensor, lengths: Tensor, h0: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        rnn = self.rnn
        h0 = x.new_zeros(x.shape[0], len(rnn.all_weights) * rnn.hidden_size) if h0 is None else h0
        y, (h,) = run_to_lengths(rnn, x, lengths, (split_state(h0, rnn.hidden_size),))
        return y, join_state(h[self.first :])


class Gru(nn.Module):
    """Gated recurrent units: hₜ = u hₜ₋₁ + (1 − u) tanh(U xₜ + r (W hₜ₋₁ + b') + b), gates likewise with σ.

    Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for statistical machine
    translation.
    x: (N, T, E), h0: (N, L·hidden) -> y: (N, T, D·hidden), h: (N, D·hidden) of the last layer, or
    (N, L·hidden) of every layer; D directions, L = layers·D.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        every_layer: bool = False,
    ) -> None:
        super().__init__()
        self.rnn = nn.GRU(
            in_features, hidden, layers, bias, batch_first=True, dropout=dropout, bidirectional=bidirectional
        )
        self.first = 0 if every_layer else -2 if bidirectional else -1

    def forward(self, x: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y, h = self.rnn(x, None if h0 is None else split_state(h0, self.rnn.hidden_size))
        return y, join_state(h[self.first :])


class GruToLengths(Gru):
    """The same for sequences that end before T. lengths: (N,), how many steps of each count."""

    def forward(  # type: ignore[override]  # a port more
        self, x: Tensor, lengths: Tensor, h0: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        rnn = self.rnn
        h0 = x.new_zeros(x.shape[0], len(rnn.all_weights) * rnn.hidden_size) if h0 is None else h0
        y, (h,) = run_to_lengths(rnn, x, lengths, (split_state(h0, rnn.hidden_size),))
        return y, join_state(h[self.first :])


class Lstm(nn.Module):
    """Cells with gates: cₜ = f cₜ₋₁ + i tanh(U xₜ + W hₜ₋₁ + b), hₜ = o tanh(cₜ), i, f and o likewise with σ.

    Hochreiter, Schmidhuber (1997). Long short-term memory. A `forget_bias` other than 0 is where the bias of
    the forget gates begins. x: (N, T, E), h0 and c0: (N, L·hidden) -> y: (N, T, D·hidden), h and c:
    (N, D·hidden) of the last layer, or (N, L·hidden) of every layer; D directions, L = layers·D.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        forget_bias: float = 0.0,
        every_layer: bool = False,
    ) -> None:
        super().__init__()
        self.rnn = nn.LSTM(
            in_features, hidden, layers, bias, batch_first=True, dropout=dropout, bidirectional=bidirectional
        )
        self.first = 0 if every_layer else -2 if bidirectional else -1
        for name, parameter in self.rnn.named_parameters():
            if forget_bias and name.startswith("bias"):  # torch adds two biases: one has all, one nothing
                nn.init.constant_(parameter.data[hidden : 2 * hidden], forget_bias if "ih" in name else 0.0)

    def forward(
        self, x: Tensor, h0: Tensor | None = None, c0: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        begin = None
        if h0 is not None and c0 is not None:
            begin = (split_state(h0, self.rnn.hidden_size), split_state(c0, self.rnn.hidden_size))
        y, (h, c) = self.rnn(x, begin)
        return y, (join_state(h[self.first :]), join_state(c[self.first :]))


class LstmToLengths(Lstm):
    """The same for sequences that end before T. lengths: (N,), how many steps of each count."""

    def forward(  # type: ignore[override]  # a port more
        self, x: Tensor, lengths: Tensor, h0: Tensor | None = None, c0: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        zeros = x.new_zeros(x.shape[0], len(self.rnn.all_weights) * self.rnn.hidden_size)
        begin = tuple(split_state(zeros if each is None else each, self.rnn.hidden_size) for each in (h0, c0))
        y, (h, c) = run_to_lengths(self.rnn, x, lengths, begin)
        return y, (join_state(h[self.first :]), join_state(c[self.first :]))


class Jordan(nn.Module):
    """Hidden units that see the last output: hₜ = φ(U xₜ + V yₜ₋₁ + b), yₜ = ψ(W hₜ + c), y₀ = 0.

    x: (N, T, E) -> y: (N, T, features). Jordan (1986). Attractor dynamics and parallelism in a connectionist sequential
    machine.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int,
        features: int,
        activation: str = "tanh",
        output_activation: str = "sigmoid",
        bias: bool = True,
    ) -> None:
        super().__init__()
        functions = {"tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "relu": nn.ReLU(), "softmax": nn.Softmax(-1)}
        self.enter = nn.Linear(in_features, hidden, bias=bias)
        self.feedback = nn.Linear(features, hidden, bias=False)
        self.leave = nn.Linear(hidden, features, bias=bias)
        self.activation = functions[activation]
        self.output_activation = functions.get(output_activation, nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        y = x.new_zeros(x.shape[0], self.leave.out_features)
        steps = []
        for entering in self.enter(x).unbind(1):
            h = self.activation(entering + self.feedback(y))
            y = self.output_activation(self.leave(h))
            steps.append(y)
        return torch.stack(steps, 1)


class PyramidLstm(nn.Module):
    """A bidirectional layer over groups of steps, each group one long step: time gets shorter, steps get richer.

    x: (N, T, E) -> y: (N, ⌊T/joined⌋, 2·hidden); steps left over at the end are dropped. Chan, Jaitly, Le, Vinyals
    (2016). Listen, attend and spell.
    """

    def __init__(self, in_features: int, hidden: int, joined: int = 2, bias: bool = True) -> None:
        super().__init__()
        self.joined = joined
        self.rnn = nn.LSTM(joined * in_features, hidden, bias=bias, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.rnn(join_steps(x, self.joined))
        return y
