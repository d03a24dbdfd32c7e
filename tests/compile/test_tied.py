"""Decoders tied to their encoders: one weight, used both ways round, against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Document, EditRefused, SetNode, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, loads


def autoencoder(**decoder: Any) -> Document:
    """12 → 5 → 12 with one matrix."""
    net = Builder("Auto-encoder")
    x = net.input("x", 12)
    code = net.add("linear", x, features=5)
    y = net.add("linear", net.add("tanh", code), shares=code, **{"features": 12, "bias": False, **decoder})
    net.output(y, "y")
    return net.document


def images(**decoder: Any) -> Document:
    """Two convolutions, and the first turned back by a transposed one."""
    net = Builder("Auto-encoder")
    x = net.input("x", 3, 9, 9)
    code = net.add("conv2d", x, channels=4, kernel=3, stride=2, padding="custom", pad=1)
    values = {"channels": 3, "kernel": 3, "stride": 2, "padding": 1, "bias": False, **decoder}
    net.output(net.add("conv_transpose2d", net.add("relu", code), shares=code, **values), "y")
    return net.document


def test_a_tied_linear_decoder_is_the_transposed_matrix() -> None:
    document = loads(dumps(autoencoder()))
    result = Checker().check(document)
    assert result.errors == []
    assert result.total.params == 12 * 5 + 5
    assert result.total.macs == 2 * 12 * 5
    program = compile_document(document)
    net = program.make()
    x = torch.randn(4, 12)
    weight, bias = net.linear_1.weight, net.linear_1.bias
    expected = F.linear(torch.tanh(F.linear(x, weight, bias)), weight.T)
    torch.testing.assert_close(net(x), expected, rtol=0, atol=0)
    assert sorted(net.state_dict()) == ["linear_1.bias", "linear_1.weight"]
    assert ", self.linear_1.weight.t())" in program.source


def test_its_gradient_is_the_sum_of_both_ways() -> None:
    net = compile_document(autoencoder()).make().double()
    weight = net.linear_1.weight

    def value(matrix: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.func.functional_call(net, {"linear_1.weight": matrix}, (x,))
        return result.square().sum()

    x = torch.randn(2, 12, dtype=torch.float64)
    assert torch.autograd.gradcheck(value, (weight.detach().clone().requires_grad_(),))


def test_a_tied_transposed_convolution_takes_the_very_weight() -> None:
    document = images()
    result = Checker().check(document)
    assert result.errors == []
    assert result.total.params == 4 * 3 * 9 + 4
    net = compile_document(document).make()
    x = torch.randn(2, 3, 9, 9)
    conv = net.conv2d_1
    hidden = F.relu(F.conv2d(x, conv.weight, conv.bias, stride=2, padding=1))
    torch.testing.assert_close(net(x), F.conv_transpose2d(hidden, conv.weight, stride=2, padding=1))


def test_a_convolution_takes_that_of_a_transposed_one() -> None:
    net_ = Builder("Back")
    up = net_.add("conv_transpose2d", net_.input("x", 4, 5, 5), channels=3, kernel=3, stride=2, padding=1)
    net_.output(net_.add("conv2d", up, channels=4, kernel=3, bias=False, shares=up), "y")
    assert Checker().check(net_.document).errors == []
    net = compile_document(net_.document).make()
    x = torch.randn(2, 4, 5, 5)
    weight = net.conv_transpose2d_1.weight
    torch.testing.assert_close(net(x), F.conv2d(net.conv_transpose2d_1(x), weight, padding=1))


def test_the_weight_may_be_normed() -> None:
    document = autoencoder()
    document.apply(SetParameter("linear_1", "weight_norm", "spectral"))
    assert Checker().check(document).errors == []
    net = compile_document(document).make().eval()
    x = torch.randn(4, 12)
    torch.testing.assert_close(net(x), F.linear(torch.tanh(net.linear_1(x)), net.linear_1.weight.T))


def test_inside_a_composite_it_is_tied_at_every_use() -> None:
    net = Builder("Two")
    pair = net.composite("pair", "Pair")
    width = pair.expose("code", 5)
    x = pair.input("x", 12)
    code = pair.add("linear", x, features=width)
    pair.output(pair.add("linear", code, features="=in_channels", bias=False, shares=code), "y")
    y = net.add("@pair", net.add("@pair", net.input("x", 12)), code=3)
    net.output(y, "y")
    result = Checker().check(net.document)
    assert result.errors == []
    assert result.total.params == (12 * 5 + 5) + (12 * 3 + 3)
    made = compile_document(net.document).make()
    first, second = made.pair_1, made.pair_2
    x_ = torch.randn(2, 12)
    expected = x_
    for each in (first, second):
        expected = F.linear(each.linear_1(expected), each.linear_1.weight.T)
    torch.testing.assert_close(made(x_), expected)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (autoencoder(bias=True), "can't have biases of its own"),
        (autoencoder(features=11), "or their parameters differ"),
        (images(bias=True), "can't have biases of its own"),
        (images(kernel=5, padding=2), "or their parameters differ"),
        (images(channels=2), "or their parameters differ"),
    ],
)
def test_what_does_not_fit_is_told_with_a_fix(document: Document, words: str) -> None:
    (problem,) = Checker().check(document).errors
    assert words in problem.message
    document.apply(problem.fixes[0].edit)
    assert Checker().check(document).errors == []


def test_a_square_layer_shares_as_it_is() -> None:
    net = Builder("Siamese")
    x = net.input("x", 6)
    first = net.add("linear", x, features=6)
    net.output(net.add("linear", first, features=6, shares=first), "y")
    made = compile_document(net.document).make()
    x_ = torch.randn(2, 6)
    torch.testing.assert_close(made(x_), made.linear_1(made.linear_1(x_)))


def test_blocks_that_are_no_counterparts_can_not_be_tied() -> None:
    with pytest.raises(EditRefused, match="they are different blocks"):
        images().apply(SetNode("relu_1", "shares", "conv2d_1"))


def test_the_vectors_of_words_score_them_as_they_are() -> None:
    """Press, Wolf (2017): logits are the products with the vectors of all words."""
    net = Builder("Words")
    words = net.input("words", 5, classes=11, tokens=True)
    x = net.add("embedding", words, features=6)
    net.output(net.add("linear", net.add("tanh", x), features=11, bias=False, shares=x), "scores")
    document = loads(dumps(net.document))
    result = Checker().check(document)
    assert result.errors == []
    assert (result.total.params, result.total.macs) == (11 * 6, 5 * 11 * 6)
    program = compile_document(document)
    network = program.make()
    tokens = torch.randint(11, (3, 5))
    vectors = network.embedding_1.weight
    torch.testing.assert_close(network(tokens), torch.tanh(vectors[tokens]) @ vectors.T)
    assert "self.embedding_1.weight)" in program.source
    document.apply(SetParameter("linear_1", "bias", value=True))
    (problem,) = Checker().check(document).errors
    assert problem.message == (
        "It shares the weights of embedding_1, but turned round, and so can't have biases of its own: switch Bias off."
    )
