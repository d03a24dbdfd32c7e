"""A small network that learns from a large one: by its beliefs, or first by what it sees inside."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser, Part, Plan, Schedule, Stage, Update, WeightedLoss
from graph_engine.document.builder import Builder, Port
from presets.preset import preset

_ADAM = Optimiser(kind="adam", learning_rate=3e-3)
_ONE_CYCLE = Schedule(kind="one_cycle")


def _teach(net: Builder, image: Port, label: Port) -> tuple[Port, Port]:
    """A convolutional network with a loss of its own; the maps in its middle and its scores."""
    tags = ("teacher",)
    x = net.add("relu", net.add("batch_norm", net.add("conv2d", image, channels=32, tags=tags), tags=tags))
    x = net.add("max_pool2d", x)
    maps = net.add("relu", net.add("batch_norm", net.add("conv2d", x, channels=64, tags=tags), tags=tags))
    x = net.add("flatten", net.add("max_pool2d", maps))
    scores = net.add("linear", x, features=10, tags=tags, title="Teacher's scores")
    net.add("cross_entropy", scores, label, title="The teacher learns")
    net.add("accuracy", scores, label, title="Teacher's accuracy")
    return maps, scores


def _first(loss: str) -> Stage:
    update = Update(losses=(WeightedLoss(node=loss),), trains=("#teacher",), optimiser=_ADAM, schedule=_ONE_CYCLE)
    return Stage(name="teacher", updates=(update,), epochs=15)


@preset(
    title="Distillation",
    family="Distillation",
    size=23_988,
    data="few_digits",
    reference=Reference("Hinton, Vinyals, Dean", 2015, "Distilling the knowledge in a neural network"),
)
def distillation(
    soft: Annotated[bool, Param("Soft targets", "Off: the same student learns from the labels alone.")] = True,
    hidden: Annotated[int, Param("Hidden", "Units of the student's hidden layer.", ge=1)] = 32,
) -> Builder:
    """A small network sees 150 digits, and what a convolutional network that saw ten times as many believes of each.

    What the teacher believes of the wrong classes says more of a digit than its label, so that a few will do: soft
    targets as a regulariser, as in section 6 of the paper.
    """
    losses = [WeightedLoss(node="cross_entropy_2", weight=0.1 if soft else 1.0)]
    if soft:
        losses.append(WeightedLoss(node="distillation_loss_1", weight=0.9))
    student = Update(
        losses=tuple(losses), trains=("#student",), freezes=("#teacher",), optimiser=_ADAM, schedule=_ONE_CYCLE
    )
    few = Part(values=(1,), field="few")
    stages = (_first("cross_entropy_1"), Stage(name="student", updates=(student,), epochs=200, data=few))
    net = Builder(
        "Distillation" if soft else "Student without a teacher",
        plan=Plan(stages=stages, batch_size=32),
        binding=Binding(dataset="few_digits"),
    )
    image, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    _, teacher = _teach(net, image, label)
    x = net.add("relu", net.add("linear", net.add("flatten", image), features=hidden, tags=("student",)))
    scores = net.add("linear", x, features=10, tags=("student",), title="Student's scores")
    net.output(scores)
    net.add("cross_entropy", scores, label, title="The student learns")
    if soft:
        net.add("distillation_loss", scores, teacher, temperature=8.0)
    net.add("accuracy", scores, label, title="Student's accuracy")
    return net


@preset(
    title="FitNet",
    family="Distillation",
    size=22_848,
    reference=Reference("Romero, Ballas, Kahou, Chassang, Gatta, Bengio", 2015, "FitNets: hints for thin deep nets"),
)
def fitnet(
    width: Annotated[int, Param("Width", "Channels of the student's maps.", ge=1)] = 4,
    depth: Annotated[int, Param("Depth", "Convolutions of the student up to its middle, and after it.", ge=1)] = 3,
) -> Builder:
    """A thin, deep student first learns what its teacher sees in the middle, then what it believes in the end."""
    hint = Update(
        losses=(WeightedLoss(node="mean_squared_error_1"),),
        trains=("#guided", "#regressor"),
        freezes=("#teacher",),
        optimiser=_ADAM,
    )
    losses = (WeightedLoss(node="cross_entropy_2", weight=0.3), WeightedLoss(node="distillation_loss_1", weight=0.7))
    student = Update(
        losses=losses,
        trains=("#guided", "#student"),
        freezes=("#teacher",),
        optimiser=_ADAM,
        schedule=_ONE_CYCLE,
    )
    stages = (
        _first("cross_entropy_1"),
        Stage(name="hint", updates=(hint,), epochs=10),
        Stage(name="distillation", updates=(student,), epochs=25),
    )
    net = Builder("FitNet", plan=Plan(stages=stages, batch_size=32), binding=Binding(dataset="digits"))
    image, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    seen, teacher = _teach(net, image, label)
    x = image
    for layer in range(depth):
        x = net.add("relu", net.add("conv2d", x, channels=width, tags=("guided",)))
        if layer == 0:
            x = net.add("max_pool2d", x)
    regressor = net.add("conv2d", x, channels=64, kernel=1, tags=("regressor",), title="Regressor")
    net.add("mean_squared_error", regressor, net.add("stop_gradient", seen), title="Hint")
    for _ in range(depth):
        x = net.add("relu", net.add("conv2d", x, channels=width, tags=("student",)))
    x = net.add("flatten", net.add("max_pool2d", x))
    scores = net.add("linear", x, features=10, tags=("student",), title="Student's scores")
    net.output(scores)
    net.add("cross_entropy", scores, label, title="The student learns")
    net.add("distillation_loss", scores, teacher, temperature=4.0)
    net.add("accuracy", scores, label, title="Student's accuracy")
    return net
