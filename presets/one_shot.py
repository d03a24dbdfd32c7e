"""Networks that learn what is alike, and so tell apart classes that they never saw, from one example each."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import preset

_WIDTH = Param("Width", "Channels of the first maps; an image becomes 32 times as many numbers.", ge=1)


def _start(title: str, width: int, epochs: int) -> tuple[Builder, Port]:
    """A builder with the encoder as a composite, and the code of the query.

    The code is the maps themselves: a linear layer after them keeps what tells the seven digits apart that are trained
    on, and is worse at others than the pixels are.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=2e-3), schedule=Schedule(kind="cosine"))
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=epochs),),
        batch_size=64,
        judge=Judgement(name="accuracy", better="greater"),
    )
    net = Builder(title, plan=plan, binding=Binding(dataset="few_shot_digits"))
    encoder = net.composite("encoder", "Encoder", help="An image becomes maps; those of like images are near.")
    x = encoder.input("image", 1, 8, 8)
    x = encoder.add("relu", encoder.add("batch_norm", encoder.add("conv2d", x, channels=width)))
    x = encoder.add("conv2d", encoder.add("max_pool2d", x), channels=2 * width)
    x = encoder.add("flatten", encoder.add("relu", encoder.add("batch_norm", x)))
    encoder.output(encoder.add("dropout", x, probability=0.3), "code")
    return net, net.add("@encoder", net.input("query", 1, 8, 8), title="Code of the query")


def _encode(net: Builder, name: str, query: Port) -> Port:
    """The code of another image, by the same weights."""
    return net.add("@encoder", net.input(name, 1, 8, 8), title=f"Code of {name}", shares=query)


def _choose(net: Builder, query: Port) -> None:
    """The nearest of three supports is the answer."""
    distances = [net.add("distance", query, _encode(net, f"support_{way}", query)) for way in (1, 2, 3)]
    scores = net.add("scale", net.add("concat", *distances), factor=-1.0)
    net.output(scores, "nearness")
    net.add("accuracy", scores, net.input("answer", classes=3, label=True), title="One-shot accuracy")


@preset(
    title="Siamese network",
    family="One-shot",
    size=4_896,
    data="few_shot_digits",
    reference=Reference("Hadsell, Chopra, LeCun", 2006, "Dimensionality reduction by learning an invariant mapping"),
)
def siamese(width: Annotated[int, _WIDTH] = 16) -> Builder:
    """Two images go through the same network; the same digit is drawn together, different ones apart.

    It is trained on the digits 0 to 6 and judged by which of three examples it finds nearest among 7, 8 and 9.
    """
    net, query = _start("Siamese network", width, epochs=8)
    second = _encode(net, "second", query)
    net.add("contrastive_loss", query, second, net.input("same", classes=2, label=True), margin=10.0)
    _choose(net, query)
    return net


@preset(
    title="Triplet network",
    family="One-shot",
    size=4_896,
    data="few_shot_digits",
    reference=Reference(
        "Schroff, Kalenichenko, Philbin", 2015, "FaceNet: a unified embedding for face recognition and clustering"
    ),
)
def triplet(width: Annotated[int, _WIDTH] = 16) -> Builder:
    """Three images go through the same network; the two that are alike must be nearer than the third, by a margin.

    It is trained on the digits 0 to 6 and judged by which of three examples it finds nearest among 7, 8 and 9.
    """
    net, query = _start("Triplet network", width, epochs=8)
    net.add("triplet_loss", query, _encode(net, "positive", query), _encode(net, "negative", query))
    _choose(net, query)
    return net
