"""Transformers: heads against torch's own with the same weights, layers and whole networks against published counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.report import Cost
from graph_engine.check.shapes import run_block
from graph_engine.nn.attention_query import MultiHeadAttention, padded_steps
from graph_engine.nn.transformer import ClassToken, LayerScale, causal_mask
from tests.blocks.cases import Case, Direct


def cost_of(block: str, inputs: Mapping[str, tuple[int, ...]], **parameters: Any) -> Cost:
    specs = Specs({port: TensorSpec((N, *shape)) for port, shape in inputs.items()})
    return run_block(get_block(block).make(parameters), specs).cost


def direct(block: str, inputs: dict[str, TensorSpec], **parameters: Any) -> Direct:
    return Direct(Case(get_block(block), parameters, inputs))


def multihead_with_the_weights_of(
    ours: MultiHeadAttention, keys: int, values: int, bias: bool
) -> nn.MultiheadAttention:
    features = ours.output.in_features
    theirs = nn.MultiheadAttention(features, ours.heads, bias=bias, kdim=keys, vdim=values, batch_first=True)
    parts = (ours.query, ours.key, ours.value)
    if keys == values == features:
        state = {"in_proj_weight": torch.cat([part.weight for part in parts])}
    else:
        names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        state = {name: part.weight for name, part in zip(names, parts, strict=True)}
    state["out_proj.weight"] = ours.output.weight
    if bias:
        state |= {"in_proj_bias": torch.cat([part.bias for part in parts]), "out_proj.bias": ours.output.bias}
    theirs.load_state_dict(state)
    return theirs


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("features", "heads", "keys", "values", "bias"), [(6, 1, 6, 6, True), (6, 3, 4, 5, True), (8, 2, 8, 3, False)]
)
def test_heads_equal_those_of_torch(
    features: int, heads: int, keys: int, values: int, bias: bool, causal: bool, padded: bool
) -> None:
    ours = MultiHeadAttention(features, heads, keys, values, bias, causal=causal)
    theirs = multihead_with_the_weights_of(ours, keys, values, bias)
    query, key, value = torch.randn(2, 5, features), torch.randn(2, 5, keys), torch.randn(2, 5, values)
    padding = padded_steps(torch.tensor([5, 2]), key) if padded else None
    expected, _ = theirs(query, key, value, key_padding_mask=padding, attn_mask=causal_mask(query) if causal else None)

    torch.testing.assert_close(ours(query, key, value, padding), expected)
    assert sum(each.numel() for each in ours.parameters()) == sum(each.numel() for each in theirs.parameters())


def test_heads_drop_weights_while_training_alone() -> None:
    ours = MultiHeadAttention(8, 2, 8, 8, dropout=0.5)
    x = torch.randn(2, 6, 8)

    assert not torch.equal(ours(x, x, x), ours(x, x, x))
    ours.eval()
    assert torch.equal(ours(x, x, x), ours(x, x, x))


def test_counts_are_those_of_torch() -> None:
    x, both = {"x": (10, 512)}, {"x": (10, 512), "memory": (10, 512)}
    encoder, decoder = cost_of("transformer_encoder_layer", x), cost_of("transformer_decoder_layer", both)
    heads = cost_of("multi_head_attention", {"query": (10, 512)})
    norm = cost_of("layer_norm", {"x": (512,)})

    assert (heads.params, heads.macs) == (1_050_624, 10_588_160)
    assert (encoder.params, encoder.macs) == (3_152_384, 31_559_680)
    assert (decoder.params, decoder.macs) == (4_204_032, 42_147_840)
    assert 6 * (encoder.params + decoder.params) + 2 * norm.params == 44_140_544  # torch.nn.Transformer
    assert 6 * (encoder.macs + decoder.macs) == 442_245_120
    assert cost_of("transformer_encoder_layer", x, causal=True).macs == encoder.macs
    assert cost_of("transformer_decoder_layer", both, causal=False, norm_first=True).macs == decoder.macs


def test_twelve_layers_make_gpt_bert_and_vit() -> None:
    """transformers 4.57.6 OpenAIGPTModel and BertModel, torchvision vit_b_16."""
    layer = cost_of("transformer_encoder_layer", {"x": (16, 768)}, heads=12, activation="gelu")
    pooler = cost_of("linear", {"x": (768,)}, features=768)
    norm = 2 * 768
    patches = cost_of("patch_embedding", {"x": (3, 224, 224)})
    token = cost_of("class_token", {"x": (196, 768)})
    positions = cost_of("position_embedding", {"x": (197, 768)})
    head = cost_of("linear", {"x": (768,)}, features=1000)

    assert (40_478 + 512) * 768 + 12 * layer.params == 116_534_784
    assert 12 * layer.macs == 1_363_673_088
    assert (30_522 + 512 + 2) * 768 + norm + 12 * layer.params + pooler.params == 109_482_240
    assert 12 * layer.macs + pooler.macs == 1_364_262_912
    assert sum(each.params for each in (patches, token, positions, head)) + 12 * layer.params + norm == 86_567_656


LAYERS = [("transformer_encoder_layer", ("x",)), ("transformer_decoder_layer", ("x", "memory"))]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("block", "ports"), LAYERS)
def test_a_causal_layer_does_not_see_what_follows(block: str, ports: tuple[str, ...], training: bool) -> None:
    values = {port: torch.randn(2, 5, 8) for port in ports}
    inputs = {port: TensorSpec((N, 5, 8)) for port in ports}
    for causal in (True, False):
        layer = direct(block, inputs, heads=2, dropout=0.0, causal=causal)
        for module in layer.layers.values():
            module.train(training)
        with torch.no_grad():
            (first,) = layer(values)
            (second,) = layer({**values, "x": torch.cat([values["x"][:, :3], torch.randn(2, 2, 8)], 1)})
        assert torch.allclose(first[:, :3], second[:, :3], atol=1e-6) == causal
        assert not torch.allclose(first[:, 3:], second[:, 3:])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("block", "ports", "padded"),
    [(*LAYERS[0], "x"), (*LAYERS[1], "memory"), ("multi_head_attention", ("query",), "query")],
)
def test_what_a_mask_hides_changes_nothing(block: str, ports: tuple[str, ...], padded: str, training: bool) -> None:
    values = {port: torch.randn(3, 5, 8) for port in ports}
    inputs = {port: TensorSpec((N, 5, 8)) for port in ports} | {"mask": TensorSpec((N, 5), "int64")}
    layer = direct(block, inputs, heads=2, dropout=0.0)
    for module in layer.layers.values():
        module.train(training)
    values["mask"] = torch.tensor([[3, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]])
    other = values[padded].clone()
    other[0, 2:], other[1, 3:] = 7.0, -7.0
    with torch.no_grad():
        (first,), (second,) = layer(values), layer({**values, padded: other})
    seen = slice(0, 2) if padded in ("x", "query") else slice(0, 5)

    assert first.isfinite().all()
    torch.testing.assert_close(first[:2, seen], second[:2, seen])


def test_in_use_a_layer_computes_what_it_did_while_training() -> None:
    """Torch has another, fused, way for layers in use."""
    for norm_first in (True, False):
        layer = direct(
            "transformer_encoder_layer", {"x": TensorSpec((N, 5, 8))}, heads=2, dropout=0.0, norm_first=norm_first
        )
        (module,) = layer.layers.values()
        x = {"x": torch.randn(2, 5, 8)}
        (expected,) = layer(x)
        module.eval()
        with torch.no_grad():
            torch.testing.assert_close(layer(x)[0], expected)


def test_an_encoder_layer_is_its_formula() -> None:
    layer = direct("transformer_encoder_layer", {"x": TensorSpec((N, 5, 8))}, heads=2, dropout=0.0, feed_forward=3)
    (module,) = layer.layers.values()
    assert isinstance(module, nn.TransformerEncoderLayer)
    x = torch.randn(2, 5, 8)
    heads = MultiHeadAttention(8, 2, 8, 8)
    with torch.no_grad():
        for part, weight, bias in zip(
            (heads.query, heads.key, heads.value),
            module.self_attn.in_proj_weight.chunk(3),
            module.self_attn.in_proj_bias.chunk(3),
            strict=True,
        ):
            part.weight.copy_(weight)
            part.bias.copy_(bias)
    heads.output = module.self_attn.out_proj
    attended = F.layer_norm(x + heads(x, x, x), [8])
    inner = (attended @ module.linear1.weight.T + module.linear1.bias).clamp(min=0)
    expected = F.layer_norm(attended + inner @ module.linear2.weight.T + module.linear2.bias, [8])

    torch.testing.assert_close(layer({"x": x})[0], expected)


def test_patches_are_rows_of_an_image() -> None:
    layer = direct("patch_embedding", {"x": TensorSpec((N, 3, 4, 6))}, features=5, patch=2)
    (module,) = layer.layers.values()
    x = torch.randn(2, 3, 4, 6)
    (y,) = layer({"x": x})
    patch = x[:, :, 2:4, 4:6].flatten(1)  # second row, third of it
    assert isinstance(module, nn.Conv2d)
    assert module.bias is not None

    assert y.shape == (2, 6, 5)
    torch.testing.assert_close(y[:, 5], patch @ module.weight.flatten(1).T + module.bias)


def test_a_class_token_stands_before_all() -> None:
    layer, x = ClassToken(4), torch.randn(3, 5, 4)
    y = layer(x)

    assert torch.equal(y[:, 0], layer.weight.expand(3, 4))
    assert torch.equal(y[:, 1:], x)
    unknown = run_block(get_block("class_token")(), Specs({"x": TensorSpec((N, Axis("T"), 4))}))
    assert str(unknown.outputs["y"]) == "N×T+1×4"


def test_a_layer_scale_multiplies_each_feature() -> None:
    vectors, images = LayerScale(3, 0.1), LayerScale(3, image=True)
    x = torch.randn(2, 3, 4, 5)
    with torch.no_grad():
        vectors.weight[1] = 5.0
        images.weight[1] = 5.0

    torch.testing.assert_close(vectors(x[:, :, 0, 0]), x[:, :, 0, 0] * torch.tensor([0.1, 5.0, 0.1]))
    torch.testing.assert_close(images(x)[:, 1], 5 * x[:, 1])
    torch.testing.assert_close(images(x)[:, 2], 1e-5 * x[:, 2])


def test_derivatives_of_heads_are_those_of_finite_differences() -> None:
    for causal in (False, True):
        layer = MultiHeadAttention(4, 2, 3, 2, causal=causal).double()
        inputs = [
            torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 3, 4), (2, 3, 3), (2, 3, 2))
        ]
        names, weights = zip(*layer.named_parameters(), strict=True)
        padding = padded_steps(torch.tensor([3, 2]), inputs[1])

        def of(q: Tensor, k: Tensor, v: Tensor, *values: Tensor) -> Any:
            given = dict(zip(names, values, strict=True))  # noqa: B023  called at once
            return torch.func.functional_call(layer, given, (q, k, v, padding))  # noqa: B023

        assert torch.autograd.gradcheck(of, (*inputs, *weights))


def refusal(block: str, inputs: dict[str, TensorSpec], **parameters: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run_block(get_block(block).make(parameters), Specs(inputs))
    return caught.value


def test_it_says_what_does_not_fit() -> None:
    x, lengths = TensorSpec((N, 5, 6)), TensorSpec((N,), "int64")

    heads = refusal("transformer_encoder_layer", {"x": x}, heads=4)
    assert (heads.parameter, heads.expected) == ("heads", "a divisor of 6")
    assert heads.hints[0].value == 3  # type: ignore[union-attr]
    assert refusal("transformer_encoder_layer", {"x": x, "mask": lengths}, heads=2, causal=True).port == "mask"
    assert refusal("transformer_decoder_layer", {"x": x, "memory": TensorSpec((N, 5, 4))}, heads=2).port == "memory"
    assert refusal("multi_head_attention", {"query": x, "values": TensorSpec((N, 4, 6))}, heads=2).port == "values"
    assert refusal("patch_embedding", {"x": TensorSpec((N, 3, 30, 32))}).parameter == "patch"
