"""Parts that are drawn are equal to the block of one piece: results and slopes, with the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.blocks import get_block
from graph_engine.compile import compile_document
from graph_engine.document.builder import Builder
from presets.parts import find_part

Rows = tuple[str, int, int]
"""A weight of which some rows count: its name, the first, and the one after the last."""


@dataclass(frozen=True)
class Twins:
    """A part and the block that it draws: what arrives, their values, and which weights are the same."""

    part: str
    block: str
    shapes: tuple[tuple[int, ...], ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    block_values: Mapping[str, Any] = field(default_factory=dict)
    same: Mapping[str, str | Rows] = field(default_factory=dict)
    """Module of the part → module of the block, or a weight by its whole name → rows of one of the block."""
    over_time: bool = False
    training: bool = False

    def __str__(self) -> str:
        return f"{self.part}-{self.block}" + ("-training" if self.training else "")


HEAD = {  # of 3 numbers a place: key, strength, gate, shift, sharpness
    "linear_1": (0, 3),
    "linear_2": (3, 4),
    "linear_3": (4, 5),
    "linear_4": (5, 7),
    "linear_5": (7, 8),
    "linear_6": (8, 9),
}
CELL = "turing_machine_cell_1"
TURING: dict[str, str | Rows] = {
    f"{CELL}.linear_1": "controller",
    f"{CELL}.linear_4": "output",
    **{
        f"{CELL}.linear_{layer}.{kind}": (f"change.{kind}", 3 * at, 3 * at + 3)
        for at, layer in enumerate((2, 3))
        for kind in ("weight", "bias")
    },
    **{
        f"{CELL}.memory_head_{head + 1}.{layer}.{kind}": (f"address.{kind}", 9 * head + first, 9 * head + stop)
        for head in range(2)
        for layer, (first, stop) in HEAD.items()
        for kind in ("weight", "bias")
    },
}
STACK, DEPTHWISE = "stack_rnn_cell_1", "depthwise_separable_conv2d_1"
TWINS = [
    Twins("memory_lookup", "memory_hop", ((6,), (4, 6), (4, 6))),
    Twins("key_value_lookup", "key_value_memory", ((6,), (4, 6), (4, 6)), same={"linear_1": "turn"}),
    Twins(
        "turing_machine",
        "neural_turing_machine",
        ((7, 5),),
        {"features": 2, "hidden": 6, "locations": 5, "width": 3},
        same=TURING,
    ),
    Twins(
        "stack_machine",
        "stack_rnn",
        ((7, 3),),
        {"features": 4, "stacks": 2, "depth": 3, "read": 2},
        {"recurrent": True, "can_stay": True},
        {f"{STACK}.linear_{at}": name for at, name in enumerate(("enter", "again", "top", "act", "push"), 1)},
    ),
    Twins(
        "bahdanau_attention",
        "additive_attention",
        ((4,), (5, 6)),
        {"features": 7},
        same={
            "alignment_scores_1.linear_1": "scores.query",
            "alignment_scores_1.linear_2": "scores.memory",
            "alignment_scores_1.linear_3": "scores.score",
        },
    ),
    Twins(
        "alignment_scores",
        "pointer",
        ((4,), (5, 6)),
        {"features": 7},
        same={"linear_1": "query", "linear_2": "memory", "linear_3": "score"},
    ),
    Twins(
        "pointing",
        "pointer",
        ((4,), (5, 6)),
        {"features": 7},
        {"probabilities": True},
        {
            "alignment_scores_1.linear_1": "query",
            "alignment_scores_1.linear_2": "memory",
            "alignment_scores_1.linear_3": "score",
        },
    ),
    Twins("dot_product_attention", "dot_attention", ((4,), (5, 4))),
    Twins("dot_product_attention", "dot_attention", ((3, 4), (5, 4)), {"scaled": True}, {"score": "scaled"}),
    Twins("cosine_lookup", "cosine_attention", ((4,), (5, 4)), {"sharpness": 3.0}),
    Twins("cosine_lookup", "cosine_attention", ((3, 4), (5, 4))),
    Twins(
        "location_aware_attention",
        "location_attention",
        ((4,), (5, 6), (5,)),
        {"features": 7, "filters": 2, "kernel": 3},
        same={
            "location_aware_scores_1.linear_1": "query",
            "location_aware_scores_1.linear_2": "memory",
            "location_aware_scores_1.conv1d_1": "look",
            "location_aware_scores_1.linear_3": "place",
            "location_aware_scores_1.linear_4": "score",
        },
    ),
    Twins(
        "attention_in_heads",
        "multi_head_attention",
        ((4, 6), (5, 7)),
        {"heads": 2},
        same={
            **{f"split_into_heads_{at}.linear_1": name for at, name in enumerate(("query", "key", "value"), 1)},
            "join_heads_1.linear_1": "output",
        },
    ),
    Twins(
        "pixel_attention",
        "spatial_attention",
        ((4, 3, 5),),
        {"reduction": 2},
        same={"conv2d_1": "key", "conv2d_2": "query", "conv2d_3": "value"},
    ),
    Twins(
        "cbhg_layers",
        "cbhg",
        ((6, 4),),
        {"bank": 4, "highways": 2, "projection": 5},
        {"first": 5, "second": 4},
        {
            "conv1d_1": "bank.0",
            "batch_norm_1": "bank_norms.0",
            **{f"conv_bank_layer_1.{at}.conv1d_1": f"bank.{at + 1}" for at in range(3)},
            **{f"conv_bank_layer_1.{at}.batch_norm_1": f"bank_norms.{at + 1}" for at in range(3)},
            "conv1d_2": "project1",
            "batch_norm_2": "norm1",
            "conv1d_3": "project2",
            "batch_norm_3": "norm2",
            **{f"highway_layer_1.{at}.linear_1": f"transforms.{at}" for at in range(2)},
            **{f"highway_layer_1.{at}.linear_2": f"gates.{at}" for at in range(2)},
            "gru_1.rnn": "gru",
        },
        training=True,
    ),
    Twins(
        "pyramid_bilstm",
        "pyramid_lstm",
        ((7, 3),),
        {"hidden": 4, "joined": 2},
        same={"lstm_1.rnn": "rnn"},
    ),
    Twins(
        "affine_transformer",
        "spatial_transformer",
        ((1, 28, 28),),
        {"hidden": 5},
        same={
            "localisation_net_1.conv2d_1": "localisation.0",
            "localisation_net_1.conv2d_2": "localisation.3",
            "localisation_net_1.linear_1": "localisation.7",
            "localisation_net_1.linear_2": "theta",
        },
    ),
    Twins(
        "zoom_transformer",
        "spatial_transformer",
        ((1, 28, 28),),
        {"hidden": 5},
        {"transform": "attention"},
        {
            "localisation_net_1.conv2d_1": "localisation.0",
            "localisation_net_1.conv2d_2": "localisation.3",
            "localisation_net_1.linear_1": "localisation.7",
            "localisation_net_1.linear_2": "theta",
        },
    ),
    Twins(
        "jordan_cell",
        "jordan",
        ((7, 3),),
        {"hidden": 4, "features": 2},
        same={"linear_1": "feedback", "linear_2": "enter", "linear_3": "leave"},
        over_time=True,
    ),
    Twins(
        "grid_lstm_place",
        "grid_lstm_cell2d",
        ((4,), (4,), (4,), (4,)),
        same={f"grid_lstm_transform_{at + 1}.linear_1": f"transforms.{at}" for at in range(2)},
    ),
    Twins(
        "conv_lstm_cell",
        "conv_lstm",
        ((4, 2, 5, 6),),
        {"channels": 3, "kernel": 3, "height": 5, "width": 6},
        same={"conv2d_1": "input_to_state", "conv2d_2": "state_to_state"},
        over_time=True,
    ),
    Twins(
        "depthwise_and_pointwise",
        "depthwise_separable_conv2d",
        ((4, 7, 6),),
        {"channels": 5, "kernel": 5, "stride": 2},
        same={f"conv2d_{at}": f"{DEPTHWISE}_{name}" for at, name in enumerate(("depthwise", "pointwise"), 1)},
    ),
    Twins(
        "large_kernel_of_strips",
        "large_kernel_conv2d",
        ((4, 7, 6),),
        {"channels": 5, "kernel": 5},
        same={
            "conv2d_1": "tall_wide.0",
            "conv2d_2": "tall_wide.1",
            "conv2d_3": "wide_tall.0",
            "conv2d_4": "wide_tall.1",
        },
    ),
    Twins("pyramid_of_maxima", "spatial_pyramid_pool", ((4, 13, 11),)),
]


def network_of(net: Builder, shapes: tuple[tuple[int, ...], ...], block: str, **values: Any) -> tuple[nn.Module, str]:
    """The network of a node of `block`, with every value that leaves it, and the name of the node."""
    port = net.add(block, *(net.input(f"x{at}", *shape) for at, shape in enumerate(shapes)), **values)
    declared = net.document.main.block(port.node)
    assert declared is not None
    for output in declared.outputs:
        net.output(port.other(output.name), output.name)
    return compile_document(net.document).make(0).double(), port.node


def pairs_of(
    part: nn.Module, block: nn.Module, same: Mapping[str, str | Rows]
) -> list[tuple[nn.Parameter, nn.Parameter, slice]]:
    """A weight of the part, that of the block, and which rows of it."""
    found = []
    for ours, theirs in same.items():
        if isinstance(theirs, str):
            for name, weight in part.get_submodule(ours).named_parameters():
                found.append((weight, block.get_parameter(f"{theirs}.{name}"), slice(None)))
        else:
            name, first, stop = theirs
            found.append((part.get_parameter(ours), block.get_parameter(name), slice(first, stop)))
    return found


def results(network: nn.Module, inputs: list[Tensor], outputs: int) -> tuple[list[Tensor], list[Tensor]]:
    """What comes out first, and the slopes by what comes in."""
    given = [each.clone().requires_grad_() for each in inputs]
    outs = network(*given)
    outs = list(outs[:outputs] if isinstance(outs, tuple) else (outs,))
    slopes = [torch.linspace(0.5, 1.5, out.numel(), dtype=out.dtype).reshape(out.shape) for out in outs]
    torch.autograd.backward(outs, slopes)
    return outs, [each.grad for each in given if each.grad is not None]


@pytest.mark.parametrize("twins", TWINS, ids=str)
def test_a_part_is_its_block(twins: Twins) -> None:
    net = Builder("Part")
    name = find_part(twins.part).into(net)
    drawn, at = network_of(net, twins.shapes, name, **twins.values, over_time=twins.over_time)
    known = {spec.name for spec in get_block(twins.block).parameters()}
    values = {name: value for name, value in twins.values.items() if name in known}
    whole, there = network_of(Builder("Block"), twins.shapes, twins.block, **values, **twins.block_values)
    part, block = drawn.get_submodule(at), whole.get_submodule(there) if hasattr(whole, there) else whole
    pairs = pairs_of(part, block, twins.same)
    with torch.no_grad():
        for ours, theirs, rows in pairs:
            ours.normal_(0, 0.5)
            theirs[rows] = ours
        if twins.block == "spatial_transformer":  # the part adds the identity
            block.get_parameter("theta.bias").add_(part.get_buffer("constant_1.value"))
        if twins.part == "pixel_attention":
            part.get_parameter("constant_1.value").fill_(0.7)
            block.get_parameter("gamma").fill_(0.7)
    assert sum(weight.numel() for weight in drawn.parameters()) == sum(each.numel() for each in whole.parameters())
    drawn.train(twins.training)
    whole.train(twins.training)
    inputs = [torch.randn(3, *shape, dtype=torch.float64) for shape in twins.shapes]
    outputs = len(get_block(twins.block).outputs)
    (ours_out, ours_slopes), (their_out, their_slopes) = (results(each, inputs, outputs) for each in (drawn, whole))
    torch.testing.assert_close(ours_out[: len(their_out)], their_out, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours_slopes, their_slopes, rtol=1e-5, atol=1e-6)
    for ours, theirs, rows in pairs:
        assert ours.grad is not None
        assert theirs.grad is not None
        torch.testing.assert_close(ours.grad, theirs.grad[rows], rtol=1e-5, atol=1e-6)


def copied(pairs: list[tuple[nn.Parameter, nn.Parameter, slice]]) -> None:
    """Give both sides of each pair the same new numbers."""
    with torch.no_grad():
        for ours, theirs, rows in pairs:
            theirs[rows] = ours.normal_(0, 0.3)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("causal", [True, False])
def test_a_decoder_block_is_the_decoder_layer_of_torch(norm_first: bool, causal: bool) -> None:
    net = Builder("Part")
    name = find_part("norm_first_decoder_block" if norm_first else "decoder_block").into(net)
    values = {"heads": 4, "hidden": 24, "dropout": 0.0, "causal": causal}
    network, at = network_of(net, ((7, 16), (5, 16)), name, **values)
    theirs = nn.TransformerDecoderLayer(16, 4, 24, 0.0, batch_first=True, norm_first=norm_first).double()
    same: dict[str, str | Rows] = {
        "multi_head_attention_1.output": "self_attn.out_proj",
        "multi_head_attention_2.output": "multihead_attn.out_proj",
        "feed_forward_1.linear_1": "linear1",
        "feed_forward_1.linear_2": "linear2",
        **{f"layer_norm_{each}": f"norm{each}" for each in (1, 2, 3)},
        **{
            f"multi_head_attention_{number}.{part}.{kind}": (f"{attention}.in_proj_{kind}", 16 * each, 16 * each + 16)
            for number, attention in ((1, "self_attn"), (2, "multihead_attn"))
            for each, part in enumerate(("query", "key", "value"))
            for kind in ("weight", "bias")
        },
    }
    pairs = pairs_of(network.get_submodule(at), theirs, same)
    assert sum(ours.numel() for ours, _, _ in pairs) == sum(each.numel() for each in theirs.parameters())
    copied(pairs)
    x, memory = torch.randn(2, 7, 16, dtype=torch.float64), torch.randn(2, 5, 16, dtype=torch.float64)
    mask = torch.ones(7, 7, dtype=torch.bool).triu(1) if causal else None
    ours_out, their_out = network(x, memory), theirs(x, memory, mask)
    torch.testing.assert_close(ours_out, their_out, rtol=1e-5, atol=1e-6)
    slope = torch.randn_like(ours_out)
    ours_out.backward(slope)
    their_out.backward(slope)
    for ours, their, rows in pairs:
        assert their.grad is not None
        torch.testing.assert_close(ours.grad, their.grad[rows], rtol=1e-5, atol=1e-6)


def test_an_elman_cell_over_time_is_the_rnn_of_torch() -> None:
    net = Builder("Part")
    network, at = network_of(net, ((9, 5),), find_part("elman_cell").into(net), hidden=6, over_time=True)
    theirs = nn.RNN(5, 6, batch_first=True).double()
    pairs = pairs_of(
        network.get_submodule(at),
        theirs,
        {
            f"linear_{number}.{kind}": (f"{kind}_{side}_l0", 0, 6)
            for number, side in ((1, "ih"), (2, "hh"))
            for kind in ("weight", "bias")
        },
    )
    copied(pairs)
    x = torch.randn(3, 9, 5, dtype=torch.float64)
    (y, h), (wanted, wanted_h) = network(x), theirs(x)
    torch.testing.assert_close(y, wanted)
    torch.testing.assert_close(h, wanted_h[0])


def test_a_story_hop_is_two_encodings_and_a_lookup() -> None:
    """Sukhbaatar et al. (2015), sections 2.1 and 4.1: mᵢ = Σⱼ lⱼ·A xᵢⱼ + T_A(i), cᵢ likewise, u' = u + o."""
    net = Builder("Part")
    u, story = net.input("u", 6), net.input("story", 4, 3, classes=9, label=True)
    hop = net.add(find_part("story_hop").into(net), u, story)
    net.output(hop, "y")
    net.output(hop.other("p"), "p")
    network = compile_document(net.document).make(0)
    part = network.get_submodule(hop.node)
    asked, told = torch.randn(2, 6), torch.randint(1, 9, (2, 4, 3))
    j, k = torch.arange(1, 4)[:, None] / 3, torch.arange(1, 7) / 6
    weights = (1 - j) - k * (1 - 2 * j)  # of word j and feature k
    memories = []
    for number in (1, 2):
        words = part.get_parameter(f"sentence_memory_{number}.sentence_encoder_1.words")
        places = part.get_parameter(f"sentence_memory_{number}.position_embedding_1.weight")
        assert places.shape == (4, 6)
        memories.append((words[told] * weights).sum(2) + places)
    p = torch.softmax((memories[0] @ asked[..., None])[..., 0], 1)
    y, found = network(asked, told)
    torch.testing.assert_close(found, p)
    torch.testing.assert_close(y, asked + (p[..., None] * memories[1]).sum(1))
    assert sum(weight.numel() for weight in network.parameters()) == 2 * (9 * 6 + 4 * 6)


