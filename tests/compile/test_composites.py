"""Composites as source: one class for uses alike, arguments for what differs, loops for turns and steps."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.compile.program import Program
from graph_engine.document import SetNode, SetParameter
from graph_engine.document.builder import Builder, Port


def residual_net(depth: int = 3) -> Builder:
    """Three stages of bottlenecks, the first of each with a projection: 9·depth + 2 layers."""
    net = Builder("Deep")
    block = net.composite("bottleneck", "Bottleneck", paper="He, Zhang, Ren, Sun (2016).")
    width, stride = block.expose("width", 64), block.expose("stride", 1)
    x = block.input("x", 64, 8, 8)
    y = block.add("relu", block.add("batch_norm", block.add("conv2d", x, channels=width, kernel=1, bias=False)))
    y = block.add("conv2d", y, channels=width, stride=stride, bias=False)
    y = block.add("relu", block.add("batch_norm", y))
    y = block.add("batch_norm", block.add("conv2d", y, channels="=width * 4", kernel=1, bias=False))
    block.output(block.add("residual", x, y), "y")
    stage = net.composite("stage", "Stage")
    width, count, stride = stage.expose("width", 64), stage.expose("depth", 3), stage.expose("stride", 2)
    x = stage.add("@bottleneck", stage.input("x", 64, 8, 8), width=width, stride=stride)
    stage.output(stage.add("@bottleneck", x, width=width, times="=depth - 1"), "y")
    assert count == "=depth"
    x = net.add("conv2d", net.input("image", 3, 32, 32), channels=16, bias=False)
    x = net.add("relu", net.add("batch_norm", x))
    x = net.add("@stage", x, width=16, depth=depth, stride=1)
    x = net.add("@stage", x, width=32, depth=depth)
    x = net.add("@stage", x, width=64, depth=depth)
    net.output(net.add("linear", net.add("global_avg_pool", x), features=10))
    return net


def flat_residual_net(depth: int = 3) -> Builder:
    """The same without composites."""
    net = Builder("Flat")
    x = net.add("conv2d", net.input("image", 3, 32, 32), channels=16, bias=False)
    x = net.add("relu", net.add("batch_norm", x))
    for width, turn in itertools.product((16, 32, 64), range(depth)):
        stride = 2 if turn == 0 and width > 16 else 1
        y = net.add("relu", net.add("batch_norm", net.add("conv2d", x, channels=width, kernel=1, bias=False)))
        y = net.add("conv2d", y, channels=width, stride=stride, bias=False)
        y = net.add("relu", net.add("batch_norm", y))
        y = net.add("batch_norm", net.add("conv2d", y, channels=width * 4, kernel=1, bias=False))
        x = net.add("residual", x, y)
    net.output(net.add("linear", net.add("global_avg_pool", x), features=10))
    return net


def with_weights_of(network: nn.Module, other: nn.Module) -> nn.Module:
    """`network` with the weights of `other`, which has equal ones in the same order of use."""
    ours, theirs = network.state_dict(), other.state_dict()
    assert [value.shape for value in ours.values()] == [value.shape for value in theirs.values()]
    network.load_state_dict(dict(zip(ours, theirs.values(), strict=True)))
    return network


def test_uses_alike_share_a_class_and_what_differs_is_an_argument() -> None:
    program = compile_document(residual_net().document)
    source = program.source
    assert source.count("class ") == 3, "bottleneck with and without projection is one, stage, network"
    assert "def __init__(self, in_channels: int, width: int = 64, stride: int = 1) -> None:" in source
    assert "self.conv2d_3 = nn.Conv2d(width, width * 4, 1, bias=False)" in source
    assert "nn.Sequential(*(Bottleneck(width * 4, width=width) for _ in range(depth - 1)))" in source
    assert "projected = stride != 1 or in_channels != width * 4" in source
    assert "self.residual_1_projection_norm = nn.BatchNorm2d(width * 4) if projected else nn.Identity()" in source
    assert "self.stage_1 = Stage(16, width=16, stride=1)" in source
    assert "self.stage_2 = Stage(64, width=32)" in source
    assert "self.stage_3 = Stage(128)" in source
    assert "He, Zhang, Ren, Sun (2016)." in source


def test_composites_compute_what_the_flat_drawing_computes() -> None:
    folded = compile_document(residual_net().document).make(0).eval()
    flat = with_order_of_use(compile_document(flat_residual_net().document).make(0).eval(), folded)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(folded(x), flat(x))


def with_order_of_use(flat: nn.Module, folded: nn.Module) -> nn.Module:
    """`flat` with the weights of `folded`, matched by the order in which a forward calls the layers."""
    called: dict[str, list[nn.Module]] = {"flat": [], "folded": []}
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
    hooks = [
        module.register_forward_hook(lambda module, _, __, name=name: called[name].append(module))
        for name, network in (("flat", flat), ("folded", folded))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    x = torch.randn(2, 3, 32, 32)
    flat(x), folded(x)
    for hook in hooks:
        hook.remove()
    for ours, theirs in zip(called["flat"], called["folded"], strict=True):
        ours.load_state_dict(theirs.state_dict())
    return flat


def test_the_flat_drawing_costs_the_same() -> None:
    one, other = (Checker().check(net.document).total for net in (residual_net(), flat_residual_net()))
    assert (one.params, one.macs, one.buffers) == (other.params, other.macs, other.buffers)
    network = compile_document(residual_net().document).make(0)
    assert sum(weight.numel() for weight in network.parameters()) == one.params


def test_a_thousand_layers_are_less_than_a_hundred_lines() -> None:
    document = residual_net(111).document
    program = compile_document(document)
    assert len(program.source.splitlines()) < 100, program.source
    convolutions = [each for each in program.make(0).modules() if isinstance(each, nn.Conv2d)]
    assert len(convolutions) == 3 * 111 * 3 + 1 + 3


def test_what_is_not_projected_has_no_weights_for_it() -> None:
    program = compile_document(residual_net().document)
    network = program.make(0)
    first, second = (network.get_submodule(f"stage_2.bottleneck_{each}") for each in ("1", "2.0"))
    assert isinstance(first.residual_1_projection, nn.Conv2d)
    assert isinstance(second.residual_1_projection, nn.Identity)
    assert not [name for name in network.state_dict() if "bottleneck_2" in name and "projection" in name]


def test_a_projection_that_no_rule_explains_is_an_argument() -> None:
    """What skips has as many features as come out, by chance, in one of the uses: no name tells which."""
    net = Builder("By chance")
    part = net.composite("part", "Part")
    x, y = part.input("x", 6), part.input("y", 6)
    skip = part.add("linear", x, features=7)
    part.output(part.add("residual", skip, y), "y")
    x = net.input("x", 6)
    one = net.add("@part", x, net.input("first", 7))
    net.output(net.add("@part", x, net.input("second", 5)), "other")
    net.output(one, "one")
    program = compile_document(net.document)
    assert program.source.count("class Part") == 1
    assert "projected: bool" in program.source
    network = program.make(0)
    x, first, second = torch.randn(3, 6), torch.randn(3, 7), torch.randn(3, 5)
    results = dict(zip(program.outputs, network(x=x, first=first, second=second), strict=True))
    plain, projected = network.part_1, network.part_2
    assert torch.equal(results["one"], torch.relu(first + plain.linear_1(x)))
    wanted = torch.relu(second + projected.residual_1_projection(projected.linear_1(x)))
    assert torch.equal(results["other"], wanted)


def test_gates_are_called_what_the_drawing_calls_them() -> None:
    net = Builder("Gated")
    cell = net.composite("cell", "Cell")
    x, c = cell.input("x", 4), cell.input("c", 4)
    keep = cell.add("sigmoid", cell.add("linear", x, features=4), title="Forget gate")
    new = cell.add("tanh", cell.add("linear", x, features=4), title="Candidate")
    cell.output(cell.add("add", cell.add("multiply", keep, c), new), "c")
    net.output(net.add("@cell", net.input("x", "T", 4), over_time=True))
    source = compile_document(net.document).source
    assert (
        """
        forget_gate = torch.sigmoid(self.linear_1(x))  # (N, 4)
        y = forget_gate * c
        candidate = torch.tanh(self.linear_2(x))
        return y + candidate
