"""Networks with a memory: end-to-end memory networks and the neural Turing machine."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.data.copying import BITS, LONGEST, frame
from graph_engine.data.stories import SENTENCES, VOCABULARY, WORDS
from graph_engine.document import Binding, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import Published, preset


@preset(
    title="End-to-end memory network",
    family="Memory",
    size=2_400,
    data="stories",
    reference=Reference("Sukhbaatar, Szlam, Weston, Fergus", 2015, "End-to-end memory networks"),
)
def memn2n(
    features: Annotated[int, Param("Features", "Length of the vector of each word and sentence.", ge=1)] = 20,
    hops: Annotated[int, Param("Hops", "How often the story is looked through.", ge=1, le=20)] = 3,
) -> Builder:
    """Reads a story, looks through it three times for what the question asks, and answers with a word.

    Adjacent weights are shared as in the paper: what a hop gives is what the next one matches (a wire to both), the
    question is encoded by the words of the first encoder, and the answer is scored by those of the last.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=1e-2), schedule=Schedule(kind="one_cycle"))
    net = Builder(
        "End-to-end memory network",
        plan=Plan(stages=(Stage(updates=(update,), epochs=20),), batch_size=32),
        binding=Binding(dataset="stories"),
    )
    words = len(VOCABULARY)
    story = net.input("story", SENTENCES, WORDS, classes=words, label=True)
    question = net.input("question", 3, classes=words, label=True)
    answer = net.input("answer", classes=words, label=True)
    encoders = [net.add("sentence_encoder", story, features=features) for _ in range(hops + 1)]
    memories = [
        net.add("position_embedding", encoder, title=f"Memory {number}") for number, encoder in enumerate(encoders, 1)
    ]
    u = net.add("sentence_encoder", question, _words(encoders[0]), features=features, title="Question")
    for m, c in pairwise(memories):
        u = net.add("memory_hop", u, m, c)
    net.classify(net.add("word_scores", u, _words(encoders[-1])), answer)
    return net


def _words(encoder: Port) -> Port:
    """The word vectors of a sentence encoder."""
    return Port(encoder.node, "words")


@preset(
    title="Memory network with an LSTM",
    family="Memory",
    size=23_504,
    data="stories",
    reference=Reference("Sukhbaatar, Szlam, Weston, Fergus", 2015, "End-to-end memory networks"),
    sizes=(
        Published(24_750, "keras-team/keras, examples/babi_memnn.py at aaf924ca (derived)", parameters="texts=babi"),
    ),
)
def lstm_memory(
    features: Annotated[int, Param("Features", "Length of the vector of each word.", ge=1)] = 64,
    hidden: Annotated[int, Param("Hidden", "Units of the LSTM that reads what was found.", ge=1)] = 32,
    texts: Annotated[
        Literal["stories", "babi"],
        Param(
            "Texts",
            "Small stories, or as long as those of bAbI task 1: 68 words of 22, and a question of 4.",
        ),
    ] = "stories",
) -> Builder:
    """Compares every word of a story with every word of the question, and lets an LSTM read what was found.

    The example babi_memnn of Keras, whose LSTM has one vector of biases where PyTorch adds two. It matches words and
    does not know which of them stand in one sentence, so that it answers but half of these questions; the network with
    hops answers all.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder(
        "Memory network with an LSTM",
        plan=Plan(stages=(Stage(updates=(update,), epochs=15),), batch_size=32),
        binding=Binding(dataset="stories"),
    )
    small = texts == "stories"
    words, asked = (len(VOCABULARY), 3) if small else (22, 4)
    if small:
        story = net.add("flatten", net.input("story", SENTENCES, WORDS, classes=words, label=True))
    else:
        story = net.input("story", 68, classes=words, label=True)
    question = net.input("question", asked, classes=words, label=True)
    answer = net.input("answer", classes=words, label=True)

    def vectors(text: Port, length: int, title: str) -> Port:
        found = net.add("embedding", text, vocabulary=words, features=length, title=title)
        return net.add("dropout", found, probability=0.3)

    m, c = vectors(story, features, "What is compared"), vectors(story, asked, "What is given")
    q = vectors(question, features, "Question")
    match = net.add("softmax", net.add("matrix_product", m, q, transposed=True), axis=-1)
    response = net.add("transpose", net.add("add", match, c))
    read = net.add("lstm", net.add("concat", response, q, axis=-1), hidden=hidden).other("h")
    net.classify(net.add("linear", net.add("dropout", read, probability=0.3), features=words), answer)
    return net


@preset(
    title="Neural Turing machine",
    family="Memory",
    size=8_580,
    data="copying",
    reference=Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines"),
)
def ntm(
    controller: Annotated[
        Literal["feed-forward", "lstm"], Param("Controller", "What moves the heads of the machine.")
    ] = "feed-forward",
    hidden: Annotated[int, Param("Hidden", "Units of the controller.", ge=2)] = 64,
    locations: Annotated[int, Param("Locations", "Places of the memory.", ge=4)] = 32,
) -> Builder:
    """Hears a sequence of bits and says it again: it learns to store and to fetch, for sequences of any length."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder(
        "Neural Turing machine",
        plan=Plan(stages=(Stage(updates=(update,), epochs=10),), batch_size=32),
        binding=Binding(dataset="copying"),
    )
    steps = frame(LONGEST)
    heard, said = net.input("heard", steps, BITS + 1), net.input("said", steps, BITS)
    asked = net.input("asked", steps, 1)
    y = net.add(
        "neural_turing_machine", heard, features=BITS, controller=controller, hidden=hidden, locations=locations
    )
    net.output(y)
    net.add("masked_binary_cross_entropy", y, said, asked)
    net.add("bit_accuracy", y, said, asked)
    return net