def test_a_convolutional_highway_layer_carries_what_its_gate_leaves() -> None:
    net = Builder("Part")
    network, at = network_of(net, ((4, 6, 7),), find_part("conv_highway_layer").into(net), gate_bias=-1.0)
    part = network.get_submodule(at)
    x = torch.randn(2, 4, 6, 7, dtype=torch.float64)
    new, gate = part.get_submodule("conv2d_1")(x), part.get_submodule("conv2d_2")(x)
    assert part.get_parameter("conv2d_2.bias").tolist() == [-1.0] * 4
    share = torch.sigmoid(gate)
    torch.testing.assert_close(network(x), torch.relu(new) * share + x * (1 - share))


def test_a_region_proposal_net_scores_and_boxes_each_anchor() -> None:
    net = Builder("Part")
    network, at = network_of(net, ((4, 6, 7),), find_part("region_proposal_net").into(net), anchors=3, scores=1)
    part = network.get_submodule(at)
    x = torch.randn(2, 4, 6, 7, dtype=torch.float64)
    objectness, boxes = network(x)
    assert (objectness.shape, boxes.shape) == ((2, 3, 6, 7), (2, 12, 6, 7))
    seen = torch.relu(part.get_submodule("conv2d_1")(x))
    torch.testing.assert_close(objectness, part.get_submodule("conv2d_2")(seen))
    torch.testing.assert_close(boxes, part.get_submodule("conv2d_3")(seen))


