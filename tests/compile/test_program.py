"""Programs: made anew with a seed, their errors led back to nodes, refused with reasons."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from graph_engine.check import Checker
from graph_engine.compile import CompileError, Program, compile_document
from graph_engine.document import Document, RemoveNodes, SetNode, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.grouping import make_composite
from tests.compile.direct import FIXED, drawn, random_inputs
from tests.compile.test_function import IMAGE, LABEL, classifier


def state(network: nn.Module) -> list[Tensor]:
    return list(network.state_dict().values())


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_seed_makes_the_same_weights_and_leaves_the_global_numbers_alone() -> None:
    program = compile_document(classifier())
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = state(program.make(seed=1))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(3)
    assert equal(first, state(program.make(seed=1)))
    assert not equal(first, state(program.make(seed=2)))
    assert equal(first, state(compile_document(classifier()).make(seed=1)))


def test_without_a_seed_the_global_numbers_decide() -> None:
    program = compile_document(classifier())
    torch.manual_seed(5)
    first = state(program.make())
    assert not equal(first, state(program.make()))
    torch.manual_seed(5)
    assert equal(first, state(program.make()))


def test_weights_are_those_that_the_source_makes_elsewhere() -> None:
    program = compile_document(classifier())
    space: dict[str, type[nn.Module]] = {}
    exec(compile(program.source, "elsewhere", "exec"), space)  # noqa: S102  the generated source
    torch.manual_seed(3)
    elsewhere = space[program.class_name]()
    assert equal(state(elsewhere), state(program.make(seed=3)))
    assert torch.equal(elsewhere(IMAGE), program.make(seed=3)(IMAGE))


def test_the_state_keeps_its_names_when_something_else_is_edited() -> None:
    document = classifier()
    before = set(compile_document(document).make().state_dict())
    document.apply(SetParameter("conv2d_1", "channels", 9))
    net = Builder("Other")
    assert set(compile_document(document).make().state_dict()) == before == {
        "conv2d_1.weight", "conv2d_1.bias", "linear_1.weight", "linear_1.bias",
    }  # fmt: skip
    assert net.document is not document


def test_what_a_program_says_of_itself() -> None:
    program = compile_document(classifier())
    assert (program.inputs, program.outputs) == (("image",), ("logits",))
    assert {name: str(spec) for name, spec in program.specs.items()} == {"image": "N×1×8×8", "logits": "N×3"}
    assert program.attributes == {"conv2d_1": ("conv2d_1",), "linear_1": ("linear_1",)}
    net = Builder("Skip")
    x = net.input("x", 3, 8, 8)
    net.output(net.add("residual", x, net.add("conv2d", x, channels=4)))
    assert compile_document(net.document).attributes["residual_1"] == (
        "residual_1_projection",
        "residual_1_projection_norm",
    )


def test_results_keep_their_places_when_what_lies_before_them_is_drawn_otherwise() -> None:
    net = Builder("Two results")
    x = net.input("x", 4)
    first, second = net.add("linear", x, features=2), net.add("relu", x)
    net.output(net.add("tanh", first), "first")
    net.output(second, "second")
    before = compile_document(net.document).outputs
    net.document.apply(make_composite(net.document, "main", ["linear_1", "tanh_1"], "zoom"))
    assert compile_document(net.document).outputs == before == ("first", "second")


def test_what_only_a_bypassed_loss_needs_is_not_made() -> None:
    net = Builder("Two heads")
    x = net.input("x", 4)
    net.output(net.add("linear", x, features=2))
    head = net.add("linear", x, features=3)
    net.add("mean_squared_error", head, head)
    document = net.document
    assert set(compile_document(document).attributes) == {"linear_1", "linear_2"}
    document.apply(SetNode("mean_squared_error_1", "bypassed", value=True))
    program = compile_document(document)
    assert set(program.attributes) == {"linear_1"}
    made = sum(parameter.numel() for parameter in program.make().parameters())
    assert made == Checker().check(document).total.params == 4 * 2 + 2


def test_a_document_with_errors_is_refused_with_them() -> None:
    document = classifier()
    document.apply(SetParameter("conv2d_1", "channels", 0))
    document.apply(SetParameter("input_2", "name", "image"))
    with pytest.raises(CompileError) as caught:
        compile_document(document)
    assert str(caught.value) == "conv2d_1: Channels must be a whole number ≥ 1; got 0. (1 more)"
    assert [problem.node for problem in caught.value.problems] == ["conv2d_1", "input_2"]


def test_a_document_without_output_or_without_anything_is_refused() -> None:
    with pytest.raises(CompileError, match="The drawing is empty"):
        compile_document(Document())
    document = classifier()
    document.apply(RemoveNodes(("output_1",)))
    with pytest.raises(CompileError, match="no Output node"):
        compile_document(document)


def test_a_check_of_an_older_revision_is_not_used() -> None:
    document = classifier()
    old = Checker().check(document)
    document.apply(SetParameter("conv2d_1", "channels", 7))
    assert compile_document(document, old).make()(IMAGE).shape == (5, 3)
    assert "nn.Conv2d(1, 7, 3" in compile_document(document, old).source


def test_a_program_does_not_follow_later_edits() -> None:
    document = classifier()
    program = compile_document(document)
    document.apply(RemoveNodes(("conv2d_1", "flatten_1")))
    assert program.function([("relu_1", "y")])(program.make(), image=IMAGE)[0].shape == (5, 4, 8, 8)


class Boom(Exception):
    """Raised by a module on purpose."""


def explode(*_: object) -> None:
    raise Boom


def provoked(run: Callable[[], object]) -> BaseException:
    with pytest.raises((Boom, RuntimeError, TypeError)) as caught:
        run()
    return caught.value


@pytest.mark.parametrize("seed", range(0, len(FIXED), 3))
def test_an_error_in_any_module_leads_to_its_node(seed: int) -> None:
    """Each module fails in turn: as part of forward, and where its value alone is asked for."""
    document = drawn(FIXED[seed])
    program = compile_document(document)
    network, inputs = program.make(seed=0).eval(), random_inputs(program, document)
    forward = {node for nodes in program.lines.values() for node in nodes}
    for node, paths in program.attributes.items():
        for path in paths:
            hook = network.get_submodule(path).register_forward_pre_hook(explode)
            compute = program.function([(node, "y")])
            alone = provoked(partial(compute, network, **{name: inputs[name] for name in compute.inputs}))
            assert program.node_at(alone) == node
            if node in forward and not _only_for_loss(document, node):
                error = provoked(lambda: network(*(inputs[name] for name in program.inputs)))
                assert program.node_at(error) == node, path
            hook.remove()


def _only_for_loss(document: Document, node: str) -> bool:
    ends = [each.id for each in document.main if each.block == "output"]
    return node not in document.main.upstream(ends)


def loops() -> Program:
    """Two loops of equal length one after the other, and one without modules."""
    net = Builder("Loops")
    x = net.add("linear", net.input("x", 4), features=4)
    for _ in range(4):
        x = net.add("tanh", net.add("highway", x))
    for _ in range(4):
        x = net.add("layer_norm", net.add("linear", x, features=4))
    for _ in range(4):
        x = net.add("softmax", x)
    net.output(x)
    return compile_document(net.document)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize(("block", "first"), [("highway", 1), ("linear", 2), ("layer_norm", 1)])
def test_an_error_in_a_loop_leads_to_the_node_of_its_turn(block: str, first: int, turn: int) -> None:
    program = loops()
    assert program.source.count("in zip(") == 1
    assert program.source.count("for _ in range(4):") == 1
    network, node = program.make(), f"{block}_{first + turn}"
    network.get_submodule(program.attributes[node][0]).register_forward_pre_hook(explode)
    assert program.node_at(provoked(lambda: network(torch.randn(2, 4)))) == node


@pytest.mark.parametrize(("block", "function"), [("tanh", "torch.tanh"), ("softmax", "torch.nn.functional.softmax")])
@pytest.mark.parametrize("turn", range(4))
def test_an_error_in_a_function_within_a_loop_leads_to_its_turn(
    block: str, function: str, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = loops()
    network, calls, original = program.make(), [0], getattr(torch, "tanh" if block == "tanh" else "softmax")

    def fails_at_its_turn(*arguments: Tensor, **options: int) -> Tensor:
        calls[0] += 1
        if calls[0] == turn + 1:
            raise Boom
        result = original(*arguments, **options)
        assert isinstance(result, Tensor)
        return result

    monkeypatch.setattr(function, fails_at_its_turn)
    assert program.node_at(provoked(lambda: network(torch.randn(2, 4)))) == f"{block}_{turn + 1}"


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("layer", [1, 7, 12])
def test_an_error_in_a_loop_over_many_modules_leads_to_its_turn(layer: int, turn: int) -> None:
    net = Builder("Long turns")
    x = net.add("relu", net.input("point", 4))
    for _ in range(3):
        for at in range(12):
            x = net.add("linear", x, features=4, bias=at % 2 == 0)
        x = net.add("tanh", x)
    net.output(x)
    program = compile_document(net.document)
    assert "for turn in range(3):" in program.source
    assert "x = torch.tanh(self.linear_12[turn](x))" in program.source
    network, node = program.make(), f"linear_{12 * turn + layer}"
    network.get_submodule(program.attributes[node][0]).register_forward_pre_hook(explode)
    assert program.node_at(provoked(lambda: network(torch.randn(2, 4)))) == node


def test_a_wrong_shape_leads_to_the_first_node_that_cannot_take_it() -> None:
    program = compile_document(classifier())
    network = program.make()
    error = provoked(lambda: network(torch.randn(5, 1, 9, 9)))
    assert program.node_at(error) == "linear_1"
    assert program.node_at(provoked(lambda: network(torch.randn(5, 2, 8, 8)))) == "conv2d_1"
    loss = program.function([("cross_entropy_1", "loss")])
    assert program.node_at(provoked(lambda: loss(network, image=IMAGE, label=LABEL.float()))) == "cross_entropy_1"
    through = provoked(lambda: loss(network, image=torch.randn(5, 1, 9, 9), label=LABEL))
    assert program.node_at(through) == "linear_1"


def test_a_place_in_the_source_leads_to_the_node_that_stands_there() -> None:
    net = Builder("Größe")
    x = net.add("conv2d", net.input("größe", 1, 8, 8), channels=2)
    net.output(net.add("relu", net.add("batch_norm", x)))
    program = compile_document(net.document)
    number, line = next(
        (number, line) for number, line in enumerate(program.source.splitlines(), 1) if "return F.relu" in line
    )
    assert line.strip().startswith("return F.relu(self.batch_norm_1(self.conv2d_1(größe)))")
    assert set(program.lines[number]) == {"conv2d_1", "batch_norm_1", "relu_1"}
    for text, node in {"F.relu": "relu_1", "batch_norm_1": "batch_norm_1", "größe": "conv2d_1"}.items():
        assert program.nodes_at(number, line.index(text)) == (node,)
    assert set(program.nodes_at(number, 0)) == set(program.nodes_at(number, len(line))) == set(program.lines[number])
    assert program.nodes_at(1, 5) == ()


def test_an_error_elsewhere_leads_to_no_node() -> None:
    program = compile_document(classifier())
    assert program.node_at(provoked(explode)) is None
    assert program.node_at(ValueError()) is None
    assert program.node_at(provoked(lambda: program.make()(1, 2, 3))) is None


def test_an_error_while_a_loop_is_built_leads_to_the_node_of_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    program, made, original = loops(), [0], nn.LayerNorm.reset_parameters

    def fails_at_the_third(layer: nn.LayerNorm) -> None:
        made[0] += 1
        if made[0] == 3:
            raise Boom
        original(layer)

    monkeypatch.setattr(nn.LayerNorm, "reset_parameters", fails_at_the_third)
    assert program.node_at(provoked(program.make)) == "layer_norm_3"


def test_a_traceback_shows_the_lines_of_the_source() -> None:
    program = compile_document(classifier())
    error = provoked(lambda: program.make()(torch.randn(5, 1, 9, 9)))
    shown = "".join(traceback.format_exception(error))
    assert "return self.linear_1(x)  # (N, 3)" in shown
    assert linecache.getlines(program.file) == program.source.splitlines(keepends=True)
    compute = program.function([("cross_entropy_1", "loss")])
    error = provoked(lambda: compute(program.make(), image=IMAGE, label=LABEL.float()))
    assert "F.cross_entropy(logits, label)" in "".join(traceback.format_exception(error))


def test_every_line_that_computes_is_in_the_map_and_names_its_node() -> None:
    for numbers in FIXED[:10]:
        document = drawn(numbers)
        program = compile_document(document)
        lines = program.source.splitlines()
        start = _forward(lines)
        for at in range(start + 2, len(lines) + 1):
            text = lines[at - 1].strip()
            assert at in program.lines or text.startswith(("return ", "):")), text
        for line, nodes in program.lines.items():
            for node in nodes if line > start else ():
                called = [path.partition(".")[0] for path in program.attributes.get(node, ())]
                assert not called or any(name in lines[line - 1] for name in called), (lines[line - 1], node)


def _forward(lines: list[str]) -> int:
    """Where the forward of the last class begins."""
    return max(at for at, line in enumerate(lines) if line.startswith("    def forward(self, "))
