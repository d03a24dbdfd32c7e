"""Answers that are places of what was asked: Vinyals, Fortunato, Jaitly (2015). Pointer networks."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.hulls import PLACES
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.recurrent import lstm_cell
from presets.preset import Published, preset

_SHIRGUR = "shirgur/PointerNet, PointerNet.py at c7ed0506"


@preset(
    title="Pointer network",
    family="Sequence to sequence",
    size=66_912,
    data="convex_hulls",
    reference=Reference("Vinyals, Fortunato, Jaitly", 2015, "Pointer networks"),
    sizes=(
        Published(1_316_608, f"{_SHIRGUR}, one layer", parameters="features=256,hidden=256"),
        Published(
            4_733_312,
            f"{_SHIRGUR}, two layers both ways",
            parameters="features=128,hidden=512,layers=2,both_ways=true",
        ),
    ),
)
def pointer_network(
    features: Annotated[int, Param("Features", "Length of the vector of each point.", ge=2)] = 32,
    hidden: Annotated[int, Param("Hidden", "Length of the states; even when both ways.", ge=2)] = 64,
    layers: Annotated[int, Param("Layers", "Of the LSTM that reads.", ge=1, le=16)] = 1,
    both_ways: Annotated[bool, Param("Both ways", "The points are read forwards and backwards.")] = False,
) -> Builder:
    """Reads points and says which of them their convex hull goes through: its answers point at what it read.

    Place 0 ends the hull. While training it is told the right place before each; when it is judged, it goes on from its
    own. What it gathers are the states that were read, as in the paper's equation; the code that its sizes are of
    gathers another view of them, which the scores come of.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=4e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=10),),
        batch_size=64,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    net = Builder("Pointer network", plan=plan, binding=Binding(dataset="convex_hulls"))

    step = net.composite("decoder", "Decoder", help="One place: from the last point, and from all that was read.")
    told = step.input("before", classes=PLACES, label=True)
    vectors = step.input("vectors", PLACES, features, whole=True)
    memory = step.input("memory", PLACES, hidden, whole=True)
    own, h, c = step.input("own", PLACES), step.input("h", hidden), step.input("c", hidden)
    last = step.add("one_hot", step.add("teacher_forcing", told, own), classes=PLACES)
    point = step.add("matrix_product", last, vectors, title="The last point")
    state = step.add(lstm_cell.into(step), point, h, c, hidden=hidden)
    scores = step.add("pointer", state, memory, features=hidden, bias=True)
    seen = step.add("matrix_product", step.add("softmax", scores), memory, title="What it points at")
    after = step.add("tanh", step.add("linear", step.add("concat", seen, state), features=hidden))
    step.output(scores, "scores")
    step.output(scores, "own")
    step.output(after, "h")
    step.output(state.other("c"), "c")

    points = net.input("points", PLACES, 2)
    told = net.input("before", PLACES, classes=PLACES, tokens=True)
    hull = net.input("hull", PLACES, classes=PLACES, tokens=True)
    vectors = net.add("linear", points, features=features, title="Points as vectors")
    units = hidden // 2 if both_ways else hidden
    read = net.add("lstm", vectors, hidden=units, layers=layers, bidirectional=both_ways)
    scores = net.add("@decoder", told, vectors, read, None, read.other("h"), read.other("c"), over_time=True)
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, hull)
    net.add("sequence_accuracy", scores, hull)
    return net
