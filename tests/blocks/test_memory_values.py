"""Memories against the equations of their papers, written out number by number, and published parameter counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check import Checker
from graph_engine.check.report import Cost
from graph_engine.check.shapes import run_block
from graph_engine.document.builder import Builder, Port
from graph_engine.nn.memory import (
    KeyValueMemory,
    SentenceEncoder,
    encode_sentences,
    memory_hop,
    score_words,
    word_weights,
)
from graph_engine.nn.turing import (
    NeuralTuringMachine,
    StackRnn,
    address_memory,
    bit_accuracy,
    content_weights,
    masked_binary_cross_entropy,
    sharpen_weights,
    shift_weights,
    write_memory,
)


def cost_of(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Cost:
    return run_block(get_block(block).make(parameters), Specs(inputs)).cost


def doubles(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


# Memory networks.


def test_words_are_weighed_by_their_place_as_in_the_paper() -> None:
    """l_kj = (1 − j/J) − (k/d)(1 − 2j/J) for J words, section 4.1; padding counts nothing."""
    x, features = torch.tensor([[3, 1, 2, 0], [4, 4, 4, 4]]), 5
    weights = word_weights(x, features, by_position=True)

    for row, words in ((0, 3), (1, 4)):
        for j in range(1, 5):
            for k in range(1, features + 1):
                right = (1 - j / words) - (k / features) * (1 - 2 * j / words) if j <= words else 0.0
                assert weights[row, j - 1, k - 1].item() == pytest.approx(right, abs=1e-6)


def test_a_bag_of_words_is_their_sum_and_a_story_is_its_sentences() -> None:
    encoder = SentenceEncoder(7, 4)
    story = torch.tensor([[[1, 2, 0], [6, 6, 0], [0, 0, 0]]])
    y, words = encoder(story)

    torch.testing.assert_close(y[0, 0], encoder.words[1] + encoder.words[2])
    torch.testing.assert_close(y[0, 1], 2 * encoder.words[6])
    assert not y[0, 2].any()
    assert torch.equal(words[0], encoder.words)
    for row in range(3):
        torch.testing.assert_close(encoder(story[:, row])[0], y[:, row])


@pytest.mark.parametrize("by_position", [True, False])
@pytest.mark.parametrize("pad_token", [0, -1])
def test_borrowed_words_encode_like_own_ones(by_position: bool, pad_token: int) -> None:
    encoder = SentenceEncoder(7, 4, pad_token, by_position)
    story, question = torch.randint(7, (2, 3, 5)), torch.randint(7, (2, 5))
    _, words = encoder(story)

    for x in (story, question):
        torch.testing.assert_close(encode_sentences(x, words, pad_token, by_position)[0], encoder(x)[0])


def test_word_order_tells_by_position_alone() -> None:
    one, other = torch.tensor([[1, 2, 3]]), torch.tensor([[3, 2, 1]])
    bag, ordered = SentenceEncoder(5, 4), SentenceEncoder(5, 4, by_position=True)

    torch.testing.assert_close(bag(one)[0], bag(other)[0])
    assert (ordered(one)[0] - ordered(other)[0]).abs().max() > 0.01


def test_a_hop_is_the_equation_of_the_paper() -> None:
    """p_i = softmax(uᵀ m_i), o = Σ p_i c_i, u' = u + o."""
    u, m, c = torch.randn(2, 3), torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    y, p = memory_hop(u, m, c)

    for row in range(2):
        raised = [math.exp(sum(float(u[row, e] * m[row, i, e]) for e in range(3))) for i in range(4)]
        for i in range(4):
            assert p[row, i].item() == pytest.approx(raised[i] / sum(raised), rel=1e-5)
        for e in range(3):
            found = sum(raised[i] / sum(raised) * float(c[row, i, e]) for i in range(4))
            assert y[row, e].item() == pytest.approx(float(u[row, e]) + found, rel=1e-4, abs=1e-6)


