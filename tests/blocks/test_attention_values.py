"""Attention of a query to a memory: by the papers' formulas written out, by published counts, by finite differences."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt, tanh
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.attention_query import (
    AdditiveAttention,
    AdditiveScores,
    BilinearAttention,
    LocationAttention,
    attend,
    cosine_attention,
    dot_attention,
    mask_scores,
    padded_steps,
    read_memory,
)
from graph_engine.nn.turing import content_weights

QUERY, MEMORY, TOKENS = TensorSpec((N, 4)), TensorSpec((N, 5, 6)), TensorSpec((N, 5), "int64")


def refusal(block: str, inputs: dict[str, TensorSpec], **parameters: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run_block(get_block(block).make(parameters), Specs(inputs))
    return caught.value


def shares(scores: list[float]) -> list[float]:
    """The softmax, number by number."""
    powers = [exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


def check_reading(read: tuple[Tensor, Tensor], memory: Tensor, score: Callable[[int, int], float]) -> None:
    """What was read for sample n and each query, given as (N, D) and (N, T), is the average weighted by the scores."""
    y, weights = read
    for n in range(len(memory)):
        expected = torch.tensor(shares([score(n, t) for t in range(memory.shape[1])]))
        torch.testing.assert_close(weights[n], expected)
        torch.testing.assert_close(y[n], sum(expected[t] * memory[n, t] for t in range(memory.shape[1])))


def test_additive_attention_is_the_formula_of_bahdanau() -> None:
    layer = AdditiveAttention(3, 4, 2)
    query, memory = torch.randn(2, 3), torch.randn(2, 5, 4)
    w, u, v = layer.scores.query.weight, layer.scores.memory.weight, layer.scores.score.weight[0]

    def score(n: int, t: int) -> float:
        return sum(v[a].item() * tanh((w[a] @ query[n] + u[a] @ memory[n, t]).item()) for a in range(2))

    check_reading(layer(query, memory), memory, score)


@pytest.mark.parametrize(("scaled", "scale"), [(False, 1.0), (True, 1 / sqrt(3))])
def test_dot_attention_is_the_formula_of_luong(scaled: bool, scale: float) -> None:
    query, memory = torch.randn(2, 3), torch.randn(2, 5, 3)
    read = dot_attention(query, memory, scaled=scaled)

    check_reading(read, memory, lambda n, t: scale * sum((query[n] * memory[n, t]).tolist()))
    if scaled:
        torch.testing.assert_close(read[0], F.scaled_dot_product_attention(query[:, None], memory, memory)[:, 0])


def test_its_general_score_has_a_matrix_between() -> None:
    layer = BilinearAttention(3, 4)
    query, memory = torch.randn(2, 3), torch.randn(2, 5, 4)

    check_reading(layer(query, memory), memory, lambda n, t: (query[n] @ layer.key.weight @ memory[n, t]).item())
    assert sum(each.numel() for each in layer.parameters()) == 12


def test_cosine_attention_is_the_addressing_of_a_turing_machine() -> None:
    query, memory, strength = torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.rand(2, 3, 1) * 4
    y, weights = cosine_attention(query, memory, strength)

    def score(n: int, t: int) -> float:
        a, b = query[n, 1], memory[n, t]
        return (strength[n, 1, 0] * (a @ b) / (a @ a).sqrt() / (b @ b).sqrt()).item()

    check_reading((y[:, 1], weights[:, 1]), memory, score)
    torch.testing.assert_close(weights, content_weights(memory, query, strength))
    torch.testing.assert_close(weights, cosine_attention(10 * query, 0.1 * memory, strength)[1])  # lengths don't count
    sharp = cosine_attention(memory[:, 2], memory, 1000.0)[0]
    torch.testing.assert_close(sharp, memory[:, 2])


@pytest.mark.parametrize("maps", [1, 2])
def test_location_attention_is_the_formula_of_chorowski(maps: int) -> None:
    layer = LocationAttention(3, 4, features=2, filters=2, kernel=3, maps=maps)
    query, memory = torch.randn(2, 3), torch.randn(2, 5, 4)
    before = [torch.rand(2, 5) for _ in range(maps)]
    look, w, u = layer.look.weight, layer.query.weight, layer.memory.weight

    def place(n: int, t: int) -> Tensor:
        """f: each filter over the weights one step before, at and one step after t, zeros outside."""
        inside = [(m, k, t + k - 1) for m in range(maps) for k in range(3) if 0 <= t + k - 1 < 5]
        return torch.stack(
            [torch.stack([look[f, m, k] * before[m][n, at] for m, k, at in inside]).sum() for f in range(2)]
        )

    def score(n: int, t: int) -> float:
        hidden = w @ query[n] + u @ memory[n, t] + layer.place.weight @ place(n, t) + layer.query.bias
        return sum(layer.score.weight[0, a].item() * tanh(hidden[a].item()) for a in range(2))

    check_reading(layer(query, memory, *before), memory, score)


QUERIES: dict[str, Callable[..., Any]] = {
    "additive": AdditiveAttention(4, 4, 3, bias=True),
    "relu": AdditiveAttention(4, 4, 3, activation="relu"),
    "general": BilinearAttention(4, 4),
    "dot": dot_attention,
    "cosine": cosine_attention,
}


@pytest.mark.parametrize("attend", QUERIES.values(), ids=QUERIES)
def test_several_queries_are_answered_each_as_if_alone(attend: Callable[..., Any]) -> None:
    query, memory = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    padding = torch.tensor([[False] * 5, [False, False, True, False, True]])
    together = attend(query, memory, padding=padding)

    for place in range(3):
        for all_of_them, one in zip(together, attend(query[:, place], memory, padding=padding), strict=True):
            torch.testing.assert_close(all_of_them[:, place], one)


@pytest.mark.parametrize("attend", QUERIES.values(), ids=QUERIES)
def test_padding_counts_as_if_it_were_not_there(attend: Callable[..., Any]) -> None:
    query, memory = torch.randn(2, 4), torch.randn(2, 5, 4)
    tokens = torch.tensor([[4, 1, 2, 0, 0], [4, 1, 2, 0, 0]])
    expected = attend(query, memory[:, :3])
    for mask in (tokens, torch.tensor([3, 3])):
        y, weights = attend(query, memory, padding=padded_steps(mask, memory))
        torch.testing.assert_close(y, expected[0])
        torch.testing.assert_close(weights[:, :3], expected[1])
        assert not weights[:, 3:].any()


def test_where_all_is_padding_all_steps_count() -> None:
    memory = torch.randn(2, 3, 4)
    for mask in (torch.tensor([[0, 0, 0], [0, 0, 7]]), torch.tensor([0, 1])):
        padding = padded_steps(mask, memory)
        assert padding[0].tolist() == [False] * 3
        assert padding[1].sum() == 2
        assert dot_attention(memory[:, 0], memory, padding)[0].isfinite().all()


def test_a_pointer_gives_the_scores_of_places() -> None:
    layer = AdditiveScores(4, 4, 8)
    query, memory = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    padding = padded_steps(torch.tensor([5, 2]), memory)
    scores = mask_scores(layer(query, memory), padding)

    assert scores.shape == (2, 3, 5)
    assert scores[1, :, 2:].tolist() == [[float("-inf")] * 3] * 3
    torch.testing.assert_close(scores.softmax(-1), read_memory(layer(query, memory), memory, padding)[1])
    assert F.cross_entropy(scores.transpose(1, 2), torch.tensor([[4, 0, 1], [1, 0, 1]])).isfinite()


def test_a_pointer_learns_to_point_at_the_largest() -> None:
    query, layer = torch.ones(64, 1), AdditiveScores(1, 1, 8, bias=True)
    memory = torch.rand(64, 5, 1)
    largest = memory.argmax(1).squeeze(1)
    optimiser = torch.optim.Adam(layer.parameters(), 0.05)
    for _ in range(200):
        loss = F.cross_entropy(layer(query, memory), largest)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    other = torch.rand(200, 5, 1)
    right = layer(torch.ones(200, 1), other).argmax(1) == other.argmax(1).squeeze(1)
    assert right.float().mean() > 0.95


def test_counts_are_those_of_published_layers() -> None:
    bahdanau = run_block(
        get_block("additive_attention").make({"features": 1000}),
        Specs({"query": TensorSpec((N, 1000)), "memory": TensorSpec((N, 20, 2000))}),
    )
    captions = run_block(
        get_block("additive_attention").make({"features": 512, "bias": True, "score_bias": True, "activation": "relu"}),
        Specs({"query": TensorSpec((N, 512)), "memory": TensorSpec((N, 196, 2048))}),
    )

    assert bahdanau.cost.params == 3_001_000
    assert captions.cost.params == 1_312_257  # sgrvinod/a-PyTorch-Tutorial-to-Image-Captioning
    averaging = 196 * 2048  # a matrix product here, there a sum of products that is not counted
    assert captions.cost.macs == 205_883_392 + averaging


def test_location_attention_has_the_weights_of_tacotron_2() -> None:
    """NVIDIA/tacotron2 model.py: each of its layers, at its default widths."""
    theirs = [
        nn.Linear(1024, 128, bias=False),
        nn.Linear(512, 128, bias=False),
        nn.Linear(128, 1, bias=False),
        nn.Conv1d(2, 32, 31, bias=False),
        nn.Linear(32, 128, bias=False),
    ]
    weights = TensorSpec((N, Axis("T")))
    ours = run_block(
        get_block("location_attention").make({"bias": False}),
        Specs(
            {
                "query": TensorSpec((N, 1024)),
                "memory": TensorSpec((N, Axis("T"), 512)),
                "before": weights,
                "total": weights,
            }
        ),
    )

    assert ours.cost.params == sum(weight.numel() for layer in theirs for weight in layer.parameters()) == 202_816
    assert ours.outputs["weights"] == weights
    assert ours.outputs["y"].shape == (N, 512)


@pytest.mark.parametrize(
    ("block", "parameters"),
    [
        ("additive_attention", {}),
        ("dot_attention", {}),
        ("dot_attention", {"score": "general"}),
        ("cosine_attention", {}),
        ("multi_head_attention", {"heads": 2}),
    ],
)
def test_two_lengths_may_be_unknown(block: str, parameters: dict[str, Any]) -> None:
    asked, looked_at = Axis("S"), Axis("T")
    inputs = {"query": TensorSpec((N, asked, 6)), "memory": TensorSpec((N, looked_at, 6))}
    inputs["mask"] = TensorSpec((N, looked_at), "int64")
    outputs = run_block(get_block(block).make(parameters), Specs(inputs)).outputs

    assert outputs["y"].shape == (N, asked, 6)
    assert "weights" not in outputs or outputs["weights"].shape == (N, asked, looked_at)


MODULES: list[tuple[nn.Module, list[tuple[int, ...]]]] = [
    (AdditiveAttention(2, 3, 2, bias=True), [(2, 2), (2, 3, 3)]),
    (AdditiveAttention(2, 3, 2), [(2, 2, 2), (2, 3, 3)]),
    (AdditiveScores(2, 3, 2), [(2, 2), (2, 3, 3)]),
    (BilinearAttention(2, 3), [(2, 2), (2, 3, 3)]),
    (LocationAttention(2, 3, 2, 2, 3, maps=2), [(2, 2), (2, 3, 3), (2, 3), (2, 3)]),
]


@pytest.mark.parametrize(("module", "shapes"), MODULES, ids=lambda value: type(value).__name__)
def test_derivatives_are_those_of_finite_differences(module: nn.Module, shapes: list[tuple[int, ...]]) -> None:
    module = module.double()
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    names, weights = zip(*module.named_parameters(), strict=True)

    def of(*values: Tensor) -> Any:
        given = dict(zip(names, values[len(inputs) :], strict=True))
        return torch.func.functional_call(module, given, values[: len(inputs)])

    assert torch.autograd.gradcheck(of, (*inputs, *weights))


def test_derivatives_of_cosine_attention_are_those_of_finite_differences() -> None:
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 3), (2, 4, 3), (2, 1))]

    assert torch.autograd.gradcheck(cosine_attention, inputs)


def test_it_says_what_does_not_fit() -> None:
    long = TensorSpec((N, 7), "int64")
    assert "each of the 5 steps" in refusal("dot_attention", {"query": QUERY, "memory": MEMORY, "mask": long}).message
    unequal = refusal("cosine_attention", {"query": QUERY, "memory": MEMORY})
    assert unequal.port == "query"
    assert "4 and the memory 6" in unequal.message
    strength = {"query": QUERY, "memory": TensorSpec((N, 5, 4)), "strength": TensorSpec((N, 2))}
    assert refusal("cosine_attention", strength).port == "strength"
    before = {"query": QUERY, "memory": MEMORY, "before": TensorSpec((N, 4))}
    assert refusal("location_attention", before).port == "before"
    assert refusal("location_attention", before, kernel=4).parameter == "kernel"


def test_normalised_attention_knows_length_and_direction_apart() -> None:
    """g v̂ᵀ tanh(W q + U m + b), as tf.contrib.seq2seq.BahdanauAttention(normalize=True)."""
    layer = AdditiveAttention(3, 4, 2, normalised=True)
    query, memory = torch.randn(2, 3), torch.randn(2, 5, 4)
    scores = layer.scores
    length, v = (getattr(scores.score.parametrizations.weight, f"original{at}") for at in (0, 1))
    torch.nn.init.constant_(length, 3.0)
    direction = v[0] / v.norm()

    def score(n: int, t: int) -> float:
        hidden = scores.query.weight @ query[n] + scores.memory.weight @ memory[n, t] + scores.memory.bias
        return 3.0 * (direction @ torch.tanh(hidden)).item()

    check_reading(layer(query, memory), memory, score)
    plain = sum(each.numel() for each in AdditiveAttention(3, 4, 2).parameters())
    assert sum(each.numel() for each in layer.parameters()) == plain + 2 + 1


def test_by_length_an_average_over_more_is_as_large() -> None:
    """Gehring et al. (2017), section 3.3: m √(1/m) times, m being how many there are to average over."""
    query, key, value = torch.randn(2, 3, 4), torch.randn(2, 9, 4), torch.randn(2, 9, 5)
    expected = 9 * sqrt(1 / 9) * attend(query, key, value, scaled=False)
    torch.testing.assert_close(attend(query, key, value, scaled=False, by_length=True), expected)
