"""From an image to words: Xu et al. (2015). Show, attend and tell."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.data.spelled import ALPHABET, NAME
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import conv_norm
from presets.parts.recurrent import lstm_cell
from presets.preset import Published, preset


@preset(
    title="Show, attend and tell",
    family="Sequence to sequence",
    size=102_065,
    data="spelled_digits",
    reference=Reference(
        "Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel, Bengio",
        2015,
        "Show, attend and tell: neural image caption generation with visual attention",
    ),
    sizes=(
        Published(
            20_483_859,
            "sgrvinod/a-PyTorch-Tutorial-to-Image-Captioning, models.py at cc9c7e2f, the decoder on eleven words",
            2_401_002_496,
            parameters="hidden=512,words=9490,images=features",
        ),
    ),
)
def show_attend_tell(
    hidden: Annotated[int, Param("Hidden", "Length of words, states and of what compares: 512 in use.", ge=2)] = 48,
    words: Annotated[int, Param("Words", "How many words there are; 0: the letters of digits' names.", ge=0)] = 0,
    images: Annotated[
        Literal["digits", "features"],
        Param("Images", "Digits, seen by convolutions, or what the last stage of a ResNet makes of photographs."),
    ] = "digits",
) -> Builder:
    """Says what it sees, word by word, and looks at another part of the image for each.

    Here it spells the digit that it sees. While training it is told the right letter before each; when it is judged, it
    goes on from its own. The average over the places is a product that is counted here, and was not where it is
    published.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=10),),
        batch_size=32,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    net = Builder("Show, attend and tell", plan=plan, binding=Binding(dataset="spelled_digits"))
    words = words or len(ALPHABET)
    maps = 2 * hidden if images == "digits" else 2048
    side = 7 if images == "digits" else 14

    teller = net.composite("teller", "Teller", help="One word: looks at the image, goes on from the last word.")
    told = teller.input("before", classes=words, label=True)
    memory = teller.input("memory", side * side, maps, whole=True)
    own, h, c = teller.input("own", words), teller.input("h", hidden), teller.input("c", hidden)
    word = teller.add("embedding", teller.add("teacher_forcing", told, own), vocabulary=words, features=hidden)
    seen = teller.add(
        "additive_attention", h, memory, features=hidden, bias=True, score_bias=True, activation="relu", title="Where"
    )
    gate = teller.add("sigmoid", teller.add("linear", h, features=maps), title="How much of it")
    seen = teller.add("multiply", gate, seen)
    state = teller.add(lstm_cell.into(teller), teller.add("concat", word, seen), h, c, hidden=hidden)
    scores = teller.add("linear", teller.add("dropout", state), features=words)
    teller.output(scores, "scores")
    teller.output(scores, "own")
    teller.output(state.other("h"), "h")
    teller.output(state.other("c"), "c")

    told = net.input("before", NAME, classes=words, tokens=True)
    said = net.input("name", NAME, classes=words, tokens=True)
    x = _seen(net, net.input("image", 1, 28, 28), hidden) if images == "digits" else net.input("maps", maps, side, side)
    memory = net.add("positions_to_sequence", x)
    mean = net.add("global_avg_pool", x)
    h, c = (net.add("linear", mean, features=hidden, title=f"First {name}") for name in ("state", "cells"))
    scores = net.add("@teller", told, memory, None, h, c, over_time=True)
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net


def _seen(net: Builder, image: Port, hidden: int) -> Port:
    """Maps of 7×7 places, 2 hidden of them."""
    x = net.add("relu", conv_norm(net, image, hidden, 3, 2))
    return net.add("relu", conv_norm(net, x, 2 * hidden, 3, 2))