def test_keys_are_matched_and_values_read() -> None:
    """q' = R (q + Σ p_i v_i), Miller et al. (2016), section 3.1."""
    memory, q = KeyValueMemory(3), torch.randn(2, 3)
    keys, values = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    y, p = memory(q, keys, values)

    right = torch.softmax(torch.einsum("ne,nse->ns", q, keys), 1)
    torch.testing.assert_close(p, right)
    found = torch.einsum("ns,nse->ne", right, values)
    torch.testing.assert_close(y, torch.einsum("fe,ne->nf", memory.turn.weight, q + found))


def test_scores_are_products_with_the_words() -> None:
    u, words = torch.randn(2, 3), torch.randn(2, 5, 3)

    torch.testing.assert_close(score_words(u, words), torch.einsum("ne,nve->nv", u, words))


def adjacent(words: int, sentences: int, features: int, hops: int, *, one_time: bool) -> Cost:
    """An end-to-end memory network with adjacent weights; `one_time`: the m of all hops share their temporal encoding,
    and so do the c, as in jojonki's code.
    """
    net = Builder("MemN2N")
    story = net.input("story", sentences, 6, classes=words, label=True)
    question = net.input("question", 4, classes=words, label=True)
    encoders = [net.add("sentence_encoder", story, features=features, encoding="bag of words") for _ in range(hops + 1)]
    if one_time:
        nothing = net.add("subtract", encoders[0], encoders[0])
        match_time, give_time = (net.add("position_embedding", nothing) for _ in range(2))
        matched = [net.add("add", encoder, match_time) for encoder in encoders[:-1]]
        given = [net.add("add", encoder, give_time) for encoder in encoders[1:]]
    else:
        memories = [net.add("position_embedding", encoder) for encoder in encoders]
        matched, given = memories[:-1], memories[1:]
    u = net.add("sentence_encoder", question, Port(encoders[0].node, "words"), encoding="bag of words")
    for m, c in zip(matched, given, strict=True):
        u = net.add("memory_hop", u, m, c)
    net.output(net.add("word_scores", u, Port(encoders[-1].node, "words")))
    result = Checker().check(net.document)
    assert result.ok, result.problems
    return result.total


def test_three_hops_with_adjacent_weights_have_the_parameters_of_the_paper() -> None:
    """Sukhbaatar et al. (2015): 177 words, d = 20, memory of 50: 4 · 177 · 20 + 4 · 50 · 20."""
    assert adjacent(177, 50, 20, 3, one_time=False).params == 18_160


def test_three_hops_with_adjacent_weights_are_those_of_published_code() -> None:
    """jojonki/MemoryNetworks memnn.py, V = 20, d = 20, 50 sentences: 12 800 MACs were measured for a batch of 2."""
    cost = adjacent(20, 50, 20, 3, one_time=True)

    assert (cost.params, 2 * cost.macs) == (3_600, 12_800)


# The neural Turing machine.


def test_content_is_found_by_the_cosine() -> None:
    """Equations 5 and 6."""
    memory, key = torch.randn(1, 4, 3), torch.randn(1, 2, 3)
    strength = torch.tensor([[[2.0], [5.0]]])
    w = content_weights(memory, key, strength)

    for head in range(2):
        alike = [
            float(key[0, head] @ memory[0, i]) / (float(key[0, head].norm()) * float(memory[0, i].norm()))
            for i in range(4)
        ]
        raised = [math.exp(float(strength[0, head]) * value) for value in alike]
        for i in range(4):
            assert w[0, head, i].item() == pytest.approx(raised[i] / sum(raised), rel=1e-4)


@pytest.mark.parametrize("reach", [1, 2])
def test_shifts_go_round(reach: int) -> None:
    """Equation 8: w̃(i) = Σ_j w(j) s(i − j), indices modulo the number of places."""
    places = 6
    weights, shift = torch.rand(1, 1, places), torch.softmax(torch.randn(1, 1, 2 * reach + 1), -1)
    moved = shift_weights(weights, shift)

    by_step = {step % places: float(shift[0, 0, step + reach]) for step in range(-reach, reach + 1)}
    for i in range(places):
        right = sum(float(weights[0, 0, j]) * by_step.get((i - j) % places, 0.0) for j in range(places))
        assert moved[0, 0, i].item() == pytest.approx(right, rel=1e-5)


