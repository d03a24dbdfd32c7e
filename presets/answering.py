"""Answers to questions on a text and on an image, found by attention: Hermann et al. (2015), Xu, Saenko (2016)."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.asked import QUESTION, SIDE
from graph_engine.data.asked import WORDS as ASKED
from graph_engine.data.stories import SENTENCES, VOCABULARY, WORDS
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import conv_norm
from presets.preset import preset


def _started(title: str, data: str, epochs: int, learning_rate: float) -> Builder:
    optimiser = Optimiser(kind="adam", learning_rate=learning_rate)
    update = Update(optimiser=optimiser, schedule=Schedule(kind="one_cycle"), clip_norm=1.0)
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=epochs),),
        batch_size=32,
        judge=Judgement(name="accuracy", better="greater"),
    )
    return Builder(title, plan=plan, binding=Binding(dataset=data))


@preset(
    title="Attentive reader",
    family="Attention",
    size=52_884,
    data="stories",
    reference=Reference(
        "Hermann, Kočiský, Grefenstette, Espeholt, Kay, Suleyman, Blunsom",
        2015,
        "Teaching machines to read and comprehend",
    ),
)
def attentive_reader(
    hidden: Annotated[int, Param("Hidden", "Length of words, and of the states of each direction.", ge=2)] = 32,
) -> Builder:
    """Reads a text both ways, then looks at the words that the question points to, and answers with a word.

    m = tanh(W y + U u), where y is the text as it was read and u the question; what the softmax of wᵀm weighs is r, and
    the answer comes of tanh(V r + W′ u), as in section 3.2 of the paper.
    """
    net = _started("Attentive reader", "stories", 12, 1e-2)
    words = len(VOCABULARY)
    story = net.input("story", SENTENCES, WORDS, classes=words, label=True)
    question = net.input("question", 3, classes=words, label=True)
    answer = net.input("answer", classes=words, label=True)

    def read(text: Port, title: str) -> Port:
        vectors = net.add("embedding", text, vocabulary=words, features=hidden)
        return net.add("lstm", vectors, hidden=hidden, bidirectional=True, title=title)

    text = read(net.add("flatten", story, title="Words"), "The text")
    asked = read(question, "The question").other("h")
    found = net.add("additive_attention", asked, text, features=2 * hidden, title="Where it is told")
    known = net.add("tanh", net.add("linear", net.add("concat", found, asked), features=2 * hidden))
    net.classify(net.add("linear", known, features=words), answer)
    return net


@preset(
    title="Ask, attend and answer",
    family="Attention",
    size=38_410,
    data="asked_scenes",
    reference=Reference(
        "Xu, Saenko",
        2016,
        "Ask, attend and answer: exploring question-guided spatial attention for visual question answering",
    ),
)
def ask_attend_answer(
    features: Annotated[int, Param("Features", "Length of words and of what is seen at each place.", ge=1)] = 32,
) -> Builder:
    """Every word of the question is compared with every place of the image; the places that fit one best are looked at.

    Here it says which digit stands where it is asked. One hop, as in section 3.1 of the paper: what is compared and
    what is looked at are two views of the same maps.
    """
    net = _started("Ask, attend and answer", "asked_scenes", 15, 5e-3)
    image = net.input("image", 1, SIDE, SIDE)
    question = net.input("question", QUESTION, classes=len(ASKED), tokens=True)
    label = net.input("label", classes=10, label=True)

    x = image
    for _ in range(2):
        x = net.add("max_pool2d", net.add("relu", conv_norm(net, x, features)))
    x = net.add("relu", conv_norm(net, x, 2 * features))
    places = net.add("position_embedding", net.add("positions_to_sequence", x), title="Places")

    words = net.add("embedding", question, features=features)
    told = net.add("linear", places, features=2 * features, title="What is seen")
    compared = net.add("linear", places, features=features, title="What is compared")
    fits = net.add("matrix_product", words, compared, transposed=True, title="How words fit places")
    weights = net.add("softmax", net.add("global_max_pool", fits), title="Where to look")
    seen = net.add("matrix_product", weights, told)
    asked = net.add("linear", net.add("global_avg_pool", words), features=2 * features, title="The question")
    known = net.add("dropout", net.add("relu", net.add("add", seen, asked)), probability=0.2)
    net.classify(net.add("linear", known, features=10), label)
    return net
