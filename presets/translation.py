"""One sequence to another: an encoder reads, a decoder with attention writes."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.dates import ISO, LETTERS, WRITTEN
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.preset import preset


@preset(
    title="Date translator",
    family="Sequence to sequence",
    size=116_649,
    data="dates",
    reference=Reference(
        "Bahdanau, Cho, Bengio", 2015, "Neural machine translation by jointly learning to align and translate"
    ),
)
def date_translator(
    hidden: Annotated[int, Param("Hidden", "Length of the states of encoder and decoder.", ge=2)] = 64,
    share: Annotated[
        float, Param("Teacher's share", "How often the decoder is told the right letter.", ge=0, le=1)
    ] = 1.0,
) -> Builder:
    """Dates as people write them become dates of ISO 8601, letter by letter.

    While training, the decoder is told the right letter before each (teacher forcing); when it is judged, it goes on
    from its own.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=12),),
        batch_size=64,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    letters = len(LETTERS)
    net = Builder("Date translator", plan=plan, binding=Binding(dataset="dates"))

    step = net.composite("decoder", "Decoder", help="One letter: looks at what was read, goes on from the last.")
    before = step.input("before", classes=letters, label=True)
    memory = step.input("memory", WRITTEN, 2 * hidden, whole=True)
    own, h = step.input("own", letters), step.input("h", hidden)
    last = step.add("teacher_forcing", before, own, share=share)
    letter = step.add("linear", step.add("one_hot", last, classes=letters), features=hidden)
    seen = step.add("additive_attention", h, memory, features=hidden)
    new = step.add("tanh", step.add("linear", step.add("concat", letter, seen, h), features=hidden))
    gate = step.add("sigmoid", step.add("linear", step.add("concat", letter, seen, h), features=hidden))
    state = step.add("add", h, step.add("multiply", gate, step.add("subtract", new, h)))
    scores = step.add("linear", step.add("concat", state, seen), features=letters)
    step.output(scores, "scores")
    step.output(scores, "own")
    step.output(state, "h")

    written = net.input("written", WRITTEN, classes=letters, tokens=True)
    told = net.input("before", ISO, classes=letters, tokens=True)
    said = net.input("said", ISO, classes=letters, tokens=True)
    read = net.add("gru", net.add("embedding", written, features=hidden), hidden=hidden, bidirectional=True)
    start = net.add("squeeze", net.add("one_hot", net.add("slice", told, axis=1, stop=1), classes=letters))
    first = net.add("tanh", net.add("linear", net.add("global_avg_pool", read), features=hidden))
    scores = net.add("@decoder", told, read, start, first, over_time=True)
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net
