"""Parts: composites that come with Layerloom. Their size is the published one, and they compute what papers say."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks.named import evaluate, is_formula
from graph_engine.check import Checker, CheckResult
from graph_engine.check.composites import state_names
from graph_engine.check.report import Severity, State
from graph_engine.compile import Program, compile_document
from graph_engine.document import Document, Move, RemoveGraph, SetParameter
from graph_engine.document.builder import Builder, Port
from graph_engine.document.composite import borders, port_name
from graph_engine.document.file import dumps, loads
from graph_engine.document.geometry import geometry_in
from presets.parts import Part, PartCategory, UnknownPart, add_part, find_part, part_block, parts
from tests.compile.linting import faults

if TYPE_CHECKING:
    from pathlib import Path

Shapes = list[tuple[int, ...]]

VISION, TIMM, TORCH = "torchvision 0.28.0", "timm 1.0.31", "torch 2.13.0"
SAGAN, TACOTRON = "heykeetae/Self-Attention-GAN", "r9y9/tacotron_pytorch, less a layer E×E that is made and not used"
FIGURES: list[tuple[str, str, Shapes, dict[str, Any], tuple[int, int]]] = [
    (VISION, "basic_block", [(64, 56, 56)], {}, (73_984, 231_211_008)),
    (VISION, "bottleneck", [(256, 56, 56)], {}, (70_400, 218_365_952)),
    (VISION, "bottleneck", [(256, 56, 56)], {"strided": "1×1"}, (70_400, 218_365_952)),
    (VISION, "resnext_block", [(256, 56, 56)], {}, (71_168, 219_971_584)),
    (VISION, "dense_bottleneck_layer", [(64, 56, 56)], {}, (45_440, 141_295_616)),
    (VISION, "dense_bottleneck_block", [(64, 56, 56)], {}, (335_040, 1_040_449_536)),
    (VISION, "transition", [(256, 56, 56)], {}, (33_280, 102_760_448)),
    (VISION, "inverted_residual", [(24, 56, 56)], {}, (8_832, 25_740_288)),
    (VISION, "linear_bottleneck", [(24, 56, 56)], {"stride": 2}, (10_000, 15_466_752)),
    (VISION, "inception_module_norm", [(192, 28, 28)], {"largest": 3}, (155_872, 121_626_624)),
    (VISION, "inception_v3_a", [(192, 35, 35)], {}, (255_904, 312_345_600)),
    (VISION, "inception_v3_b", [(288, 35, 35)], {}, (1_153_280, 401_937_408)),
    (VISION, "inception_v3_c", [(768, 17, 17)], {}, (1_297_408, 374_063_104)),
    (VISION, "inception_v3_d", [(768, 17, 17)], {}, (1_698_304, 291_004_416)),
    (VISION, "inception_v3_e", [(1280, 8, 8)], {}, (5_044_608, 322_437_120)),
    (TIMM, "inception_v4_a", [(384, 35, 35)], {}, (317_632, 387_609_600)),
    (TIMM, "inception_v4_reduction_a", [(384, 35, 35)], {}, (2_306_112, 1_097_164_800)),
    (TIMM, "inception_v4_b", [(1024, 17, 17)], {}, (2_936_256, 847_264_768)),
    (TIMM, "inception_v4_reduction_b", [(1024, 17, 17)], {}, (2_747_392, 511_098_880)),
    (TIMM, "inception_v4_c", [(1536, 8, 8)], {}, (4_553_088, 290_979_840)),
    (TIMM, "inception_resnet_35", [(320, 35, 35)], {}, (123_168, 149_900_800)),
    (TIMM, "inception_resnet_17", [(1088, 17, 17)], {}, (1_126_784, 324_937_728)),
    (TIMM, "inception_resnet_8", [(2080, 8, 8)], {}, (2_035_424, 130_023_424)),
    (TIMM, "first_dual_path_block", [(64, 56, 56)], {}, (53_920, 167_086_080)),
    (TORCH, "encoder_block", [(10, 512)], {}, (3_152_384, 31_559_680)),
    (TORCH, "norm_first_encoder_block", [(10, 512)], {}, (3_152_384, 31_559_680)),
    (TORCH, "attention_in_heads", [(10, 512), (10, 512)], {}, (1_050_624, 10_588_160)),
    (TORCH, "decoder_block", [(10, 512), (10, 512)], {}, (4_204_032, 42_147_840)),
    (TORCH, "norm_first_decoder_block", [(10, 512), (10, 512)], {}, (4_204_032, 42_147_840)),
    (TORCH, "elman_cell", [(10, 128)], {"hidden": 256, "over_time": True}, (98_816, 983_040)),
    (TORCH, "lstm_cell", [(10, 128)], {"hidden": 256, "over_time": True}, (395_264, 3_932_160)),
    (TORCH, "gru_cell", [(10, 128)], {"hidden": 256, "over_time": True}, (296_448, 2_949_120)),
    ("Srivastava et al. 2015, eq. 3", "highway_layer", [(50,)], {}, (5_100, 5_000)),
    ("analvikingur/pytorch_Highway, 10 layers", "projected_highway_layer", [(50,)], {"times": 10}, (76_500, 75_000)),
    (VISION, "shuffle_unit_v2", [(116, 28, 28)], {}, (7_598, 5_684_000)),
    (SAGAN, "pixel_attention", [(64, 32, 32)], {}, (5_201, 80_740_352)),
    (SAGAN, "pixel_attention", [(512, 16, 16)], {}, (328_321, 121_634_816)),
    ("Howard et al. 2017", "depthwise_and_pointwise", [(512, 14, 14)], {"channels": 512}, (266_752, 52_283_392)),
    ("zijundeng/gcn", "large_kernel_of_strips", [(2048, 16, 16)], {}, (608_370, 155_721_216)),
    ("Ren et al. 2015", "region_proposal_net", [(512, 37, 37)], {}, (2_387_510, 3_267_726_336)),
    (VISION, "region_proposal_net", [(256, 8, 8)], {"anchors": 3, "scores": 1}, (593_935, 593_664 * 64)),
    (TACOTRON, "cbhg_layers", [(20, 128)], {}, (3_415_040 - 128**2, 69_009_408)),
    (TACOTRON, "cbhg_layers", [(20, 80)], {"bank": 8, "projection": 256}, (921_312 - 80**2, 18_355_200)),
]


def used(name: str, shapes: Shapes, classes: tuple[int, ...] = (), **values: Any) -> tuple[Document, Port]:
    """A document that uses one part, on inputs of these shapes, and where it stands.

    `classes`: of inputs that are whole numbers, how many values these take; 0 for measurements.
    """
    net = Builder("Use")
    many = (*classes, *(0 for _ in shapes[len(classes) :]))
    inputs = [net.input(f"x{at}", *shape, classes=many[at], label=many[at] > 0) for at, shape in enumerate(shapes)]
    port = net.add(find_part(name).into(net), *inputs, **values)
    block = net.document.main.block(port.node)
    assert block is not None
    for output in block.outputs:
        net.output(port.other(output.name), output.name)
    return net.document, port


def checked(document: Document) -> CheckResult:
    result = Checker().check(document)
    assert [problem for problem in result.problems if problem.severity is not Severity.INFO] == []
    return result


def arriving(part: Part) -> tuple[Shapes, tuple[int, ...]]:
    """What the Inputs of a part say arrives, for a document that uses it: shapes, and how many values where whole."""
    graph = part.document.graphs[part.name]
    states = set(state_names(part.block)) if part.name.endswith("_cell") else set()  # these begin with zeros
    nodes = [node for node in borders(graph, "input") if port_name(node) not in states]
    values = {spec.name: spec.default for spec in part.block.parameters()}

    def length(of: int | str) -> int:
        return of if isinstance(of, int) else int(evaluate(of, values)) if is_formula(of) else 5

    shapes = [tuple(map(length, node.parameters["shape"])) for node in nodes]
    return shapes, tuple(node.parameters.get("classes", 0) for node in nodes)


def example(part: Part) -> tuple[Document, Port]:
    """A part in use as it is meant to be: a cell over time."""
    shapes, classes = arriving(part)
    if part.name.endswith("_cell"):
        return used(part.name, [(5, *shape) for shape in shapes], over_time=True)
    return used(part.name, shapes, classes)


@pytest.mark.parametrize(("source", "name", "shapes", "values", "figures"), FIGURES)
def test_its_size_is_the_published_one(
    source: str, name: str, shapes: Shapes, values: dict[str, Any], figures: tuple[int, int]
) -> None:
    document, _ = used(name, shapes, **values)
    total = checked(document).total
    assert (total.params, total.macs) == figures, source


@pytest.mark.parametrize("name", parts())
def test_it_introduces_itself(name: str) -> None:
    part = parts()[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert part.name == name
    assert re.match(r"[A-Z1]", part.title)
    assert [other.title for other in parts().values()].count(part.title) == 1
    assert re.fullmatch(r"[A-Z1].*\.", part.summary)
    assert len(part.summary) < 130
    assert part.help.startswith(part.summary)
    assert part.reference is not None
    assert all(word == word.lower() != part.title.lower() for word in part.keywords)
    assert part.block.keywords == part.keywords
    assert part.block.key() == f"@{name}"
    assert part.block.title == part.title
    for spec in part.block.parameters():
        assert spec.meta.title
        assert spec.meta.help.endswith(".")
        assert spec.parse(spec.default) == spec.default


@pytest.mark.parametrize("name", parts())
def test_it_has_no_problem_and_survives_the_file(name: str) -> None:
    document, port = example(parts()[name])
    result = checked(document)
    assert result.nodes[port.node].state is State.OK
    read = loads(dumps(document))
    assert dumps(read) == dumps(document)
    assert checked(read).total == result.total


def test_their_sources_are_lint_clean_and_formatted(tmp_path: Path) -> None:
    sources = {name: compile_document(example(part)[0]).source for name, part in parts().items()}
    assert faults(sources, tmp_path) == ""


@pytest.mark.parametrize("name", parts())
def test_no_node_lies_on_another(name: str) -> None:
    for graph in parts()[name].document.composites.values():
        boxes = []
        for node in graph:
            size = geometry_in(graph, node.id)
            boxes.append((*node.position, size.width, size.height))
        for (x1, y1, w1, h1), (x2, y2, w2, h2) in combinations(boxes, 2):
            assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1


@pytest.mark.parametrize("name", parts())
def test_every_weight_gets_a_finite_gradient(name: str) -> None:
    part = parts()[name]
    document, _ = example(part)
    program = compile_document(document)
    if sum(weight.numel() for weight in meta(program).parameters()) > 3_000_000:
        pytest.skip("too large to run in a moment; its size and wiring are checked")
    network = program.make(0).train()
    outs = network(*(_drawn(program, port) for port in program.inputs))
    sum(out.square().mean() for out in (outs if isinstance(outs, tuple) else (outs,))).backward()
    for weight_name, weight in network.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.isfinite().all(), weight_name


def meta(program: Program) -> nn.Module:
    with torch.device("meta"):
        return program.make()


def _drawn(program: Program, port: str) -> Tensor:
    """Something small of the right kind; images stay large enough for what shrinks them, and gates count."""
    spec = program.specs[port]
    lengths = [int(str(length)) for length in spec.shape[1:]]
    if len(lengths) == 3 and lengths[0] > 1 and lengths[1] == lengths[2]:
        lengths[1:] = [min(length, 12) for length in lengths[1:]]
    if spec.classes:
        return torch.randint(spec.classes, (2, *lengths))
    return torch.rand(2, *lengths).requires_grad_()


# --- the catalogue


def test_parts_are_listed_by_category() -> None:
    categories = [part.category for part in parts().values()]
    assert categories == sorted(categories, key=list(PartCategory).index)
    assert set(categories) == set(PartCategory)


def test_adding_a_part_brings_those_inside_it() -> None:
    document = Document()
    edit = add_part(document, "dense_block")
    assert part_block(document, "dense_block") == "@dense_block"
    inverse = document.apply(edit)
    assert list(document.composites) == ["dense_layer", "dense_block"]
    assert part_block(document, "dense_block") == "@dense_block"
    document.apply(inverse)
    assert list(document.graphs) == ["main"]


def test_what_is_there_is_not_added_again() -> None:
    document = Document()
    document.apply(add_part(document, "dense_layer"))
    added = [edit.graph for edit in add_part(document, "dense_block").edits]  # type: ignore[union-attr]
    assert added == ["dense_block"]
    document.apply(add_part(document, "dense_block"))
    assert add_part(document, "dense_block").edits == ()
    document.apply(Move((("conv2d_1", (900.0, 700.0)),), "dense_layer"))
    assert add_part(document, "dense_block").edits == (), "where a node lies is not what a composite is"


def test_what_the_user_changed_stays_and_the_part_gets_another_name() -> None:
    document = Document()
    document.apply(add_part(document, "dense_block"))
    document.apply(SetParameter("conv2d_1", "kernel", 5, "dense_layer"))
    assert part_block(document, "dense_block") == "@dense_block_2"
    document.apply(add_part(document, "dense_block"))
    assert list(document.composites) == ["dense_layer", "dense_block", "dense_layer_2", "dense_block_2"]
    assert document.graphs["dense_layer"]["conv2d_1"].parameters["kernel"] == 5
    uses = {node.block for node in document.graphs["dense_block_2"]}
    assert "@dense_layer_2" in uses
    assert part_block(document, "dense_block") == "@dense_block_2"
    assert add_part(document, "dense_block").edits == ()
    document.apply(RemoveGraph("dense_block"))
    assert part_block(document, "dense_block") == "@dense_block"


def test_an_unknown_part_offers_the_nearest() -> None:
    with pytest.raises(UnknownPart, match="Did you mean bottleneck"):
        add_part(Document(), "botleneck")


# --- whole networks, against published figures


def resnet_start(stem: int = 64) -> tuple[Builder, Port]:
    """The start of a ResNet."""
    net = Builder("Net")
    x = net.add("conv2d", net.input("image", 3, 224, 224), channels=stem, kernel=7, stride=2, bias=False)
    x = net.add("relu", net.add("batch_norm", x))
    return net, net.add("max_pool2d", x, kernel=3, stride=2, padding=1)


def classified(net: Builder, x: Port) -> tuple[int, int]:
    """Parameters and multiply-adds of the whole net with 1000 classes."""
    net.output(net.add("linear", net.add("global_avg_pool", x), features=1000))
    total = checked(net.document).total
    return total.params, total.macs


def stages(net: Builder, x: Port, first: str, rest: str, **values: Any) -> Port:
    """The four stages of a 50-layer net; `rest` take no values where they follow what comes."""
    for stage, depth in enumerate((3, 4, 6, 3)):
        width = values.get("width", 64) * 2**stage
        more = {key: value for key, value in values.items() if key != "width"}
        x = net.add(find_part(first).into(net), x, width=width, stride=2 if stage else 1, **more)
        same = {"width": width, **more} if rest == first else {}
        x = net.add(find_part(rest).into(net), x, times=depth - 1, **same)
    return x


def test_a_preactivation_resnet_50() -> None:
    """osmr/imgclsmob pytorchcv 0.0.74, preresnet50."""
    net, x = resnet_start()
    x = stages(net, x, "first_preactivation_bottleneck", "preactivation_bottleneck")
    assert classified(net, net.add("relu", net.add("batch_norm", x))) == (25_549_480, 3_857_973_248)


def test_a_resnext_50() -> None:
    """torchvision 0.28.0, resnext50_32x4d."""
    net, x = resnet_start()
    x = stages(net, x, "resnext_block", "resnext_block", width=128)
    assert classified(net, x) == (25_028_904, 4_230_479_872)


def test_an_se_resnet_50() -> None:
    """osmr/imgclsmob pytorchcv 0.0.74, seresnet50: the stride in the first 1×1."""
    net, x = resnet_start()
    x = stages(net, x, "se_bottleneck", "se_bottleneck", strided="1×1")
    assert classified(net, x) == (28_088_024, 3_860_488_192)


def test_an_se_resnet_18() -> None:
    """osmr/imgclsmob pytorchcv 0.0.74, seresnet18."""
    net, x = resnet_start()
    block = find_part("se_basic_block").into(net)
    for stage in range(4):
        x = net.add(block, x, channels=64 * 2**stage, stride=2 if stage else 1)
        x = net.add(block, x, channels=64 * 2**stage)
    assert classified(net, x) == (11_778_592, 1_814_160_384)


def test_a_densenet_121() -> None:
    """torchvision 0.28.0, densenet121."""
    net, x = resnet_start()
    for stage, layers in enumerate((6, 12, 24, 16)):
        x = net.add(find_part("transition").into(net), x) if stage else x
        x = net.add(find_part("dense_bottleneck_block").into(net), x, layers=layers)
    assert classified(net, net.add("relu", net.add("batch_norm", x))) == (7_978_856, 2_834_161_664)


def test_an_inception_v3() -> None:
    """torchvision 0.28.0, inception_v3 without the auxiliary classifier."""
    net = Builder("Inception-v3")
    conv = find_part("conv_norm_relu").into(net)
    x = net.add(conv, net.input("image", 3, 299, 299), channels=32, stride=2, padded=False)
    x = net.add(conv, net.add(conv, x, channels=32, padded=False), channels=64)
    x = net.add("max_pool2d", x, kernel=3, stride=2)
    x = net.add(conv, net.add(conv, x, channels=80, kernel=1), channels=192, padded=False)
    x = net.add("max_pool2d", x, kernel=3, stride=2)
    for pool in (32, 64, 64):
        x = net.add(find_part("inception_v3_a").into(net), x, pool=pool)
    x = net.add(find_part("inception_v3_b").into(net), x)
    for width in (128, 160, 160, 192):
        x = net.add(find_part("inception_v3_c").into(net), x, width=width)
    x = net.add(find_part("inception_v3_d").into(net), x)
    x = net.add(find_part("inception_v3_e").into(net), x, times=2)
    assert classified(net, x) == (23_834_568, 5_713_216_096)


def test_a_dual_path_net_92() -> None:
    """timm 1.0.31, dpn92; its classifier is a 1×1 convolution with bias, which costs what a linear layer does."""
    net, x = resnet_start()
    for stage, (depth, growth) in enumerate(((3, 16), (4, 32), (20, 24), (3, 128))):
        values = {"channels": 256 * 2**stage, "width": 96 * 2**stage, "growth": growth}
        first = net.add(find_part("first_dual_path_block").into(net), x, stride=2 if stage else 1, **values)
        last = net.add(find_part("dual_path_block").into(net), first, first.other("dense"), times=depth - 1, **values)
        x = net.add("concat", last, last.other("dense"))
    assert classified(net, net.add("relu", net.add("batch_norm", x))) == (37_668_392, 6_501_684_224)


# --- what they are written as


def test_a_single_use_is_written_for_any_width() -> None:
    """Also where the input skips unchanged, so that no value can be changed without the others."""
    source = compile_document(used("bottleneck", [(256, 56, 56)])[0]).source
    assert "self.batch_norm_1 = nn.BatchNorm2d(width)" in source
    assert 'nn.Conv2d(in_channels, width, 1, stride=stride if strided == "1×1" else 1, bias=False)' in source
    source = compile_document(used("se_basic_block", [(64, 56, 56)])[0]).source
    assert "SqueezeExcitation(channels, channels // reduction)" in source
    source = compile_document(used("highway_layer", [(50,)])[0]).source
    assert "def __init__(self, in_channels: int, gate_bias: float = -2.0) -> None:" in source
    assert "value=gate_bias)" in source


def test_a_branch_of_a_module_is_a_line_for_each_convolution() -> None:
    source = compile_document(used("inception_module_norm", [(192, 28, 28)])[0]).source
    assert "self.conv_norm_relu_5 = ConvNormReLU(reduce5x5, channels=conv5x5, kernel=largest)" in source
    assert "padding=kernel // 2 if padded else 0," in source


def test_what_goes_round_has_a_name_also_where_its_end_is_not_used() -> None:
    source = compile_document(used("chained_residual_pooling", [(256, 32, 32)])[0]).source
    assert "path, total = layer(path, total)" in source


def test_a_class_tells_what_it_does_in_its_first_paragraph() -> None:
    source = compile_document(used("transition", [(256, 56, 56)])[0]).source
    assert "average\n    pool.\n\n    Huang, Liu" in source


# --- what they compute


def made(name: str, shapes: Shapes, **values: Any) -> tuple[nn.Module, nn.Module]:
    """The network of a document that uses a part, and the module of the part in it."""
    document, port = used(name, shapes, **values)
    network = compile_document(document).make(0).eval()
    return network, network.get_submodule(port.node)


def test_an_lstm_cell_over_time_is_the_lstm_of_torch() -> None:
    network, cell = made("lstm_cell", [(9, 5)], hidden=6, over_time=True)
    theirs = nn.LSTM(5, 6, batch_first=True)
    gates = {"input": 0, "forget": 2, "candidate": 6, "output": 4}  # torch: input, forget, candidate, output
    with torch.no_grad():
        for at, first in enumerate(gates.values()):
            rows = slice(6 * at, 6 * at + 6)
            ours, of_state = (cell.get_submodule(f"linear_{first + each}") for each in (1, 2))
            theirs.weight_ih_l0[rows], theirs.bias_ih_l0[rows] = ours.weight, ours.bias
            theirs.weight_hh_l0[rows], theirs.bias_hh_l0[rows] = of_state.weight, of_state.bias
    x = torch.randn(3, 9, 5)
    (y, h, c), (wanted, (wanted_h, wanted_c)) = network(x), theirs(x)
    for ours, their in ((y, wanted), (h, wanted_h[0]), (c, wanted_c[0])):
        torch.testing.assert_close(ours, their)


def test_a_gru_cell_over_time_is_the_gru_of_torch() -> None:
    network, cell = made("gru_cell", [(9, 5)], hidden=6, over_time=True)
    theirs = nn.GRU(5, 6, batch_first=True)
    with torch.no_grad():
        for at, (enters, state) in enumerate([(1, 2), (3, 4), (6, 5)]):  # torch: reset, update, candidate
            rows = slice(6 * at, 6 * at + 6)
            ours, of_state = (cell.get_submodule(f"linear_{each}") for each in (enters, state))
            theirs.weight_ih_l0[rows], theirs.bias_ih_l0[rows] = ours.weight, ours.bias
            theirs.weight_hh_l0[rows], theirs.bias_hh_l0[rows] = of_state.weight, of_state.bias
    x = torch.randn(3, 9, 5)
    (y, h), (wanted, wanted_h) = network(x), theirs(x)
    torch.testing.assert_close(y, wanted)
    torch.testing.assert_close(h, wanted_h[0])


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_block_is_the_encoder_layer_of_torch(norm_first: bool) -> None:
    name = "norm_first_encoder_block" if norm_first else "encoder_block"
    network, block = made(name, [(7, 16)], heads=4, hidden=24)
    theirs = nn.TransformerEncoderLayer(16, 4, 24, batch_first=True, norm_first=norm_first).eval()
    pairs = {
        "self_attention_1.query_key_value": ("self_attn.in_proj_weight", "self_attn.in_proj_bias"),
        "self_attention_1.output": ("self_attn.out_proj.weight", "self_attn.out_proj.bias"),
        "feed_forward_1.linear_1": ("linear1.weight", "linear1.bias"),
        "feed_forward_1.linear_2": ("linear2.weight", "linear2.bias"),
        "layer_norm_1": ("norm1.weight", "norm1.bias"),
        "layer_norm_2": ("norm2.weight", "norm2.bias"),
    }
    with torch.no_grad():
        for ours, (weight, bias) in pairs.items():
            for mine, their in (("weight", weight), ("bias", bias)):
                value = block.get_parameter(f"{ours}.{mine}")
                value.copy_(theirs.get_parameter(their) + 0.1 * torch.randn_like(value))
                theirs.get_parameter(their).copy_(value)
    x = torch.randn(2, 7, 16)
    torch.testing.assert_close(network(x), theirs(x), rtol=1e-4, atol=1e-5)


def test_a_highway_layer_computes_equation_3() -> None:
    network, layer = made("highway_layer", [(6,)], gate_bias=-1.0)
    new, gate = layer.get_submodule("linear_1"), layer.get_submodule("linear_2")
    assert torch.equal(gate.bias, torch.full((6,), -1.0))
    x = torch.randn(4, 6)
    t = torch.sigmoid(x @ gate.weight.T + gate.bias)
    wanted = F.relu(x @ new.weight.T + new.bias) * t + x * (1 - t)
    torch.testing.assert_close(network(x), wanted)


def test_the_branches_of_an_inception_resnet_block_are_scaled() -> None:
    x = torch.randn(2, 8, 9, 9)
    outs = {}
    for scale in (0.0, 0.1, 0.3):
        network, _ = made("inception_resnet_35", [(8, 9, 9)], scale=scale)
        outs[scale] = network(x)
        before = torch.where(x > 0, outs[scale] - x, 0)
        assert scale or torch.equal(outs[0.0], F.relu(x))
        outs[scale] = before
    both = (outs[0.1] > -x.clamp(min=0)) & (outs[0.3] > -x.clamp(min=0)) & (x > 0)  # where the ReLU cut neither
    assert both.any()
    torch.testing.assert_close(3 * outs[0.1][both], outs[0.3][both], rtol=1e-3, atol=1e-5)


def test_chained_residual_pooling_adds_what_each_pool_finds() -> None:
    network, part = made("chained_residual_pooling", [(4, 10, 10)], links=3)
    x = torch.randn(2, 4, 10, 10)
    total = path = F.relu(x)
    for link in range(3):
        weight = part.get_submodule(f"pool_and_refine_1.{link}.conv2d_1").weight
        pooled = F.pad(path, (2, 2, 2, 2), value=float("-inf")).unfold(2, 5, 1).unfold(3, 5, 1).amax((-1, -2))
        path = F.conv2d(pooled, weight, padding=1)
        total = total + path
    torch.testing.assert_close(network(x), total)


def test_fusion_brings_the_coarse_map_to_the_fine_one() -> None:
    network, part = made("multi_resolution_fusion", [(3, 8, 8), (5, 4, 4)], channels=4)
    fine, coarse = torch.randn(2, 3, 8, 8), torch.randn(2, 5, 4, 4)

    def conv(at: int, x: Tensor) -> Tensor:
        return F.conv2d(x, part.get_submodule(f"conv2d_{at}").weight, padding=1)

    wanted = conv(1, fine) + F.interpolate(conv(2, coarse), size=(8, 8), mode="bilinear", align_corners=True)
    torch.testing.assert_close(network(fine, coarse), wanted)


def test_a_dual_path_block_adds_to_one_path_and_lengthens_the_other() -> None:
    document, port = used("dual_path_block", [(8, 4, 4), (6, 4, 4)], channels=8, width=4, growth=2, groups=2, times=3)
    network = compile_document(document).make(0).eval()
    x, dense = torch.randn(2, 8, 4, 4), torch.randn(2, 6, 4, 4)
    y, longer = network(x, dense)
    assert (y.shape, longer.shape) == ((2, 8, 4, 4), (2, 12, 4, 4))
    assert torch.equal(longer[:, :6], dense), "the maps that came are kept"
    assert not torch.equal(y, x)
    assert checked(document).nodes[port.node].state is State.OK


def test_a_bottleneck_strides_where_it_is_told() -> None:
    for strided, first in (("3×3", (1, 1)), ("1×1", (2, 2))):
        _, block = made("bottleneck", [(16, 8, 8)], width=4, stride=2, strided=strided)
        strides = [block.get_submodule(f"conv2d_{at}").stride for at in (1, 2)]
        assert strides == [first, (2, 2) if first == (1, 1) else (1, 1)]


DRAWN: list[tuple[str, dict[str, Any], str, dict[str, Any], tuple[int, ...]]] = [
    ("fire_module", {"squeeze": 3, "expand1x1": 4, "expand3x3": 5}, "fire", {}, (6, 7, 8)),
    ("channel_gate", {"reduction": 2}, "squeeze_excitation", {}, (6, 7, 8)),
    ("shuffle_unit_v1", {"channels": 12, "groups": 3}, "shuffle_unit", {}, (12, 8, 8)),
    ("shuffle_unit_v1_down", {"channels": 24, "groups": 3}, "shuffle_unit", {"stride": "2"}, (12, 8, 8)),
    ("mlp_conv", {"first": 5, "second": 4, "channels": 3}, "mlp_conv2d", {}, (3, 8, 8)),
    ("boundary_refinement_unit", {}, "boundary_refinement", {}, (4, 8, 8)),
    ("pyramid_of_averages", {}, "pyramid_pooling", {}, (8, 9, 9)),
    ("non_local_layers", {"start": 1.0}, "non_local", {}, (6, 5, 4)),
    ("atrous_pyramid", {"channels": 4}, "atrous_pyramid_pooling", {}, (5, 9, 9)),
]


@pytest.mark.parametrize(("name", "values", "piece", "more", "shape"), DRAWN)
def test_what_is_drawn_computes_what_the_block_of_one_piece_does(
    name: str, values: dict[str, Any], piece: str, more: dict[str, Any], shape: tuple[int, ...]
) -> None:
    drawn, _ = made(name, [shape], **values)
    net = Builder("Piece")
    net.output(net.add(piece, net.input("x0", *shape), **values, **more))
    whole = compile_document(net.document).make(0).eval()

    def place(named: tuple[str, nn.Parameter]) -> tuple[int, bool, bool]:
        """As they were drawn: the first convolution, its norm, the second …, the weight before the bias."""
        layer, kind = named[0].split(".")[-2:]
        ends = name == "non_local_layers" and "norm" in layer  # its only norm is its last layer
        return 9 if ends else int(layer.rsplit("_", 1)[-1]), "norm" in layer, kind == "bias"

    ours = [weight for _, weight in sorted(drawn.named_parameters(), key=place)]
    for mine, theirs in zip(ours, whole.parameters(), strict=True):
        theirs.data.normal_(0, 0.5)
        mine.data.copy_(theirs)
    x = torch.randn(2, *shape)
    torch.testing.assert_close(drawn(x), whole(x), rtol=1e-4, atol=1e-4)
