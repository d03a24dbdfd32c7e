"""Initial weights and weight norms: what they do, on the module and in the source."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.blocks import Block, Refusal, TensorSpec, all_blocks, get_block
from graph_engine.blocks.tensor import N
from graph_engine.compile import Program, compile_document
from graph_engine.document.builder import Builder
from tests.blocks.cases import Case, Direct, real

SPECS = {
    "conv1d": TensorSpec((N, 9, 64)),
    "conv2d": TensorSpec((N, 64, 7, 7)),
    "conv3d": TensorSpec((N, 64, 3, 4, 5)),
    "conv_transpose1d": TensorSpec((N, 9, 64)),
    "conv_transpose2d": TensorSpec((N, 64, 4, 5)),
    "linear": TensorSpec((N, 64)),
}


def module_of(block: str, **parameters: Any) -> nn.Module:
    size = "features" if block == "linear" else "channels"
    direct = Direct(Case(get_block(block), {size: 128, **parameters}, {"x": SPECS[block]}))
    (module,) = direct.layers.values()
    return module


def fan_in(block: str, weight: Tensor) -> int:
    return weight[:, 0].numel() if block.startswith("conv_transpose") else weight[0].numel()


@pytest.mark.parametrize("block", SPECS)
def test_the_spread_of_the_weights_is_that_of_the_paper(block: str) -> None:
    for init, variance in (("he", 2.0), ("lecun", 1.0)):
        weight = module_of(block, init=init).weight.detach()
        assert weight.var().item() * fan_in(block, weight) == pytest.approx(variance, rel=0.06)
    weight = module_of(block, init="xavier").weight.detach()
    positions = weight[0, 0].numel()
    assert weight.var().item() * positions * (64 + 128) / 2 == pytest.approx(1, rel=0.06)


def test_each_group_of_a_convolution_has_a_fan_in_of_its_own() -> None:
    for block in ("conv2d", "conv_transpose2d"):
        weight = module_of(block, init="he", groups=16).weight.detach()
        positions = weight[0, 0].numel()
        assert weight.var().item() * positions * 64 / 16 == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("block", SPECS)
def test_orthogonal_zero_and_identity(block: str) -> None:
    rows = module_of(block, init="orthogonal").weight.detach().flatten(1)
    gram = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-4, rtol=0)

    zero, x = module_of(block, init="zero"), real(SPECS[block], 2)
    assert all(not parameter.any() for parameter in zero.parameters())

    features = "features" if block == "linear" else "channels"
    more = {"kernel": 3, "stride": 1} if block.startswith("conv_transpose") else {}
    same = Direct(Case(get_block(block), {features: 64, "init": "identity", **more}, {"x": SPECS[block]}))
    torch.testing.assert_close(same({"x": x})[0], x)


@pytest.mark.parametrize(
    "init", ["xavier", "he", "lecun", "orthogonal", "identity", "zero", "constant", "small", "looks linear"]
)
@pytest.mark.parametrize("block", SPECS)
def test_biases_begin_at_zero(block: str, init: str) -> None:
    assert not module_of(block, init=init).bias.any()
    assert module_of(block).bias.any()


@pytest.mark.parametrize("block", SPECS)
def test_constant_and_small_weights_and_where_biases_begin(block: str) -> None:
    constant = module_of(block, init="constant", init_value=-0.25, bias_start=6.0)
    assert constant.weight.unique().tolist() == [-0.25]
    assert constant.bias.unique().tolist() == [6.0]

    small = module_of(block, init="small", init_value=0.01).weight.detach()
    assert small.abs().max() <= 0.01
    assert small.std().item() == pytest.approx(0.01 / 3**0.5, rel=0.03)  # that of a uniform law

    torch.manual_seed(3)
    plain = module_of(block)
    torch.manual_seed(3)
    shifted = module_of(block, bias_start=0.01)
    assert torch.equal(plain.weight, shifted.weight)
    assert shifted.bias.unique().tolist() == [pytest.approx(0.01)]


@pytest.mark.parametrize("shape", [(6,), (6, 5, 5)], ids=["linear", "conv2d"])
def test_a_relu_network_that_looks_linear_is_linear(shape: tuple[int, ...]) -> None:
    """Balduzzi et al. 2017, section 4: f(2x) = 2 f(x) holds of any; f(x + z) = f(x) + f(z) of linear ones alone."""
    block, size = ("linear", "features") if len(shape) == 1 else ("conv2d", "channels")

    def network(*inits: str) -> nn.Sequential:
        layers, arriving = [], 6
        for init, leaving in zip(inits, (12, 8, 3), strict=True):
            case = Case(get_block(block), {size: leaving, "init": init}, {"x": TensorSpec((N, arriving, *shape[1:]))})
            layers += [*Direct(case).layers.values(), nn.ReLU()]
            arriving = leaving
        return nn.Sequential(*layers[:-1])

    x, z = torch.randn(2, 4, *shape)
    for inits, linear in (
        (("looks linear first", "looks linear", "looks linear last"), True),
        (("orthogonal", "orthogonal", "orthogonal"), False),
    ):
        f = network(*inits)
        assert torch.allclose(f(x + z), f(x) + f(z), atol=1e-4) is linear
        assert f(x).any()


def test_weights_that_look_linear_come_in_pairs() -> None:
    for parameters, spec in (
        ({"channels": 3}, SPECS["conv2d"]),
        ({"channels": 4, "groups": 2}, SPECS["conv2d"]),
        ({"channels": 4}, TensorSpec((N, 3, 7, 7))),
    ):
        with pytest.raises(Refusal, match="pairs") as caught:
            Direct(Case(get_block("conv2d"), {**parameters, "init": "looks linear"}, {"x": spec}))
        assert caught.value.hints
    first = Case(get_block("conv2d"), {"channels": 4, "init": "looks linear first"}, {"x": TensorSpec((N, 3, 7, 7))})
    assert Direct(first).parameters


def weighted_blocks() -> list[type[Block]]:
    return [block for block in all_blocks().values() if block.parameter("init") is not None]


def test_plain_weighted_blocks_have_initial_weights() -> None:
    names = {block.key() for block in weighted_blocks()}
    assert names >= {"linear", "maxout", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "masked_conv2d"}
    assert names >= {"depthwise_separable_conv2d", "large_kernel_conv2d", "mlp_conv2d"}


@pytest.mark.parametrize("block", weighted_blocks(), ids=lambda block: block.key())
def test_every_module_of_a_block_has_them(block: type[Block]) -> None:
    parameters, inputs = block.examples[0]
    direct = Direct(Case(block, {**parameters, "init": "zero", "weight_norm": "none"}, inputs))

    assert direct.parameters
    assert all(not weight.any() for weight in direct.parameters.values())


def normed_blocks() -> list[type[Block]]:
    return [block for block in all_blocks().values() if block.parameter("weight_norm") is not None]


@pytest.mark.parametrize("block", normed_blocks(), ids=lambda block: block.key())
def test_spectral_norm_leaves_no_weight_that_stretches(block: type[Block]) -> None:
    parameters, inputs = block.examples[0]
    direct = Direct(Case(block, {**parameters, "weight_norm": "spectral", "init": "he"}, inputs))
    for module in direct.layers.values():
        for _ in range(50):  # each use while training sharpens the estimate
            weight = module.weight.detach()
        if isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d):
            weight = weight.transpose(0, 1)
        assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("block", normed_blocks(), ids=lambda block: block.key())
def test_weight_norm_parts_length_from_direction(block: type[Block]) -> None:
    parameters, inputs = block.examples[0]
    torch.manual_seed(1)
    plain = Direct(Case(block, {**parameters, "weight_norm": "none"}, inputs))
    torch.manual_seed(1)
    normed = Direct(Case(block, {**parameters, "weight_norm": "weight"}, inputs))
    for one, other in zip(plain.layers.values(), normed.layers.values(), strict=True):
        transposed = isinstance(one, nn.ConvTranspose1d | nn.ConvTranspose2d)
        lengths = other.parametrizations.weight.original0
        outputs = one.weight.shape[1 if transposed else 0]
        assert lengths.numel() == outputs
        vectors = (one.weight.transpose(0, 1) if transposed else one.weight).flatten(1)
        torch.testing.assert_close(lengths.flatten(), vectors.norm(dim=1))
        torch.testing.assert_close(other.weight, one.weight)


def program(block: str, *shape: int, **parameters: Any) -> Program:
    net = Builder("Wrapped")
    net.output(net.add(block, net.input("x", *shape), **parameters))
    return compile_document(net.document)


def test_the_source_reads_as_a_person_writes_it() -> None:
    source = program("conv2d", 3, 8, 8, channels=4, weight_norm="spectral").source

    assert "from torch import Tensor, nn\nfrom torch.nn.utils.parametrizations import spectral_norm\n" in source
    assert "self.conv2d_1 = spectral_norm(nn.Conv2d(3, 4, 3, padding=1))" in source
    assert "weight_norm" not in source


def test_only_what_is_used_is_copied_and_used_before_the_class() -> None:
    made = program("linear", 8, features=8, init="identity", weight_norm="weight")
    x = torch.randn(2, 8)

    assert "self.linear_1 = weight_norm(identity_weights(nn.Linear(8, 8)))" in made.source
    places = [made.source.index(word) for word in ("def weighted_parts(", "def identity_weights(", "class ")]
    assert places == sorted(places)
    assert "he_weights" not in made.source
    torch.testing.assert_close(made.make(seed=0)(x), x)


@pytest.mark.parametrize("norm", ["weight", "spectral"])
@pytest.mark.parametrize("block", normed_blocks(), ids=lambda block: block.key())
def test_weights_of_zero_have_no_length_to_divide_by(block: type[Block], norm: str) -> None:
    parameters, inputs = block.examples[0]
    with pytest.raises(Refusal) as caught:
        Direct(Case(block, {**parameters, "init": "zero", "weight_norm": norm}, inputs))
    assert caught.value.parameter == "weight_norm"
    assert caught.value.hints
    for init in ("constant", "small"):
        with pytest.raises(Refusal, match="no length"):
            Direct(Case(block, {**parameters, "init": init, "init_value": 0.0, "weight_norm": norm}, inputs))


def test_a_plain_layer_has_nothing_around_it() -> None:
    source = program("linear", 8, features=4).source

    assert "self.linear_1 = nn.Linear(8, 4)\n" in source
    assert "def weighted_parts" not in source


def test_repeats_have_weights_of_their_own() -> None:
    net = Builder("Deep")
    x = net.input("x", 8)
    for _ in range(4):
        x = net.add("linear", x, features=8, init="orthogonal")
    net.output(x)
    made = compile_document(net.document)
    weights = [value for name, value in made.make(seed=0).state_dict().items() if name.endswith("weight")]

    assert "orthogonal_weights(nn.Linear(8, 8)) for _ in range(3)" in made.source
    assert len(weights) == 4
    assert not torch.equal(weights[0], weights[1])
    for weight in weights:
        torch.testing.assert_close(weight @ weight.T, torch.eye(8), atol=1e-5, rtol=0)
