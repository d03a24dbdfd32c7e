"""Losses against arithmetic written out, sample by sample."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import ChangeChannels, SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.compile import compile_document
from graph_engine.document import Document
from graph_engine.document.builder import Builder
from tests.blocks.cases import Case, Direct, real

VECTOR, IMAGE = TensorSpec((N, 5)), TensorSpec((N, 2, 3, 4))
LABEL = TensorSpec((N,), "int64", classes=5)


def inputs_of(block: str, *specs: TensorSpec) -> dict[str, TensorSpec]:
    return dict(zip((port.name for port in get_block(block).inputs), specs, strict=True))


def loss(block: str, *values: Tensor, **parameters: Any) -> float:
    specs = [
        TensorSpec((N, *value.shape[1:]), "int64" if value.dtype == torch.int64 else "float32") for value in values
    ]
    case = Case(get_block(block), parameters, inputs_of(block, *specs))
    (out,) = Direct(case)(dict(zip(case.inputs, values, strict=True)))
    assert out.ndim == 0
    return out.item()


def refusal(block: str, *specs: TensorSpec) -> Refusal:
    case = Case(get_block(block), {}, inputs_of(block, *specs))
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.message.endswith(".")
    return caught.value


def two(spec: TensorSpec) -> tuple[Tensor, Tensor]:
    return real(spec, 3, 1), real(spec, 3, 2)


@pytest.mark.parametrize("spec", [VECTOR, IMAGE], ids=str)
def test_mean_absolute_error(spec: TensorSpec) -> None:
    x, target = two(spec)
    expected = [abs(a - b) for a, b in zip(x.flatten().tolist(), target.flatten().tolist(), strict=True)]
    assert loss("mean_absolute_error", x, target) == pytest.approx(sum(expected) / len(expected))


def test_binary_cross_entropy_takes_scores() -> None:
    x, target = two(VECTOR)
    right = (target > 0).float()
    p = 1 / (1 + (-x.double()).exp())
    expected = -(right * p.log() + (1 - right) * (1 - p).log()).mean().item()

    assert loss("binary_cross_entropy", x, right) == pytest.approx(expected)
    assert loss("binary_cross_entropy", torch.tensor([[200.0]]), torch.tensor([[0.0]])) == pytest.approx(200)


def test_dice_counts_overlap_by_sample() -> None:
    x, target = two(IMAGE)
    right = (target > 0).float()
    p = torch.sigmoid(x)
    each = [1 - (2 * (p[n] * right[n]).sum() + 0.5) / ((p[n] ** 2).sum() + right[n].sum() + 0.5) for n in range(3)]

    assert loss("dice_loss", x, right, smooth=0.5) == pytest.approx(sum(map(float, each)) / 3)
    assert loss("dice_loss", 100 * (2 * right - 1), right) == pytest.approx(0, abs=1e-6)
    assert loss("dice_loss", torch.full((2, 4), -100.0), torch.zeros(2, 4)) == pytest.approx(0, abs=1e-6)


def test_log_softmax_and_likelihood_are_cross_entropy() -> None:
    x, label = real(VECTOR, 3, 1), torch.tensor([4, 0, 2])
    expected = -sum(math.log(x[n].exp()[label[n]] / x[n].exp().sum()) for n in range(3)) / 3

    assert loss("negative_log_likelihood", x.log_softmax(1), label) == pytest.approx(expected, rel=1e-5)
    assert loss("cross_entropy", x, label) == pytest.approx(expected, rel=1e-5)


WEIGHTS = (0.5, 2.0, 0.0, 1.0, 3.0)
WEIGHED: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "cross_entropy": ((6, 5), (6,), {"label_smoothing": 0.1}),
    "sequence_cross_entropy": ((3, 4, 5), (3, 4), {"label_smoothing": 0.1, "ignore": 1}),
    "pixel_cross_entropy": ((3, 5, 2, 4), (3, 2, 4), {"ignore": 4}),
}


@pytest.mark.parametrize("block", WEIGHED)
def test_class_weights_weigh_as_torch_does(block: str) -> None:
    shape, places, options = WEIGHED[block]
    x, label = torch.randn(shape), torch.randint(5, places)
    named = {name.replace("ignore", "ignore_index"): value for name, value in options.items()}
    theirs = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), **named)
    expected = theirs(x.movedim(-1, 1) if block.startswith("sequence") else x, label).item()

    assert loss(block, x, label, class_weights=WEIGHTS, **options) == pytest.approx(expected, rel=1e-6)
    assert loss(block, x, label, class_weights=(2,) * 5) == pytest.approx(loss(block, x, label), rel=1e-6)


def test_class_weights_by_hand() -> None:
    x, label = real(VECTOR, 3, 1), torch.tensor([4, 0, 2])
    surprises = [-math.log(x[n].exp()[label[n]] / x[n].exp().sum()) for n in range(3)]
    expected = (3 * surprises[0] + 0.5 * surprises[1]) / 3.5  # the third sample's class weighs nothing

    assert loss("cross_entropy", x, label, class_weights=WEIGHTS) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("block", WEIGHED)
@pytest.mark.parametrize(
    ("weights", "message"), [((1, 2), "there are 5 scores, and 2 weights"), ((0,) * 5, "all 0, nothing counts")]
)
def test_class_weights_that_do_not_fit_are_refused(block: str, weights: tuple[float, ...], message: str) -> None:
    shape, places, _ = WEIGHED[block]
    specs = inputs_of(block, TensorSpec((N, *shape[1:])), TensorSpec((N, *places[1:]), "int64"))
    case = Case(get_block(block), {"class_weights": weights}, specs)
    with pytest.raises(Refusal, match=message) as caught:
        run_block(case.made, case.specs)
    assert (caught.value.parameter, caught.value.hints) == ("class_weights", (SetParameterHint("class_weights", []),))


def test_class_weights_go_where_the_network_goes_and_are_none_of_its_weights() -> None:
    program = compile_document(_weighed((1, 2.5, 0)))
    assert "= WeightedCrossEntropy((1.0, 2.5, 0.0))" in program.source
    compute = program.function([("cross_entropy_1", "loss")])
    for network, given in ((program.make().double(), torch.randn(4, 2).double()), (program.make().to("meta"), None)):
        x = given if given is not None else torch.empty(4, 2, device="meta")
        value = compute(network, x=x, label=torch.zeros(4, dtype=torch.int64, device=x.device))[0]
        assert (value.dtype, value.device) == (x.dtype, x.device)
        assert set(network.state_dict()) == {"linear_1.weight", "linear_1.bias"}


def test_without_class_weights_the_code_is_the_function_alone() -> None:
    program = compile_document(_weighed(()))
    assert "WeightedCrossEntropy" not in program.source
    assert "= F.cross_entropy(logits, label)\n" in program.function([("cross_entropy_1", "loss")]).source


def _weighed(weights: tuple[float, ...]) -> Document:
    net = Builder("Weighed")
    x, label = net.input("x", 2), net.input("label", classes=3, label=True)
    logits = net.add("linear", x, features=3)
    net.output(logits)
    net.add("cross_entropy", logits, label, class_weights=weights)
    return net.document


def test_kl_divergence_is_zero_for_equals_and_positive_else() -> None:
    x, target = (value.log_softmax(1) for value in two(VECTOR))
    t = target.exp()
    expected = (t * (target - x)).sum().item() / 3

    assert loss("kl_divergence", x, target) == pytest.approx(expected)
    assert expected > 0
    assert loss("kl_divergence", x, x) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_distillation_softens_both_and_teaches_one(temperature: float) -> None:
    student, teacher = two(VECTOR)
    t, p = (torch.softmax(value / temperature, 1) for value in (teacher, student))
    expected = temperature**2 * (t * (t.log() - p.log())).sum().item() / 3

    assert loss("distillation_loss", student, teacher, temperature=temperature) == pytest.approx(expected, rel=1e-3)


def test_a_hot_distillation_is_a_squared_difference() -> None:
    """Hinton et al. 2015, eq. 4: at high T, logits of mean 0 are matched by their squared differences over 2 K."""
    student, teacher = (value - value.mean(1, keepdim=True) for value in two(VECTOR))
    expected = (student - teacher).square().sum().item() / 3 / 5 / 2

    found = loss("distillation_loss", student.double(), teacher.double(), temperature=1e3)
    assert found == pytest.approx(expected, rel=1e-2)


def test_the_codes_of_a_vae_are_drawn_to_the_unit_normal() -> None:
    mean, log_variance = two(VECTOR)
    prior = torch.distributions.Normal(0.0, 1.0)
    codes = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(codes, prior).sum(1).mean().item()

    assert loss("gaussian_kl", mean, log_variance) == pytest.approx(expected)
    assert loss("gaussian_kl", torch.zeros(2, 3), torch.zeros(2, 3)) == 0


def test_contrast_draws_and_pushes() -> None:
    a = torch.zeros(3, 2)
    b = torch.tensor([[3.0, 4.0], [0.3, 0.4], [3.0, 4.0]])
    # alike and 5 apart, different and ½ apart, different and 5 apart: ½·25, ½·(2 − ½)², 0
    assert loss("contrastive_loss", a, b, torch.tensor([1, 0, 0]), margin=2.0) == pytest.approx(
        (12.5 + 1.125 + 0) / 3, rel=1e-5
    )


def test_a_triplet_wants_its_like_nearer() -> None:
    anchor = torch.zeros(2, 2)
    positive = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    negative = torch.tensor([[0.0, 2.0], [3.0, 4.0]])
    # 5 − 2 + ½ and max(0, 1 − 5 + ½)
    assert loss("triplet_loss", anchor, positive, negative, margin=0.5) == pytest.approx(3.5 / 2, rel=1e-5)


@pytest.mark.parametrize(
    "block",
    [
        "mean_absolute_error",
        "binary_cross_entropy",
        "dice_loss",
        "kl_divergence",
        "js_divergence",
        "earth_movers_distance",
        "distillation_loss",
        "gaussian_kl",
    ],
)
def test_two_that_are_compared_have_one_shape(block: str) -> None:
    found = refusal(block, VECTOR, TensorSpec((N, 6)))
    assert "N×5 and N×6" in found.message
    assert found.expected == "N×6"


@pytest.mark.parametrize("block", ["mean_absolute_error", "binary_cross_entropy", "kl_divergence"])
def test_whole_numbers_are_not_measured(block: str) -> None:
    found = refusal(block, VECTOR, LABEL)
    assert "whole numbers (int64) arrive" in found.message
    assert found.expected == "float32"


def test_triples_pairs_and_classes_must_agree() -> None:
    six = TensorSpec((N, 6))
    assert refusal("triplet_loss", VECTOR, VECTOR, six).port == "anchor"
    assert refusal("contrastive_loss", VECTOR, six, TensorSpec((N,), "int64")).port == "a"
    assert refusal("contrastive_loss", VECTOR, VECTOR, LABEL).port == "same"
    assert refusal("negative_log_likelihood", six, LABEL).hints == (ChangeChannels("log_probabilities", 5),)


def test_a_loss_of_ours_is_copied_into_the_source_that_computes_it() -> None:
    net = Builder("Segmenter")
    x, mask = net.input("image", 1, 4, 4), net.input("mask", 1, 4, 4)
    scores = net.add("conv2d", x, channels=1)
    net.output(scores)
    net.add("dice_loss", scores, mask)
    program = compile_document(net.document)
    network = program.make(seed=0)
    compute = program.function([("dice_loss_1", "loss")])
    image, target = torch.randn(2, 1, 4, 4), torch.ones(2, 1, 4, 4)

    assert "def dice_loss(" in compute.source
    assert "def dice_loss(" not in program.source
    assert compute(network, image=image, mask=target)[0].item() == pytest.approx(
        loss("dice_loss", network(image).detach(), target)
    )


def test_js_divergence_is_alike_both_ways_and_at_most_log_2() -> None:
    x, y = torch.log_softmax(torch.randn(5, 4), 1), torch.log_softmax(torch.randn(5, 4), 1)
    p, q = x.exp(), y.exp()
    m = (p + q) / 2
    wanted = ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()).item() / 2 / 5
    assert loss("js_divergence", x, y) == pytest.approx(wanted, rel=1e-4)
    assert loss("js_divergence", y, x) == pytest.approx(wanted, rel=1e-4)
    assert loss("js_divergence", x, x) == pytest.approx(0, abs=1e-6)
    apart = torch.log_softmax(torch.tensor([[60.0, 0.0]]), 1), torch.log_softmax(torch.tensor([[0.0, 60.0]]), 1)
    assert loss("js_divergence", *apart) == pytest.approx(0.6931, rel=1e-3)


def test_earth_is_moved_from_class_to_class() -> None:
    """All of it from class 0 to class 2 is 2 classes; as the least cost of a transport, by linear programming."""
    ends = torch.tensor([[1.0, 1e-9, 1e-9]]).log(), torch.tensor([[1e-9, 1e-9, 1.0]]).log()
    assert loss("earth_movers_distance", *ends) == pytest.approx(2, rel=1e-5)
    x, y = torch.log_softmax(torch.randn(1, 5), 1), torch.log_softmax(torch.randn(1, 5), 1)
    left, right = x.exp()[0].tolist(), y.exp()[0].tolist()
    cost, i, j = 0.0, 0, 0
    while i < 5 and j < 5:  # on a line the nearest goes first
        moved = min(left[i], right[j])
        cost += moved * abs(i - j)
        left[i], right[j] = left[i] - moved, right[j] - moved
        i, j = (i + 1, j) if left[i] <= right[j] else (i, j + 1)
    assert loss("earth_movers_distance", x, y) == pytest.approx(cost, abs=1e-5)
