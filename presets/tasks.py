"""More than one thing to learn: at once, one built on another, and one after another."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import (
    Binding,
    Judgement,
    Optimiser,
    Part,
    Penalty,
    Plan,
    Schedule,
    Stage,
    Update,
    WeightedLoss,
)
from graph_engine.document.builder import Builder
from presets.preset import preset


@preset(
    title="Regression",
    family="Tasks",
    size=4_929,
    data="friedman",
    reference=Reference("Friedman", 1991, "Multivariate adaptive regression splines"),
)
def regression(hidden: Annotated[int, Param("Hidden", "Units of each hidden layer.", ge=1)] = 64) -> Builder:
    """A curved function of ten numbers, five of which matter; its noise leaves a mean squared error of 1 at least."""
    update = Update(
        optimiser=Optimiser(kind="adamw", learning_rate=5e-3, weight_decay=0.01, decays="kernels"),
        schedule=Schedule(kind="cosine"),
    )
    net = Builder(
        "Regression",
        plan=Plan(stages=(Stage(updates=(update,), epochs=40),), batch_size=64),
        binding=Binding(dataset="friedman"),
    )
    x, y = net.input("x", 10), net.input("y", 1)
    for _ in range(2):
        x = net.add("gelu", net.add("linear", x, features=hidden))
    x = net.add("linear", x, features=1)
    net.output(x, "prediction")
    net.add("mean_squared_error", x, y)
    net.add("r2", x, y)
    return net


@preset(
    title="Multi-task network",
    family="Tasks",
    size=17_485,
    data="digit_tasks",
    reference=Reference("Caruana", 1997, "Multitask learning"),
)
def multi_task(width: Annotated[int, Param("Width", "Units of the shared layer.", ge=1)] = 64) -> Builder:
    """One body and three heads: which digit, whether it is odd, and how much ink it took, their losses weighed."""
    losses = (
        WeightedLoss(node="cross_entropy_1"),
        WeightedLoss(node="cross_entropy_2", weight=0.5),
        WeightedLoss(node="mean_squared_error_1", weight=10.0),
    )
    update = Update(
        losses=losses, optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle")
    )
    net = Builder(
        "Multi-task network",
        plan=Plan(stages=(Stage(updates=(update,), epochs=25),), batch_size=32),
        binding=Binding(dataset="digit_tasks"),
    )
    image, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    odd, ink = net.input("odd", classes=2, label=True), net.input("ink", 1)
    x = net.add("relu", net.add("batch_norm", net.add("conv2d", image, channels=16)))
    x = net.add("relu", net.add("linear", net.add("flatten", net.add("max_pool2d", x)), features=width))
    digit = net.add("linear", x, features=10, title="Which digit")
    parity = net.add("linear", x, features=2, title="Whether it is odd")
    amount = net.add("linear", x, features=1, title="How much ink")
    for head, name in ((digit, "digit"), (parity, "odd"), (amount, "ink")):
        net.output(head, name)
    net.add("cross_entropy", digit, label)
    net.add("cross_entropy", parity, odd)
    net.add("mean_squared_error", amount, ink)
    net.add("accuracy", digit, label, title="Accuracy of the digit")
    net.add("accuracy", parity, odd, title="Accuracy of odd or even")
    net.add("r2", amount, ink)
    return net


@preset(
    title="Transfer learning",
    family="Tasks",
    size=13_802,
    reference=Reference(
        "Yosinski, Clune, Bengio, Lipson", 2014, "How transferable are features in deep neural networks?"
    ),
)
def transfer(
    pretrained: Annotated[
        bool,
        Param("Pretrained", "Off: the same network learns the second task with the body as it was drawn at random."),
    ] = True,
) -> Builder:
    """A body learns to tell 0 to 4 apart; then it is frozen, and a new head on it learns 5 to 9."""
    adam = Optimiser(kind="adam", learning_rate=3e-3)
    first = Update(trains=("#body", "#head"), optimiser=adam, schedule=Schedule(kind="one_cycle"))
    second = Update(trains=("#head",), freezes=("#body",), optimiser=adam, schedule=Schedule(kind="one_cycle"))
    stages = (
        Stage(name="body", updates=(first,), epochs=15, data=Part(values=(0, 1, 2, 3, 4))),
        Stage(name="new head", updates=(second,), epochs=40, data=Part(values=(5, 6, 7, 8, 9)), resets=("#head",)),
    )
    net = Builder(
        "Transfer learning" if pretrained else "Head on a random body",
        plan=Plan(stages=stages if pretrained else stages[1:], batch_size=32),
        binding=Binding(dataset="digits"),
    )
    x, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    for channels in (16, 32):
        x = net.add("conv2d", x, channels=channels, tags=("body",))
        x = net.add("max_pool2d", net.add("relu", net.add("batch_norm", x, tags=("body",))))
    x = net.add("relu", net.add("linear", net.add("flatten", x), features=64, tags=("body",)))
    net.classify(net.add("linear", x, features=10, tags=("head",)), label)
    return net


@preset(
    title="Continual learning",
    family="Tasks",
    size=26_122,
    data="permuted_digits",
    reference=Reference(
        "Kirkpatrick et al.",
        2017,
        "Overcoming catastrophic forgetting in neural networks",
    ),
)
def continual(
    elastic: Annotated[
        bool, Param("Elastic", "Off: the second task is learned plainly, and the first forgotten.")
    ] = True,
) -> Builder:
    """First the digits, then the digits with their pixels exchanged, by the same weights.

    What the first task depends on is held by elastic weight consolidation while the second is learned.
    """
    sgd = Optimiser(kind="adam", learning_rate=1e-3)
    penalties = (Penalty(kind="ewc", weight=2000.0, stage="first", samples=500),) if elastic else ()
    first = Update(losses=(WeightedLoss(node="cross_entropy_1"),), optimiser=sgd)
    second = Update(losses=(WeightedLoss(node="cross_entropy_2"),), optimiser=sgd, penalties=penalties)
    plan = Plan(
        stages=(Stage(name="first", updates=(first,), epochs=15), Stage(name="second", updates=(second,), epochs=15)),
        batch_size=32,
        judge=Judgement(name="loss"),
    )
    net = Builder(
        "Continual learning" if elastic else "Forgetting", plan=plan, binding=Binding(dataset="permuted_digits")
    )
    body = net.composite("network", "Network", help="Scores for ten digits.")
    x = body.input("image", 1, 8, 8)
    x = body.add("flatten", x)
    for _ in range(2):
        x = body.add("relu", body.add("linear", x, features=128))
    body.output(body.add("linear", x, features=10), "scores")

    image, permuted = net.input("image", 1, 8, 8), net.input("permuted", 1, 8, 8)
    label = net.input("label", classes=10, label=True)
    one = net.add("@network", image, title="On the digits")
    other = net.add("@network", permuted, title="On exchanged pixels", shares=one)
    net.output(one)
    net.add("cross_entropy", one, label, title="First task")
    net.add("cross_entropy", other, label, title="Second task")
    net.add("accuracy", one, label, title="Accuracy of the first task")
    net.add("accuracy", other, label, title="Accuracy of the second task")
    return net