def test_a_shift_by_one_goes_one_place_on() -> None:
    first = torch.tensor([[[1.0, 0, 0, 0]]])

    assert shift_weights(first, torch.tensor([[[0.0, 0, 1]]])).tolist() == [[[0, 1, 0, 0]]]
    assert shift_weights(first, torch.tensor([[[1.0, 0, 0]]])).tolist() == [[[0, 0, 0, 1]]]


def test_sharpening_raises_and_divides() -> None:
    """Equation 9."""
    w = sharpen_weights(torch.tensor([[[0.1, 0.3, 0.6]]]), torch.tensor([[[2.0]]]))

    torch.testing.assert_close(w, torch.tensor([[[0.01, 0.09, 0.36]]]) / 0.46)


def test_the_gate_chooses_between_content_and_where_the_head_was() -> None:
    """Equation 7: g wᶜ + (1 − g) w."""
    memory, before = torch.randn(1, 3, 4), torch.tensor([[[0.0, 1.0, 0.0]]])
    key, one = torch.randn(1, 1, 4), torch.ones(1, 1, 1)
    stay = torch.tensor([[[0.0, 1, 0]]])
    content = content_weights(memory, key, 3 * one)

    for gate in (0.0, 0.25, 1.0):
        w = address_memory(memory, before, key, 3 * one, gate * one, stay, one)
        torch.testing.assert_close(w, gate * content + (1 - gate) * before, atol=1e-6, rtol=1e-5)


def test_writing_erases_and_adds() -> None:
    """Equations 3 and 4, two heads one after another."""
    memory, w = torch.randn(1, 3, 2), torch.softmax(torch.randn(1, 2, 3), -1)
    erase, add = torch.rand(1, 2, 2), torch.randn(1, 2, 2)
    after = write_memory(memory, w, erase, add)

    for i in range(3):
        for column in range(2):
            value = float(memory[0, i, column])
            for head in range(2):
                weight = float(w[0, head, i])
                value = value * (1 - weight * float(erase[0, head, column])) + weight * float(add[0, head, column])
            assert after[0, i, column].item() == pytest.approx(value, rel=1e-4, abs=1e-6)


def machine_by_hand(machine: NeuralTuringMachine, x: Tensor) -> Tensor:
    """Section 3, one sample and one head of each kind, with lists of numbers in place of batches."""
    places, width = machine.locations, machine.width
    memory = [[1e-6] * width for _ in range(places)]
    looks = [torch.eye(places)[0], torch.eye(places)[0]]
    read = torch.zeros(width)
    said = []
    for step in x:
        hidden = torch.tanh(machine.controller.weight @ torch.cat([step, read]) + machine.controller.bias)
        asked = machine.address.weight @ hidden + machine.address.bias
        change = machine.change.weight @ hidden + machine.change.bias
        for head in range(2):
            own = asked[head * (width + 6) : (head + 1) * (width + 6)]
            key = torch.tanh(own[:width])
            beta, gate = math.log1p(math.exp(own[width])), 1 / (1 + math.exp(-own[width + 1]))
            shift = [float(value) for value in own[width + 2 : width + 5].softmax(0)]
            gamma = 1 + math.log1p(math.exp(own[width + 5]))
            rows = [torch.tensor(row) for row in memory]
            raised = [math.exp(beta * float(key @ row / (key.norm() * row.norm()))) for row in rows]
            mixed = [gate * raised[i] / sum(raised) + (1 - gate) * float(looks[head][i]) for i in range(places)]
            turned = [sum(mixed[(i - j) % places] * shift[j + 1] for j in (-1, 0, 1)) for i in range(places)]
            powers = [value**gamma for value in turned]
            looks[head] = torch.tensor([value / sum(powers) for value in powers])
        read = torch.stack([looks[0][i] * torch.tensor(memory[i]) for i in range(places)]).sum(0)
        said.append(machine.output.weight @ torch.cat([hidden, read]) + machine.output.bias)
        erase, add = torch.sigmoid(change[:width]), torch.tanh(change[width:])
        for i in range(places):
            w = looks[1][i]
            memory[i] = [float(m * (1 - w * e) + w * a) for m, e, a in zip(memory[i], erase, add, strict=True)]
    return torch.stack(said)