def test_a_bank_is_written_for_any_width_and_counts_its_kernels() -> None:
    net = Builder("Use")
    network, at = network_of(net, ((6, 8),), find_part("cbhg_layers").into(net), bank=5)
    source = compile_document(net.document).source
    assert "nn.ModuleList(ConvBankLayer(in_channels, 2 + i) for i in range(bank - 1))" in source
    assert "nn.Conv1d(in_channels, in_channels, kernel_size, padding=kernel_size // 2, bias=False)" in source
    assert "nn.Conv1d(bank * in_channels, projection, 3, padding=1, bias=False)" in source
    assert "x, y = layer(x, y)" in source
    bank = network.get_submodule(at).get_submodule("conv_bank_layer_1")
    assert [each.get_submodule("conv1d_1").kernel_size for each in bank.children()] == [(2,), (3,), (4,), (5,)]


def test_each_sequence_that_a_cell_gives_is_told_with_its_own_shape() -> None:
    net = Builder("Use")
    network_of(net, ((6, 9),), find_part("turing_machine").into(net))
    lines = [line.strip() for line in compile_document(net.document).source.splitlines()]
    assert "y = torch.stack(steps, 1)  # (N, 6, features)" in lines
    assert "reads = torch.stack(reads_steps, 1)" in lines, "8 features are not 128 places"
    assert "read_at = first_place" in lines
