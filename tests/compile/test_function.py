"""Computations: any values of the graph, running only what they need, through the network where that is all of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from graph_engine.compile import Program, compile_document
from graph_engine.document import AddNodes, Document, Node, Wire
from graph_engine.document.builder import Builder


def classifier() -> Document:
    net = Builder("Classifier")
    x, label = net.input("image", 1, 8, 8), net.input("label", classes=3, label=True)
    x = net.add("relu", net.add("conv2d", x, channels=4))
    x = net.add("linear", net.add("flatten", x), features=3)
    net.classify(x, label)
    return net.document


def two_headed() -> Document:
    """A trunk with an output and, for a loss alone, a head of its own."""
    net = Builder("Two heads")
    x, label = net.input("point", 4), net.input("label", classes=3, label=True)
    trunk = net.add("tanh", net.add("linear", x, features=5))
    net.output(net.add("linear", trunk, features=3), "main")
    net.add("cross_entropy", net.add("linear", trunk, features=3), label)
    net.add("cross_entropy", net.add("batch_norm", net.add("linear", trunk, features=3)), label)
    return net.document


class Calls:
    """Counts how often each module of a network runs."""

    def __init__(self, network: nn.Module) -> None:
        self.of: dict[str, int] = {}
        for name, module in network.named_modules():
            module.register_forward_hook(lambda *_, name=name: self.of.update({name: self.of.get(name, 0) + 1}))


IMAGE, LABEL = torch.randn(5, 1, 8, 8), torch.tensor([0, 1, 2, 0, 1])


def test_a_loss_is_computed_through_the_network_once() -> None:
    program = compile_document(classifier())
    network = program.make(seed=0)
    calls = Calls(network)
    compute = program.function([("cross_entropy_1", "loss"), ("accuracy_1", "accuracy"), ("linear_1", "y")])
    loss, accuracy, logits = compute(network, image=IMAGE, label=LABEL)

    assert compute.inputs == ("image", "label")
    assert "logits = network(image)" in compute.source
    assert calls.of == {"": 1, "conv2d_1": 1, "linear_1": 1}
    assert torch.equal(logits, network(IMAGE))
    torch.testing.assert_close(loss, nn.CrossEntropyLoss()(logits, LABEL))
    assert accuracy.item() == (logits.argmax(1) == LABEL).float().mean().item()
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_an_inner_value_runs_only_what_it_needs() -> None:
    program = compile_document(classifier())
    network = program.make(seed=0)
    caught: dict[str, Tensor] = {}
    network.get_submodule("conv2d_1").register_forward_hook(lambda _, __, out: caught.update(conv=out))
    expected = torch.relu(network.get_submodule("conv2d_1")(IMAGE))
    calls = Calls(network)
    compute = program.function([("relu_1", "y"), ("conv2d_1", "y")])
    relu, conv = compute(network, image=IMAGE)

    assert compute.inputs == ("image",)
    assert calls.of == {"conv2d_1": 1}
    assert torch.equal(conv, caught["conv"])
    assert torch.equal(relu, expected)


def test_inner_values_beside_the_loss_are_those_of_the_same_pass() -> None:
    program = compile_document(classifier())
    network = program.make(seed=0)
    calls = Calls(network)
    loss, maps = program.function([("cross_entropy_1", "loss"), ("conv2d_1", "y")])(network, image=IMAGE, label=LABEL)

    assert calls.of == {"conv2d_1": 1, "linear_1": 1}, "each module once, though the network is not called as a whole"
    logits = network.get_submodule("linear_1")(torch.relu(maps).flatten(1))
    assert torch.equal(loss, nn.functional.cross_entropy(logits, LABEL))


def test_a_head_for_a_loss_alone_is_no_part_of_forward() -> None:
    program = compile_document(two_headed())
    network = program.make(seed=0)
    point, label = torch.randn(4, 4), torch.tensor([0, 1, 2, 0])
    calls = Calls(network)
    network(point)
    assert calls.of == {"": 1, "linear_1": 1, "linear_2": 1}
    (loss,) = program.function([("cross_entropy_1", "loss")])(network, point=point, label=label)
    assert calls.of["linear_3"] == 1
    assert calls.of["linear_2"] == 1, "the output is not needed for this loss"
    assert "linear_4" not in calls.of
    trunk = torch.tanh(network.get_submodule("linear_1")(point))
    assert torch.equal(loss, nn.functional.cross_entropy(network.get_submodule("linear_3")(trunk), label))


def test_for_export_the_head_is_left_out_and_forward_is_the_same() -> None:
    whole, small = compile_document(two_headed()), compile_document(two_headed(), for_export=True)
    point = torch.randn(4, 4)
    network, exported = whole.make(seed=0), small.make(seed=0)
    assert set(whole.attributes) == {"linear_1", "linear_2", "linear_3", "linear_4", "batch_norm_1"}
    assert set(small.attributes) == {"linear_1", "linear_2"}
    assert "linear_3" not in small.source
    exported.load_state_dict({name: network.state_dict()[name] for name in exported.state_dict()})
    assert torch.equal(exported(point), network(point))
    assert "40 parameters" not in small.source
    assert f"{sum(p.numel() for p in exported.parameters())} parameters." in small.source
    assert f"{sum(p.numel() for p in network.parameters())} parameters." in whole.source


def test_several_losses_at_once() -> None:
    program = compile_document(two_headed())
    network = program.make(seed=0)
    inputs = {"point": torch.randn(4, 4), "label": torch.tensor([0, 1, 2, 0])}
    together = program.function([("cross_entropy_1", "loss"), ("cross_entropy_2", "loss"), ("linear_2", "y")])(
        network, **inputs
    )
    alone = [
        program.function([target])(network, **inputs)[0]
        for target in (("cross_entropy_1", "loss"), ("cross_entropy_2", "loss"))
    ]
    assert all(torch.equal(one, other) for one, other in zip(together, alone, strict=False))


def test_an_input_itself_may_be_asked_for() -> None:
    program = compile_document(classifier())
    image, label = program.function([("input_1", "y"), ("input_2", "y")])(program.make(), image=IMAGE, label=LABEL)
    assert image is IMAGE
    assert label is LABEL


def test_two_outputs_of_one_value_and_an_output_of_an_input() -> None:
    document = classifier()
    document.apply(
        AddNodes(
            (
                Node("twin", "output", {"name": "twin"}),
                Node("mask", "input", {"name": "mask", "shape": [2]}),
                Node("through", "output", {"name": "through"}),
            ),
            (Wire("linear_1", "y", "twin", "x"), Wire("mask", "y", "through", "x")),
        )
    )
    program = compile_document(document)
    network, mask = program.make(seed=0), torch.randn(5, 2)
    results = dict(zip(program.outputs, network(image=IMAGE, mask=mask), strict=True))
    assert torch.equal(results["logits"], results["twin"])
    assert results["through"] is mask
    loss = program.function([("cross_entropy_1", "loss")])
    assert set(loss.inputs) >= {"image", "label"}
    (value,) = loss(network, **{name: {"image": IMAGE, "label": LABEL, "mask": mask}[name] for name in loss.inputs})
    assert torch.equal(value, nn.functional.cross_entropy(results["logits"], LABEL))


def test_an_input_that_nothing_uses_is_no_argument() -> None:
    document = classifier()
    document.apply(AddNodes((Node("spare", "input", {"name": "spare"}),)))
    program = compile_document(document)
    assert program.inputs == ("image",)
    assert program.input_nodes == {"input_1": "image", "input_2": "label", "spare": "spare"}
    assert program.make()(IMAGE).shape == (5, 3)


def test_a_network_of_inputs_alone() -> None:
    net = Builder("Through")
    net.output(net.input("x", 3))
    program = compile_document(net.document)
    x = torch.randn(2, 3)
    assert program.make()(x) is x
    assert program.function([("input_1", "y")])(program.make(), x=x) == (x,)


def test_a_node_that_is_no_part_of_the_program_is_told() -> None:
    document = classifier()
    document.apply(
        AddNodes(
            (Node("spare", "linear"), Node("after", "relu")),
            (Wire("flatten_1", "y", "spare", "x"), Wire("spare", "y", "after", "x")),
        )
    )
    program = compile_document(document)
    with pytest.raises(LookupError, match="spare is not part of the program: no output and no loss needs it"):
        program.function([("after", "y")])
    head = compile_document(two_headed(), for_export=True)
    with pytest.raises(LookupError, match="linear_3 is not part of the program"):
        head.function([("cross_entropy_1", "loss")])


def test_the_same_question_is_written_once() -> None:
    program = compile_document(classifier())
    targets = [("relu_1", "y")]
    assert program.function(targets) is program.function(tuple(targets))
    assert program.function(targets) is not program.function(targets, name="look")
    assert "def look(network, image):" in program.function(targets, name="look").source


@pytest.mark.parametrize("training", [True, False])
def test_values_are_those_of_the_networks_mode(training: bool) -> None:
    net = Builder("Dropped")
    net.output(net.add("dropout", net.input("x", 100)))
    program = compile_document(net.document)
    network = program.make().train(training)
    (value,) = program.function([("dropout_1", "y")])(network, x=torch.ones(4, 100))
    assert bool((value == 0).any()) is training


def test_inner_modules_of_a_loop_are_reached_one_by_one() -> None:
    net = Builder("Deep")
    x = net.add("linear", net.input("x", 4), features=4)
    for _ in range(5):
        x = net.add("highway", x)
    net.output(x)
    program: Program = compile_document(net.document)
    network, x_ = program.make(seed=0), torch.randn(3, 4)
    assert "for highway_1 in self.highway_1:" in program.source
    assert program.attributes["highway_3"] == ("highway_1.2",)
    (third,) = program.function([("highway_3", "y")])(network, x=x_)
    expected = network.get_submodule("linear_1")(x_)
    for at in range(3):
        expected = network.get_submodule(f"highway_1.{at}")(expected)
    assert torch.equal(third, expected)