def test_the_machine_is_the_one_of_the_paper() -> None:
    machine = NeuralTuringMachine(3, 2, 5, locations=4, width=3, controller="feed-forward")
    with torch.no_grad():
        machine.address.bias.normal_()
        x = torch.randn(2, 6, 3)
        y, reads, writes = machine(x)
        for row in range(2):
            torch.testing.assert_close(y[row], machine_by_hand(machine, x[row]), atol=1e-4, rtol=1e-3)

    assert reads.shape == writes.shape == (2, 6, 4)
    torch.testing.assert_close(reads.sum(2), torch.ones(2, 6))
    torch.testing.assert_close(writes.sum(2), torch.ones(2, 6))


def test_the_lstm_controller_steps_like_torchs_own() -> None:
    """With a memory of nothing to see (its output and read weights at 0), what is left is an LSTM."""
    machine = NeuralTuringMachine(3, 2, 5, locations=4, width=3, controller="lstm")
    plain = nn.LSTM(3, 5, batch_first=True)
    with torch.no_grad():
        cell = machine.controller
        cell.weight_ih[:, 3:] = 0
        machine.output.weight[:, 5:] = 0
        plain.weight_ih_l0.copy_(cell.weight_ih[:, :3])
        plain.weight_hh_l0.copy_(cell.weight_hh)
        plain.bias_ih_l0.copy_(cell.bias_ih)
        plain.bias_hh_l0.copy_(cell.bias_hh)
        x = torch.randn(2, 6, 3)
        first = [part.expand(1, 2, -1).contiguous() for part in (machine.first_hidden, machine.first_cell)]
        h, _ = plain(x, (first[0], first[1]))
        right = h @ machine.output.weight[:, :5].t() + machine.output.bias

        torch.testing.assert_close(machine(x)[0], right)


def test_it_has_the_size_of_the_published_machine() -> None:
    """loudinthecloud/pytorch-ntm, copy task: LSTM of 100, one head of each kind, memory 128×20; one step."""
    cost = cost_of("neural_turing_machine", {"controller": "lstm"}, x=TensorSpec((N, 1, 9)))

    assert (cost.params, cost.macs) == (62_860, 70_208)


@pytest.mark.parametrize("name", ["neural_turing_machine", "stack_rnn"])
def test_a_sequence_costs_its_steps_known_or_not(name: str) -> None:
    one, many, open_ = (cost_of(name, {}, x=TensorSpec((N, length, 3))) for length in (1, 7, Axis("T")))

    assert many.macs == 7 * one.macs
    assert open_.macs == one.macs
    assert many.params == one.params == open_.params


# The stack-augmented network.


def stack_by_hand(network: StackRnn, x: Tensor) -> tuple[Tensor, Tensor]:
    """Section 3.2, one sample, stacks as lists with their top first."""
    stacks = [[-1.0] * network.depth for _ in range(network.stacks)]
    hidden = torch.zeros(network.enter.out_features)
    said, acted = [], []
    for step in x:
        tops = torch.tensor([value for stack in stacks for value in stack[: network.read]])
        given = network.enter.weight @ step + network.top.weight @ tops
        if network.again is not None:
            given = given + network.again.weight @ hidden
        hidden = torch.sigmoid(given)
        actions = (network.act.weight @ hidden).view(network.stacks, -1).softmax(1)
        values = torch.sigmoid(network.push.weight @ hidden)
        for number, stack in enumerate(stacks):
            push, pop, *stay = (float(value) for value in actions[number])
            above, below = [float(values[number]), *stack[:-1]], [*stack[1:], -1.0]
            stacks[number] = [
                push * above[i] + pop * below[i] + (stay[0] * stack[i] if stay else 0.0) for i in range(network.depth)
            ]
        said.append(hidden)
        acted.append(actions.flatten())
    return torch.stack(said), torch.stack(acted)


