"""Training through composites: what is frozen inside stays, what is shared is trained once, faults are named."""

from __future__ import annotations

import pytest
import torch

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Optimiser, Plan, SetNode, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.train.objectives import objectives_of
from graph_engine.train.updates import ActiveUpdate, frozen_modules


def classifier() -> Builder:
    """Two uses of a composite of two layers, the second three times."""
    plan = Plan(stages=(Stage(updates=(Update(optimiser=Optimiser(kind="sgd", learning_rate=0.1)),), epochs=1),))
    net = Builder("Composites", plan=plan)
    part = net.composite("part", "Part")
    x = part.add("tanh", part.add("linear", part.input("x", 8), features=8))
    part.output(part.add("linear", x, features=8), "y")
    x, label = net.input("x", 8), net.input("label", classes=3, label=True)
    x = net.add("@part", net.add("@part", x), times=3)
    net.classify(net.add("linear", x, features=3), label)
    return net


def an_update(net: Builder) -> tuple[ActiveUpdate, torch.nn.Module]:
    document = net.document
    program = compile_document(document)
    network = program.make(0)
    (objective,) = objectives_of(document, document.plan.stages[0])
    frozen = [weight for module in frozen_modules(network, program, document) for weight in module.parameters()]
    update = document.plan.stages[0].updates[0]
    device = torch.device("cpu")
    return ActiveUpdate(
        update,
        objective,
        document,
        program,
        network,
        document.plan,
        device=device,
        steps=5,
        steps_per_epoch=5,
        frozen=frozen,
    ), network


def test_what_is_frozen_inside_a_composite_stays_in_all_its_uses() -> None:
    net = classifier()
    net.document.apply(SetNode("linear_1", "frozen", value=True, graph="part"))
    update, network = an_update(net)
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    update.step(({"x": torch.randn(16, 8), "label": torch.randint(3, (16,))},), 0)
    moved = {name for name, weight in network.named_parameters() if not torch.equal(weight, before[name])}
    inner = {name for name in before if name.startswith("part_")}
    assert {name for name in inner if ".linear_1." in name} & moved == set()
    assert {name for name in inner if ".linear_2." in name} <= moved
    assert len(inner) == 4 * 4


def test_shared_weights_are_in_the_optimiser_once() -> None:
    net = Builder("Shared", plan=classifier().document.plan)
    x, label = net.input("x", 8), net.input("label", classes=3, label=True)
    one = net.add("linear", x, features=8)
    other = net.add("linear", net.add("tanh", one), features=8, shares=one)
    net.classify(net.add("linear", other, features=3), label)
    update, network = an_update(net)
    assert len(update.parameters) == len(set(update.parameters)) == len(list(network.parameters())) == 4
    assert Checker().check(net.document).total.trainable == sum(each.numel() for each in update.parameters)


@pytest.mark.parametrize("way", ["part_1/linear_2", "part_2.2/tanh_1"])
def test_what_happens_inside_can_be_looked_at(way: str) -> None:
    from graph_engine.probe import feature_maps

    net = classifier()
    program = compile_document(net.document)
    network = program.make(0)
    seen = feature_maps(program, network, [way], {"input_1": torch.randn(4, 8)})
    assert seen[way].shape == (4, 8)
    assert program.paths_of("part_2.2/linear_1") == ("part_2.2.linear_1",)
    assert program.paths_of(way) == (() if "tanh" in way else ("part_1.linear_2",))