"""
        in source
    )


def test_states_begin_with_zeros_that_can_be_reckoned_with_also_where_tokens_come() -> None:
    net = Builder("Reader")
    cell = net.composite("cell", "Cell")
    word = cell.add("embedding", cell.input("word", classes=7, label=True), vocabulary=7, features=3)
    h = cell.input("h", 3)
    new = cell.add("tanh", cell.add("add", word, cell.add("linear", h, features=3)))
    cell.output(new, "y")
    cell.output(new, "h")
    net.output(net.add("@cell", net.input("words", "T", classes=7, tokens=True), over_time=True))
    program = compile_document(net.document)
    network = program.make(0)
    words = torch.tensor([[1, 4, 2], [0, 6, 6]])
    state = torch.zeros(2, 3)
    for step in range(3):
        read = network.cell_1.embedding_1(words[:, step])
        state = torch.tanh(read + network.cell_1.linear_1(state))
    torch.testing.assert_close(network(words)[:, -1], state)
    assert "h = torch.zeros(words.shape[0], 3, device=words.device)" in program.source


def test_growth_is_written_as_a_rule() -> None:
    net = Builder("Dense")
    layer = net.composite("dense_layer", "Dense layer")
    growth = layer.expose("growth", 12)
    x = layer.input("x", 24, 8, 8)
    y = layer.add("conv2d", layer.add("relu", layer.add("batch_norm", x)), channels=growth, bias=False)
    layer.output(layer.add("concat", x, y), "y")
    half = net.composite("transition", "Transition")
    y = half.add("conv2d", half.input("x", 24, 8, 8), channels="=in_channels // 2", kernel=1)
    half.output(half.add("avg_pool2d", y), "y")
    x = net.add("conv2d", net.input("image", 3, 16, 16), channels=24)
    x = net.add("@transition", net.add("@dense_layer", x, times=4))
    x = net.add("@transition", net.add("@dense_layer", x, times=3, growth=8))
    net.output(x)
    program = compile_document(net.document)
    assert "nn.Sequential(*(DenseLayer(24 + 12 * i) for i in range(4)))" in program.source
    assert "nn.Sequential(*(DenseLayer(36 + 8 * i, growth=8) for i in range(3)))" in program.source
    assert "nn.Conv2d(in_channels, in_channels // 2, 1)" in program.source
    assert program.make(0)(torch.randn(2, 3, 16, 16)).shape == (2, 30, 4, 4)


def drawn_lstm(hidden: int = 6) -> Builder:
    """An LSTM drawn from its gates (Hochreiter, Schmidhuber, 1997; Gers, Schmidhuber, Cummins, 2000)."""
    net = Builder("Drawn LSTM")
    cell = net.composite("lstm_cell", "LSTM cell")
    size = cell.expose("hidden", 8)
    x, h, c = cell.input("x", 5), cell.input("h", size), cell.input("c", size)

    def gate(activation: str) -> Port:
        both = cell.add("add", cell.add("linear", x, features=size), cell.add("linear", h, features=size))
        return cell.add(activation, both)

    enter, forget, leave, new = gate("sigmoid"), gate("sigmoid"), gate("sigmoid"), gate("tanh")
    state = cell.add("add", cell.add("multiply", forget, c), cell.add("multiply", enter, new))
    out = cell.add("multiply", leave, cell.add("tanh", state))
    cell.output(out, "y")
    cell.output(out, "h")
    cell.output(state, "c")
    y = net.add("@lstm_cell", net.input("x", "T", 5), over_time=True, hidden=hidden)
    net.output(y, "y")
    net.output(y.other("c"), "last")
    return net


def test_an_lstm_drawn_from_gates_is_that_of_torch() -> None:
    program = compile_document(drawn_lstm().document)
    network, theirs = program.make(0), nn.LSTM(5, 6, batch_first=True)
    with torch.no_grad():
        for at, (enters, state) in enumerate([(1, 2), (3, 4), (7, 8), (5, 6)]):  # torch: input, forget, cell, output
            rows = slice(6 * at, 6 * at + 6)
            ours, ours_of_state = (network.get_submodule(f"lstm_cell_1.linear_{each}") for each in (enters, state))
            theirs.weight_ih_l0[rows], theirs.bias_ih_l0[rows] = ours.weight, ours.bias
            theirs.weight_hh_l0[rows], theirs.bias_hh_l0[rows] = ours_of_state.weight, ours_of_state.bias
    x = torch.randn(3, 9, 5)
    (y, last), (wanted, (_, state)) = network(x), theirs(x)
    torch.testing.assert_close(y, wanted)
    torch.testing.assert_close(last, state[0])
    assert "for x_t in x.unbind(1):" in program.source
    assert "self.linear_2 = nn.Linear(hidden, hidden)" in program.source


def test_shared_weights_are_one_attribute() -> None:
    net = Builder("Siamese")
    tower = net.composite("tower", "Tower")
    tower.output(tower.add("linear", tower.add("flatten", tower.input("image", 1, 8, 8)), features=4), "y")
    one = net.add("@tower", net.input("first", 1, 8, 8))
    other = net.add("@tower", net.input("second", 1, 8, 8), shares=one)
    net.output(net.add("subtract", one, other))
    program = compile_document(net.document)
    network = program.make(0)
    assert program.source.count("= Tower()") == 1
    assert sum(weight.numel() for weight in network.parameters()) == 64 * 4 + 4
    assert Checker().check(net.document).total.params == 64 * 4 + 4
    x = torch.randn(2, 1, 8, 8)
    assert torch.equal(network(x, x), torch.zeros(2, 4))


def test_weights_that_do_not_fit_are_not_shared() -> None:
    net = Builder("Other sizes")
    one = net.add("linear", net.input("first", 5), features=4)
    other = net.add("linear", net.input("second", 6), features=4, shares=one)
    net.output(net.add("add", one, other))
    (problem,) = Checker().check(net.document).errors
    assert problem.node == other.node
    assert "N×6 arrives here, N×5 there" in problem.message


def test_a_bypassed_node_lets_through_what_enters() -> None:
    net = Builder("Bypass")
    x = net.add("linear", net.input("x", 5), features=5)
    net.output(net.add("relu", x))
    net.document.apply(SetNode("relu_1", "bypassed", value=True))
    program = compile_document(net.document)
    assert "relu" not in program.source
    network = program.make(0)
    given = torch.randn(3, 5)
    assert torch.equal(network(given), network.linear_1(given))


@pytest.mark.parametrize(
    ("block", "ports"), [("residual", ("x", "f")), ("dot_attention", ("query", "memory")), ("add", ("xs.0", "xs.1"))]
)
def test_a_bypassed_node_lets_through_what_enters_at_the_first_of_its_inputs(
    block: str, ports: tuple[str, str]
) -> None:
    """As they are declared, and not by the names that they have."""
    net = Builder("Bypass")
    first = net.add("layer_norm", net.input("first", 4, 4))
    node = net.add(block, first, net.add("linear", net.input("second", 4, 4), features=4))
    net.output(node)
    assert tuple(net.graph.wires_into(node.node)) == tuple(sorted(ports))
    net.document.apply(SetNode(node.node, "bypassed", value=True))
    result = Checker().check(net.document)
    network = compile_document(net.document, result).make(0)
    assert result.total.params == sum(each.numel() for each in network.parameters()) == 8, (
        "the linear layer is needless"
    )
    given = torch.randn(3, 4, 4)
    assert torch.equal(network(given), network.layer_norm_1(given))


def test_weights_can_be_those_of_a_node_that_nothing_else_needs() -> None:
    net = Builder("Lent")
    x = net.input("x", 5)
    lender = net.add("linear", x, features=5)
    net.output(net.add("linear", x, features=5, shares=lender))
    result = Checker().check(net.document)
    assert result.problems == tuple(each for each in result.problems if each.node is None), "the lender is of use"
    network = compile_document(net.document, result).make(0)
    assert result.total.params == result.total.trainable == sum(each.numel() for each in network.parameters()) == 30
    assert result.total.macs == 25
    assert list(network.state_dict()) == ["linear_1.weight", "linear_1.bias"]


def test_what_lends_its_weights_must_be_whole() -> None:
    net = Builder("Lent")
    lender = net.add("linear", None, features=5)
    net.output(net.add("linear", net.input("x", 5), features=5, shares=lender))
    (problem,) = Checker().check(net.document).errors
    assert (problem.node, problem.message) == (lender.node, "Linear needs a wire at x.")


NAMES = ["self", "nn", "torch", "F", "super", "training", "forward", "state_dict", "train", "type", "range", "i", "x_"]


@pytest.mark.parametrize("name", NAMES)
def test_ports_and_states_of_a_composite_may_have_any_name(name: str) -> None:
    net = Builder("Names")
    cell = net.composite("cell")
    x, state = cell.input("x", 6), cell.input(name, 4)
    new = cell.add("tanh", cell.add("add", cell.add("linear", x, features=4), cell.add("linear", state, features=4)))
    cell.output(new, name)
    cell.output(cell.add("relu", new), "y")
    made = net.add("@cell", net.input("s", 5, 6), net.input("start", 4), over_time=True)
    net.output(made, "last")
    net.output(made.other("y"), "all")
    network = compile_document(net.document).make(0)
    s, h = torch.randn(2, 5, 6), torch.randn(2, 4)
    last, every = network(s, h)
    for step in s.unbind(1):
        h = torch.tanh(network.cell_1.linear_1(step) + network.cell_1.linear_2(h))
    assert torch.equal(last, h)
    assert torch.equal(every[:, -1], h.relu())


@pytest.mark.parametrize("name", [each for each in NAMES if each != "F"])
def test_parameters_of_a_composite_may_have_any_name(name: str) -> None:
    """In two uses, so that it is an argument, kept for `forward`, which no switch between training and use changes."""
    net = Builder("Names")
    cell = net.composite("cell")
    cell.expose(name, 3)
    y = cell.add("linear", cell.input("x", 4), features=f"={name} * 2")
    y = cell.add("flatten", cell.add("reshape", y, shape=[f"={name}", 2]))
    cell.output(cell.add("scale", y, factor=f"={name} / 2"), "y")
    x = net.input("x", 4)
    for at, value in enumerate((5, 2)):
        made = net.add("@cell", x)
        net.document.apply(SetParameter(made.node, name, value))
        net.output(made, f"y_{at}")
    program = compile_document(net.document)
    network, given = program.make(0), torch.randn(3, 4)
    assert program.source.count("class ") == 2
    for mode in (True, False):
        network.train(mode)
        assert network.cell_1.training is mode
        one, other = network(given)
        assert torch.equal(one, network.cell_1.linear_1(given) * 2.5)
        assert torch.equal(other, network.cell_2.linear_1(given) * 1.0)


def test_turns_with_a_further_input_are_a_loop() -> None:
    net = Builder("Memory")
    hop = net.composite("hop", "Hop")
    x, memory = hop.input("x", 4), hop.input("memory", 4)
    hop.output(hop.add("add", hop.add("linear", x, features=4), memory), "y")
    x, memory = net.input("x", 4), net.input("memory", 4)
    net.output(net.add("@hop", x, memory, times=3))
    program = compile_document(net.document)
    assert "nn.ModuleList(Hop(4) for _ in range(3))" in program.source
    network = program.make(0)
    given, kept = torch.randn(2, 4), torch.randn(2, 4)
    wanted = given
    for layer in network.hop_1:
        wanted = layer.linear_1(wanted) + kept
    assert torch.equal(network(given, kept), wanted)


@pytest.fixture
def deep() -> Program:
    return compile_document(residual_net().document)


def test_a_value_inside_a_composite_can_be_computed(deep: Program) -> None:
    network = deep.make(0).eval()
    targets = [("stage_1/bottleneck_2.1/conv2d_2", "y"), ("stage_2/bottleneck_1/relu_1", "y")]
    seen: list[torch.Tensor] = []
    network.get_submodule("stage_1.bottleneck_2.1.conv2d_2").register_forward_hook(lambda _, __, out: seen.append(out))
    x = torch.randn(2, 3, 32, 32)
    first, second = deep.function(targets)(network, image=x)
    network(x)
    assert torch.equal(first, seen[0])
    assert second.shape == (2, 32, 32, 32)
    assert (second >= 0).all()


def test_the_paths_of_a_node_inside_are_those_of_all_its_uses(deep: Program) -> None:
    paths = deep.paths_in("bottleneck", "conv2d_1")
    assert len(paths) == len(set(paths)) == 9
    network = deep.make(0)
    assert all(isinstance(network.get_submodule(path), nn.Conv2d) for path in paths)


def test_a_traceback_leads_to_the_node_inside(deep: Program) -> None:
    network = deep.make(0)
    network.get_submodule("stage_2.bottleneck_1").conv2d_2 = nn.Conv2d(1, 1, 1)
    with pytest.raises(RuntimeError) as caught:
        network(torch.randn(2, 3, 32, 32))
    assert deep.node_at(caught.value) == "bottleneck:conv2d_2"