@pytest.mark.parametrize(("recurrent", "can_stay"), [(False, False), (True, False), (False, True), (True, True)])
def test_the_stacks_move_as_in_the_paper(recurrent: bool, can_stay: bool) -> None:
    network = StackRnn(3, 4, stacks=2, depth=3, read=2, recurrent=recurrent, can_stay=can_stay)
    with torch.no_grad():
        network.act.weight.mul_(5)
        x = torch.randn(2, 7, 3)
        y, actions = network(x)
        for row in range(2):
            said, acted = stack_by_hand(network, x[row])
            torch.testing.assert_close(y[row], said)
            torch.testing.assert_close(actions[row], acted)


def test_counting_needs_2160_parameters() -> None:
    """Joulin, Mikolov (2015), as facebookarchive/Stack-RNN lays it out: two letters, 40 units, 10 stacks, 2 read."""
    net = Builder("Counting")
    letters = net.add("one_hot", net.input("letters", 9, classes=2, label=True))
    net.output(net.add("linear", net.add("stack_rnn", letters), features=2, bias=False))

    assert Checker().check(net.document).total.params == 2_160


# What sequences are judged by.


def test_only_what_is_asked_for_counts() -> None:
    logits, target = torch.randn(2, 3, 2), torch.randint(2, (2, 3, 2)).float()
    mask = torch.tensor([[[1.0], [0], [1]], [[0], [0], [1]]])
    losses, rights = [], []
    for row in range(2):
        terms, hits = [], []
        for t in range(3):
            for k in range(2):
                if mask[row, t, 0]:
                    p = 1 / (1 + math.exp(-float(logits[row, t, k])))
                    terms.append(-math.log(p if target[row, t, k] else 1 - p))
                    hits.append((p > 0.5) == bool(target[row, t, k]))
        losses.append(sum(terms) / len(terms))
        rights.append(sum(hits) / len(hits))

    assert masked_binary_cross_entropy(logits, target, mask).item() == pytest.approx(sum(losses) / 2, rel=1e-5)
    assert bit_accuracy(logits, target, mask).item() == pytest.approx(sum(rights) / 2)
    torch.testing.assert_close(bit_accuracy(logits, target, torch.ones(2, 3, 1)), bit_accuracy(logits, target))


def test_a_sample_that_is_not_asked_costs_nothing() -> None:
    x = torch.randn(1, 2, 2, requires_grad=True)
    loss = masked_binary_cross_entropy(x, torch.ones(1, 2, 2), torch.zeros(1, 2, 1))
    loss.backward()  # type: ignore[no-untyped-call]

    assert loss.item() == 0
    assert x.grad is not None
    assert not x.grad.any()


# Derivatives, and what is refused.

MODULES: list[tuple[Callable[[], nn.Module], list[tuple[int, ...]]]] = [
    (lambda: KeyValueMemory(2), [(2, 2), (2, 3, 2), (2, 3, 2)]),
    (lambda: NeuralTuringMachine(2, 2, 3, locations=3, width=2, controller="feed-forward"), [(2, 3, 2)]),
    (lambda: NeuralTuringMachine(2, 2, 3, locations=4, width=2, heads=2, controller="lstm"), [(1, 3, 2)]),
    (lambda: StackRnn(2, 3, stacks=2, depth=3, recurrent=True, can_stay=True), [(2, 4, 2)]),
    (lambda: StackRnn(2, 3, stacks=1, depth=2, read=1), [(2, 4, 2)]),
]


@pytest.mark.parametrize(("make", "shapes"), MODULES)
def test_derivatives_by_inputs_and_weights(make: Callable[[], nn.Module], shapes: list[tuple[int, ...]]) -> None:
    module = make().double()
    names = [name for name, _ in module.named_parameters()]

    def call(*values: Tensor) -> tuple[Tensor, ...]:
        inputs, weights = values[: len(shapes)], values[len(shapes) :]
        result: tuple[Tensor, ...] = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), inputs)
        return result

    assert gradcheck(call, (*(doubles(*shape) for shape in shapes), *module.parameters()), atol=1e-4)


