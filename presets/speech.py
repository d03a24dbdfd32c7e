"""Sound to letters and letters to sound: Chan et al. (2016), Wang et al. (2017), Shen et al. (2018).

There is no sound here: an image that is read column by column, or drawn row by row, stands for a spectrogram.
"""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.spelled import ALPHABET, FRAMES, NAME
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update, WeightedLoss
from graph_engine.document.builder import Builder, Port
from presets.parts.recurrent import gru_cell, lstm_cell
from presets.parts.sequences import pyramid_bilstm
from presets.preset import Published, preset

_WORDS = Param("Letters", "How many there are; 0: those of the digits' names.", ge=0)
_SIDE = 32


@preset(
    title="Listen, attend and spell",
    family="Speech",
    size=87_232,
    data="spelled_digits",
    reference=Reference(
        "Chan, Jaitly, Le, Vinyals",
        2016,
        "Listen, attend and spell: a neural network for large vocabulary conversational speech recognition",
    ),
    sizes=(
        Published(
            19_255_023,
            "kaituoxu/Listen-Attend-Spell, src/models/decoder.py at b43ce63e",
            parameters="hidden=1024,letters=4335",
            node="speller_1",
        ),
    ),
)
def listen_attend_spell(
    hidden: Annotated[int, Param("Hidden", "Length of what is heard and of the state: an even number.", ge=2)] = 48,
    letters: Annotated[int, _WORDS] = 0,
) -> Builder:
    """A pyramid of LSTMs listens, so that there are fewer steps to look at, and a speller says letter by letter.

    Here it listens to a digit, column by column, and spells its name. While training it is told the right letter before
    each; when it is judged, it goes on from its own.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=15),),
        batch_size=32,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    net = Builder("Listen, attend and spell", plan=plan, binding=Binding(dataset="spelled_digits"))
    letters = letters or len(ALPHABET)

    speller = net.composite("speller", "Speller", help="One letter: goes on from the last, looks at what was heard.")
    told = speller.input("before", classes=letters, label=True)
    heard = speller.input("heard", _SIDE // 4, hidden, whole=True)
    own, context = speller.input("own", letters), speller.input("context", hidden)
    h, c = speller.input("h", hidden), speller.input("c", hidden)
    last = speller.add("teacher_forcing", told, own)
    letter = speller.add("embedding", last, vocabulary=letters, features=hidden // 2)
    state = speller.add(lstm_cell.into(speller), speller.add("concat", letter, context), h, c, hidden=hidden)
    seen = speller.add("dot_attention", state, heard)
    both = speller.add("relu", speller.add("linear", speller.add("concat", state, seen), features=hidden))
    scores = speller.add("linear", both, features=letters)
    speller.output(scores, "scores")
    speller.output(scores, "own")
    speller.output(seen, "context")
    speller.output(state.other("h"), "h")
    speller.output(state.other("c"), "c")

    image = net.input("image", 1, _SIDE, _SIDE)
    told = net.input("before", NAME, classes=letters, tokens=True)
    said = net.input("name", NAME, classes=letters, tokens=True)
    x = net.add("transpose", net.add("squeeze", image), title="Columns")
    x = net.add("lstm", x, hidden=hidden // 2, bidirectional=True)
    x = net.add(pyramid_bilstm.into(net), x, hidden=hidden // 2, times=2)
    scores = net.add("@speller", told, x, over_time=True)
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net


@preset(
    title="Tacotron",
    family="Speech",
    size=53_240,
    data="spelled_digits",
    reference=Reference("Wang et al.", 2017, "Tacotron: towards end-to-end speech synthesis"),
    sizes=(
        Published(
            6_421_777,
            "r9y9/tacotron_pytorch, tacotron_pytorch/tacotron.py at 62db7217",
            parameters="width=128,bank=16,bands=80,spectrum=1025,frames=5,letters=149,spare=true",
        ),
    ),
)
def tacotron(
    width: Annotated[
        int, Param("Width", "Features of the encoder, half those of the decoder: 128 in the paper.", ge=2)
    ] = 16,
    bank: Annotated[int, Param("Bank", "Convolutions of the encoder, side by side: 16 in the paper.", ge=2)] = 4,
    bands: Annotated[int, Param("Bands", "Numbers of a frame: 80 in the paper.", ge=2)] = 16,
    spectrum: Annotated[int, Param("Spectrum", "Numbers of a frame in the end: 1025 in the paper.", ge=2)] = 24,
    frames: Annotated[int, Param("Frames", "How many are said at a step; a divisor of those of a sample.", ge=1)] = 2,
    letters: Annotated[int, _WORDS] = 0,
    spare: Annotated[
        bool, Param("Spare weights", "Keep the two layers that the published code has and never uses.")
    ] = False,
) -> Builder:
    """Letters become frames of sound: an attention decoder says some at a time, and a net behind it polishes them.

    Here it draws the digit that it is told the name of, row by row. While training it is told the right rows before
    each; in use it goes on from its own.
    """
    losses = (WeightedLoss(node="mean_absolute_error_1"), WeightedLoss(node="mean_absolute_error_2"))
    update = Update(
        losses=losses,
        optimiser=Optimiser(kind="adam", learning_rate=3e-3),
        schedule=Schedule(kind="one_cycle"),
        clip_norm=1.0,
    )
    plan = Plan(stages=(Stage(updates=(update,), epochs=10),), batch_size=32)
    net = Builder("Tacotron", plan=plan, binding=Binding(dataset="spelled_digits"))
    letters = letters or len(ALPHABET)
    bridge = "as published" if spare else "if needed"
    said = bands * frames

    decoder = net.composite(
        "decoder", "Decoder", help="A few frames: goes on from the last ones, looks at the letters."
    )
    told, memory = decoder.input("told", said), decoder.input("memory", NAME, 2 * width, whole=True)
    before, context = decoder.input("before", said), decoder.input("context", 2 * width)
    looking, first, second = (decoder.input(name, 2 * width) for name in ("looking", "first", "second"))
    gru = gru_cell.into(decoder)
    heard = decoder.add("concat", _prepared(decoder, before, 2 * width, width), context)
    looks = decoder.add(gru, heard, looking, hidden=2 * width, title="What looks")
    seen = decoder.add("additive_attention", looks, memory, features=2 * width)
    x = decoder.add("linear", decoder.add("concat", looks, seen), features=2 * width)
    one = decoder.add(gru, x, first, hidden=2 * width)
    x = decoder.add("add", x, one)
    other = decoder.add(gru, x, second, hidden=2 * width)
    made = decoder.add("linear", decoder.add("add", x, other), features=said, title="Frames")
    decoder.output(made, "frames")
    decoder.output(decoder.add("teacher_forcing", told, made), "before")
    decoder.output(seen, "context")
    decoder.output(looks.other("h"), "looking")
    decoder.output(one.other("h"), "first")
    decoder.output(other.other("h"), "second")

    name = net.input("name", NAME, classes=letters, tokens=True)
    rows = net.add("squeeze", net.input("rows", 1, FRAMES, bands))
    fine = net.add("squeeze", net.input("fine_rows", 1, FRAMES, spectrum))
    x = _prepared(net, net.add("embedding", name, features=2 * width), 2 * width, width)
    memory = net.add("cbhg", x, bank=bank, first=width, second=width, bridge=bridge)
    told = net.add("reshape", rows, shape=[-1, said], title="Told")
    made = net.add("reshape", net.add("@decoder", told, memory, over_time=True), shape=[-1, bands])
    polished = net.add("cbhg", made, bank=bank // 2, first=2 * width, second=bands, bridge=bridge)
    polished = net.add("linear", polished, features=spectrum)
    net.output(polished, "spectrum")
    net.add("mean_absolute_error", made, rows)
    net.add("mean_absolute_error", polished, fine)
    net.add("mae", polished, fine)
    return net


def _prepared(block: Builder, x: Port, first: int, second: int, *, bias: bool = True) -> Port:
    """Two layers that lose half of what they say while training: the pre-net."""
    for features in (first, second):
        x = block.add("dropout", block.add("relu", block.add("linear", x, features=features, bias=bias)))
    return x


@preset(
    title="Tacotron 2",
    family="Speech",
    size=119_305,
    data="spelled_digits",
    reference=Reference(
        "Shen et al.", 2018, "Natural TTS synthesis by conditioning WaveNet on mel spectrogram predictions"
    ),
    sizes=(
        Published(
            28_193_153,
            "NVIDIA/tacotron2, model.py at 185cd24e",
            parameters="width=512,bands=80,letters=148",
        ),
    ),
)
def tacotron2(
    width: Annotated[
        int, Param("Width", "Features of letters and convolutions, a multiple of 4: 512 in the paper.", ge=4)
    ] = 32,
    bands: Annotated[int, Param("Bands", "Numbers of a frame: 80 in the paper.", ge=2)] = 16,
    letters: Annotated[int, _WORDS] = 0,
) -> Builder:
    """Letters become frames of sound, one at a time, by a decoder whose attention knows where it has looked.

    Here it draws the digit that it is told the name of, row by row, and says when it has ended. While training it is
    told the right row before each; in use it goes on from its own. The dropout of the pre-net ends with training, and
    does not go on as in the code that its size is of.
    """
    losses = (
        WeightedLoss(node="mean_squared_error_1"),
        WeightedLoss(node="mean_squared_error_2"),
        WeightedLoss(node="binary_cross_entropy_1", weight=0.1),
    )
    update = Update(
        losses=losses,
        optimiser=Optimiser(kind="adam", learning_rate=3e-3),
        schedule=Schedule(kind="one_cycle"),
        clip_norm=1.0,
    )
    plan = Plan(stages=(Stage(updates=(update,), epochs=10),), batch_size=32)
    net = Builder("Tacotron 2", plan=plan, binding=Binding(dataset="spelled_digits"))
    letters = letters or len(ALPHABET)

    decoder = net.composite("decoder", "Decoder", help="One frame: goes on from the last one, looks at the letters.")
    told, memory = decoder.input("told", bands), decoder.input("memory", NAME, width, whole=True)
    before, context = decoder.input("before", bands), decoder.input("context", width)
    weights, total = decoder.input("weights", NAME), decoder.input("total", NAME)
    h, c, state, cells = (decoder.input(name, 2 * width) for name in ("h", "c", "state", "cells"))
    cell = lstm_cell.into(decoder)
    heard = decoder.add("concat", _prepared(decoder, before, width // 2, width // 2, bias=False), context)
    looks = decoder.add(cell, heard, h, c, hidden=2 * width, title="What looks")
    query = decoder.add("dropout", looks, probability=0.1)
    seen = decoder.add(
        "location_attention", query, memory, weights, total, features=width // 4, filters=32, kernel=31, bias=False
    )
    says = decoder.add(cell, decoder.add("concat", query, seen), state, cells, hidden=2 * width, title="What says")
    spoken = decoder.add("dropout", says, probability=0.1)
    both = decoder.add("concat", spoken, seen)
    frame = decoder.add("linear", both, features=bands, title="Frame")
    decoder.output(frame, "frame")
    decoder.output(decoder.add("linear", both, features=1, title="Whether it ends"), "ends")
    decoder.output(decoder.add("teacher_forcing", told, frame), "before")
    decoder.output(seen, "context")
    decoder.output(seen.other("weights"), "weights")
    decoder.output(decoder.add("add", total, seen.other("weights")), "total")
    decoder.output(query, "h")
    decoder.output(looks.other("c"), "c")
    decoder.output(spoken, "state")
    decoder.output(says.other("c"), "cells")

    name = net.input("name", NAME, classes=letters, tokens=True)
    rows = net.add("squeeze", net.input("rows", 1, FRAMES, bands))
    ended = net.input("ended", FRAMES, 1)
    for title, activation in (("Reading layer", "relu"), ("Polishing layer", "tanh")):
        layer = net.composite(title.lower().replace(" ", "_"), title, help="Five steps at once, normed and cut.")
        x = _convolved(layer, layer.input("x", "T", width), width)
        layer.output(layer.add("dropout", layer.add(activation, x)), "y")
    x = net.add("@reading_layer", net.add("embedding", name, features=width), times=3)
    memory = net.add("lstm", x, hidden=width // 2, bidirectional=True)
    made = net.add("@decoder", rows, memory, over_time=True)
    x = net.add("@polishing_layer", net.add("@polishing_layer", made), times=3)
    polished = net.add("add", made, net.add("dropout", _convolved(net, x, bands)))
    net.output(made.other("ends"), "ends")
    net.output(polished, "frames")
    net.add("mean_squared_error", made, rows)
    net.add("mean_squared_error", polished, rows)
    net.add("binary_cross_entropy", made.other("ends"), ended)
    net.add("mae", polished, rows)
    return net


def _convolved(net: Builder, x: Port, features: int) -> Port:
    """A convolution over five steps, and its norm."""
    return net.add("batch_norm", net.add("conv1d", x, channels=features, kernel=5))
