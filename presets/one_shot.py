"""Networks that learn what is alike, and so tell apart classes that they never saw, from one example each."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import preset

_CODE = Param("Code", "How many numbers an image becomes.", ge=1)


def _start(title: str, code: int, epochs: int) -> tuple[Builder, Port]:
    """A builder with the encoder as a composite, and the code of the query."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=2e-3), schedule=Schedule(kind="one_cycle"))
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=epochs),),
        batch_size=64,
        judge=Judgement(name="accuracy", better="greater"),
    )
    net = Builder(title, plan=plan, binding=Binding(dataset="few_shot_digits"))
    encoder = net.composite("encoder", "Encoder", help="An image becomes a few numbers; like images, near ones.")
    x = encoder.input("image", 1, 8, 8)
    for channels in (16, 32):
        x = encoder.add("relu", encoder.add("batch_norm", encoder.add("conv2d", x, channels=channels)))
        x = encoder.add("max_pool2d", x)
    encoder.output(encoder.add("linear", encoder.add("flatten", x), features=code), "code")
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
    data="few_shot_digits",
    reference=Reference("Hadsell, Chopra, LeCun", 2006, "Dimensionality reduction by learning an invariant mapping"),
)
def siamese(code: Annotated[int, _CODE] = 16) -> Builder:
    """Two images go through the same network; the same digit is drawn together, different ones apart.

    It is trained on the digits 0 to 6 and judged by which of three examples it finds nearest among 7, 8 and 9.
    """
    net, query = _start("Siamese network", code, epochs=15)
    second = _encode(net, "second", query)
    net.add("contrastive_loss", query, second, net.input("same", classes=2, label=True), margin=2.0)
    _choose(net, query)
    return net


@preset(
    title="Triplet network",
    family="One-shot",
    data="few_shot_digits",
    reference=Reference(
        "Schroff, Kalenichenko, Philbin", 2015, "FaceNet: a unified embedding for face recognition and clustering"
    ),
)
def triplet(code: Annotated[int, _CODE] = 16) -> Builder:
    """Three images go through the same network; the two that are alike must be nearer than the third, by a margin.

    It is trained on the digits 0 to 6 and judged by which of three examples it finds nearest among 7, 8 and 9.
    """
    net, query = _start("Triplet network", code, epochs=15)
    net.add("triplet_loss", query, _encode(net, "positive", query), _encode(net, "negative", query))
    _choose(net, query)
    return net
