"""Google's neural machine translation: Wu et al. (2016), as MLPerf has it."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.dates import ISO, LETTERS, WRITTEN
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.translation import context_lstm_layer, residual_lstm_layer
from presets.preset import Published, preset

_MLPERF = "mlcommons/training, retired_benchmarks/gnmt/pytorch at aa344c7f, ten words"


@preset(
    title="GNMT",
    family="Sequence to sequence",
    size=97_194,
    data="dates",
    reference=Reference(
        "Wu et al.",
        2016,
        "Google's neural machine translation system: bridging the gap between human and machine translation",
    ),
    sizes=(
        Published(160_671_297, f"{_MLPERF}, 32 320 words", 1_274_777_600, parameters="hidden=1024,words=32320"),
        Published(160_015_617, f"{_MLPERF}, 32 000 words", 1_271_500_800, parameters="hidden=1024,words=32000"),
        Published(
            276_735_233,
            f"{_MLPERF}, eight layers and two vocabularies",
            2_110_361_600,
            parameters="hidden=1024,words=32000,layers=8,shared=false",
        ),
    ),
)
def gnmt(
    hidden: Annotated[int, Param("Hidden", "Length of words and states: 1024 in the paper.", ge=2)] = 32,
    layers: Annotated[
        int, Param("Layers", "LSTM layers of encoder and decoder: 8 in the paper, 4 in MLPerf.", ge=3, le=32)
    ] = 4,
    words: Annotated[int, Param("Words", "How many there are in both languages; 0: the letters of dates.", ge=0)] = 0,
    shared: Annotated[bool, Param("Shared words", "One vector for a word as it is read and as it is written.")] = True,
) -> Builder:
    """Stacks of LSTMs with skips read and write; the first that writes looks at what was read, for all the others.

    Here it turns dates as people write them into those of ISO 8601, and is judged on each letter, told those before.
    It is the net of MLPerf, with eight layers as deep as the paper's. As there, the first layer of the encoder reads
    both ways, and attention belongs to the first of the decoder; its scores are products that are counted here, one of
    1024 numbers for each pair of words.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=12),),
        batch_size=64,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    net = Builder("GNMT", plan=plan, binding=Binding(dataset="dates"))
    words = words or len(LETTERS)
    written = net.input("written", WRITTEN, classes=words, tokens=True)
    told = net.input("before", ISO, classes=words, tokens=True)
    said = net.input("said", ISO, classes=words, tokens=True)

    source = net.add("embedding", written, features=hidden, title="Words read")
    x = net.add("dropout", source, probability=0.2)
    x = net.add("dropout", net.add("lstm", x, hidden=hidden, bidirectional=True), probability=0.2)
    x = net.add("lstm", x, hidden=hidden)
    memory = net.add(residual_lstm_layer.into(net), x, times=layers - 2)

    y = net.add("embedding", told, features=hidden, title="Words written", shares=source if shared else None)
    y = net.add("lstm", net.add("dropout", y, probability=0.2), hidden=hidden)
    context = net.add("additive_attention", y, memory, features=hidden, normalised=True)
    y = net.add("dropout", net.add("concat", y, context, axis=-1), probability=0.2)
    y = net.add("lstm", y, hidden=hidden)
    y = net.add(context_lstm_layer.into(net), y, context, times=layers - 2)

    scores = net.add("linear", y, features=words, title="Scores")
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net