def test_derivatives_of_functions() -> None:
    x = torch.randint(5, (2, 3, 4))
    for function, values in (
        (memory_hop, (doubles(2, 3), doubles(2, 4, 3), doubles(2, 4, 3))),
        (score_words, (doubles(2, 3), doubles(2, 5, 3))),
        (lambda words: encode_sentences(x, words, 0, True)[0], (doubles(2, 5, 3),)),
        (lambda a, t: masked_binary_cross_entropy(a, t, torch.ones(2, 3, 1).double()), (doubles(2, 3, 2),) * 2),
    ):
        assert gradcheck(function, values)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("block", "parameters", "inputs", "words"),
    [
        ("sentence_encoder", {}, {"x": TensorSpec((N, 3, 4), "int64")}, "needs to know how many values"),
        ("sentence_encoder", {}, {"x": TensorSpec((N, 3, 4, 2), "int64", classes=3)}, "N×W or N×S×W"),
        ("sentence_encoder", {"pad_token": 9}, {"x": TensorSpec((N, 3), "int64", classes=7)}, "none of the 7 tokens"),
        (
            "sentence_encoder",
            {},
            {"x": TensorSpec((N, 3), "int64", classes=7), "shared": TensorSpec((N, 5, 2))},
            "Vectors of 5 words arrive, and the tokens take 7 values",
        ),
        (
            "memory_hop",
            {},
            {"u": TensorSpec((N, 4)), "m": TensorSpec((N, 3, 5)), "c": TensorSpec((N, 3, 5))},
            "compares vectors of one length",
        ),
        (
            "memory_hop",
            {},
            {"u": TensorSpec((N, 5)), "m": TensorSpec((N, 3, 5)), "c": TensorSpec((N, 2, 5))},
            "memories of one shape",
        ),
        ("word_scores", {}, {"u": TensorSpec((N, 4)), "words": TensorSpec((N, 3, 5))}, "vectors of one length"),
        ("neural_turing_machine", {"reach": 4, "locations": 8}, {"x": TensorSpec((N, 3, 5))}, "need 9 places"),
        ("stack_rnn", {"read": 3, "depth": 2}, {"x": TensorSpec((N, 3, 5))}, "can't see 3 numbers"),
        (
            "bit_accuracy",
            {},
            {"logits": TensorSpec((N, 3, 2)), "target": TensorSpec((N, 3, 2)), "mask": TensorSpec((N, 2, 1))},
            "The mask must have",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    block: str, parameters: dict[str, Any], inputs: dict[str, TensorSpec], words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        run_block(get_block(block).make(parameters), Specs(inputs))


# Blocks of a drawn machine.


def test_moved_and_sharpened_weights_of_one_head_are_those_of_several() -> None:
    weights, shift = torch.softmax(torch.randn(3, 2, 5), -1), torch.softmax(torch.randn(3, 2, 3), -1)
    sharpness = torch.rand(3, 2, 1)
    for head in range(2):
        torch.testing.assert_close(
            shift_weights(weights[:, head], shift[:, head]), shift_weights(weights, shift)[:, head]
        )
        torch.testing.assert_close(
            sharpen_weights(weights[:, head], 1 + sharpness[:, head]), sharpen_weights(weights, 1 + sharpness)[:, head]
        )
    made = get_block("sharpen_weights").make({})
    assert made.expression(
        Specs({"weights": TensorSpec((N, 5)), "sharpness": TensorSpec((N, 1))})
    )  # at sharpness 0, weights stay
    torch.testing.assert_close(sharpen_weights(weights, 1 + torch.zeros(3, 2, 1)), weights)


@pytest.mark.parametrize(
    ("block", "inputs", "words"),
    [
        ("move_weights", {"weights": (5,), "shift": (4,)}, "an odd number of moves"),
        ("move_weights", {"weights": (3,), "shift": (5,)}, "no more than there are places"),
        ("move_weights", {"weights": (2, 5), "shift": (3, 3)}, "of as many heads"),
        ("sharpen_weights", {"weights": (5,), "sharpness": (2,)}, "one number for each head"),
    ],
)
def test_moves_that_do_not_fit_are_refused(block: str, inputs: dict[str, tuple[int, ...]], words: str) -> None:
    specs = Specs({port: TensorSpec((N, *shape)) for port, shape in inputs.items()})
    with pytest.raises(Refusal, match=words):
        run_block(get_block(block).make({}), specs)
