"""Repeats found in flat drawings and folded; unpacking gives back a drawing like the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine.document import Document, EditRefused, Node, SetNode, SetParameter, SetPlan, Stage, Update
from graph_engine.document.builder import Builder, Port
from graph_engine.document.edits import AddNodes, Connect
from graph_engine.document.file import dumps, loads
from graph_engine.document.folding import Fold, find_folds, fold
from graph_engine.document.graph import Graph, Wire
from graph_engine.document.unpacking import unpack
from tests.document.composites import check, compute_the_same, flat_densenet, flat_resnet, isomorphic


def plain(times: int = 4, *, channels: int = 4) -> Document:
    """conv, relu, again and again, on as many channels as come in."""
    net = Builder("Plain")
    x = net.input("image", channels, 8, 8)
    for _ in range(times):
        x = net.add("relu", net.add("conv2d", x, channels=channels))
    net.output(net.add("linear", net.add("global_avg_pool", x), features=4))
    return net.document


def vgg(channels: tuple[int, ...] = (4, 8, 16)) -> Document:
    """Stages of two convolutions and a pooling, on more channels from stage to stage."""
    net = Builder("VGG")
    x = net.input("image", 3, 16, 16)
    for width in channels:
        for _ in range(2):
            x = net.add("relu", net.add("conv2d", x, channels=width))
        x = net.add("max_pool2d", x)
    net.output(net.add("linear", net.add("global_avg_pool", x), features=4))
    return net.document


def renumbered(graph: Graph) -> dict[str, str]:
    """New ids that reverse every order in which ids could be read."""
    return {name: f"n_{len(graph) - at}" for at, name in enumerate(graph.order())}


def folded(document: Document, found: Fold, name: str = "unit") -> str:
    """Fold and give the id of the node that stands there now."""
    report = check(document).main
    assert report is not None
    document.apply(fold(document, "main", found, name, reports=report.nodes))
    return next(node.id for node in document.main if node.block == f"@{name}")


@pytest.mark.parametrize(
    ("make", "times", "first", "shape"),
    [
        (lambda: flat_resnet(4), 4, ["conv2d", "batch_norm", "relu", "conv2d", "batch_norm", "residual", "relu"], 8),
        (lambda: flat_densenet(5), 5, ["batch_norm", "relu", "conv2d", "concat"], 8),
        (lambda: plain(6), 6, ["conv2d", "relu"], 8),
    ],
)
def test_folding_keeps_the_cost_and_what_is_computed_and_unfolding_gives_back_the_drawing(
    make: Callable[[], Document], times: int, first: list[str], shape: int
) -> None:
    document, flat = make(), make()
    before, cost = dumps(document), check(document).total
    channels = document.main["input_1"].parameters["shape"][0]

    (found,) = find_folds(document.main)
    assert (found.times, found.saving) == (times, (times - 1) * len(first))
    assert [document.main[name].block for name in found.turns[0]] == first
    use = folded(document, found)

    assert document.main[use].repeat == times
    assert len(document.main) == len(flat.main) - times * len(first) + 1
    assert check(document).total == cost
    assert compute_the_same(flat, document, 2, channels, shape, shape)
    document.apply(unpack(document, "main", use))
    assert isomorphic(document.main, flat.main)
    assert check(document).total == cost
    assert compute_the_same(flat, document, 2, channels, shape, shape)
    assert dumps(flat) == before


def test_folding_is_one_step_whose_inverse_restores_the_file_exactly() -> None:
    document = flat_resnet(3)
    before = dumps(document)

    document.apply(document.apply(fold(document, "main", find_folds(document.main)[0], "unit")))

    assert dumps(document) == before


def test_neither_ids_nor_the_order_of_drawing_matter() -> None:
    document = flat_resnet(3)
    names = renumbered(document.main)
    graph = document.main
    other = Graph(
        reversed([node.with_(id=names[node.id]) for node in graph]),
        reversed([replace(wire, source=names[wire.source], target=names[wire.target]) for wire in graph.wires]),
    )

    (found,), (again,) = find_folds(graph), find_folds(other)

    assert again.turns == tuple(tuple(names[name] for name in turn) for turn in found.turns)
    assert again.entry == (names[found.entry[0]], "y")


def test_a_turn_begins_with_what_has_weights_rather_than_with_an_activation() -> None:
    net = Builder("Stem")
    x = net.add("relu", net.add("conv2d", net.input("image", 4, 8, 8), channels=4, kernel=5))
    for _ in range(3):
        x = net.add("relu", net.add("conv2d", x, channels=4))
    net.output(x)

    (found,) = find_folds(net.document.main)

    assert [net.document.main[name].block for name in found.turns[0]] == ["conv2d", "relu"]
    assert found.times == 3


@pytest.mark.parametrize("flag", [SetNode("conv2d_2", "frozen", True), SetNode("conv2d_2", "tags", ("slow",))])
def test_defaults_written_out_are_no_difference_but_other_values_and_flags_are(flag: SetNode) -> None:
    """What is frozen, or trained by its tag, would else be so in all turns, or in none."""
    document = plain(4)
    document.apply(SetParameter("conv2d_2", "kernel", [3, 3]))
    document.apply(SetParameter("conv2d_3", "stride", 1))
    assert [found.times for found in find_folds(document.main)] == [4]

    document.apply(flag)

    assert [(found.times, found.turns[0]) for found in find_folds(document.main)] == [(2, ("conv2d_3", "relu_3"))]


def skip_from_the_image(document: Document) -> None:
    """What enters conv2d_3 is added to the image first."""
    wires = (Wire("relu_2", "y", "add_1", "xs.0"), Wire("input_1", "y", "add_1", "xs.1"))
    document.apply(AddNodes((Node("add_1", "add"),), wires))
    document.apply(Connect(Wire("add_1", "y", "conv2d_3", "x")))


def second_output(document: Document) -> None:
    wire = Wire("relu_3", "y", "output_2", "x")
    document.apply(AddNodes((Node("output_2", "output", {"name": "aux"}),), (wire,)))


def shared(document: Document) -> None:
    document.apply(SetNode("conv2d_3", "shares", "conv2d_5"))


@pytest.mark.parametrize(
    ("break_", "expected"),
    [
        (second_output, [("conv2d_1", "conv2d_2", "conv2d_3"), ("conv2d_4", "conv2d_5", "conv2d_6")]),
        (skip_from_the_image, [("conv2d_1", "conv2d_2"), ("conv2d_3", "conv2d_4", "conv2d_5", "conv2d_6")]),
        (shared, [("conv2d_1", "conv2d_2")]),
    ],
)
def test_a_turn_has_one_way_in_and_one_way_out_and_weights_of_its_own(
    break_: Callable[[Document], None], expected: list[tuple[str, ...]]
) -> None:
    document = plain(6)
    break_(document)

    folds = find_folds(document.main)

    found = [tuple(name for turn in each.turns for name in turn if name.startswith("conv2d")) for each in folds]
    assert sorted(found) == expected
    for at, each in enumerate(folds):
        folded(document, each, f"unit_{at}")
    check(document)


def test_two_towers_fold_each_on_its_own() -> None:
    net = Builder("Towers")
    ends: list[Port] = []
    for name in ("left", "right"):
        x = net.input(name, 4, 8, 8)
        for _ in range(3):
            x = net.add("relu", net.add("conv2d", x, channels=4))
        ends.append(x)
    net.output(net.add("add", *ends))
    document = net.document

    assert [found.times for found in find_folds(document.main)] == [3, 3]
    folded(document, find_folds(document.main)[0], "left_tower")
    folded(document, find_folds(document.main)[0], "right_tower")

    assert {node.block for node in document.main} == {"input", "@left_tower", "@right_tower", "add", "output"}
    check(document)


def test_repeats_of_repeats_fold_into_composites_inside_composites() -> None:
    net = Builder("Stages")
    x = net.input("image", 4, 32, 32)
    for _ in range(2):
        for _ in range(4):
            x = net.add("relu", net.add("conv2d", x, channels=4))
        x = net.add("max_pool2d", x)
    net.output(x)
    document = net.document
    cost = check(document).total

    (stages,) = find_folds(document.main)
    use = folded(document, stages, "stage")
    (units,) = find_folds(document.graphs["stage"])
    document.apply(fold(document, "stage", units, "unit"))

    assert (stages.times, units.times) == (2, 4)
    assert check(document).total == cost
    document.apply(unpack(document, "main", use))
    assert [node.repeat for node in document.main if node.block == "@unit"] == [4, 4]
    assert check(document).total == cost


def test_channels_that_double_become_a_formula_of_the_turn() -> None:
    document, flat = vgg((4, 8, 16)), vgg((4, 8, 16))
    cost = check(document).total

    best = find_folds(document.main, by_rule=True)[0]
    use = folded(document, best, "stage")

    channels = [node.parameters["channels"] for node in document.graphs["stage"] if node.block == "conv2d"]
    assert channels == ["=4 * 2 ** turn", "=4 * 2 ** turn"]
    assert check(document).total == cost
    assert compute_the_same(flat, document, 2, 3, 16, 16)
    document.apply(unpack(document, "main", use))
    assert isomorphic(document.main, flat.main)


@pytest.mark.parametrize(
    ("series", "formula"),
    [
        ([2, 1, 1, 1], "=2 if turn == 0 else 1"),
        ([4, 8, 12, 16], "=4 + 4 * turn"),
        ([16, 12, 8, 4], "=16 - 4 * turn"),
        ([3, 9, 27], "=3 * 3 ** turn"),
        ([32, 16, 8], "=32 // 2 ** turn"),
        ([4, 8], None),
        ([4, 8, 9], None),
    ],
)
def test_numbers_follow_a_rule_or_are_no_repeat(series: list[int], formula: str | None) -> None:
    net = Builder("Rule")
    x = net.input("image", 3, 8, 8)
    for channels in series:
        x = net.add("conv2d", x, channels=channels)
    net.output(x)
    document = net.document

    found = find_folds(document.main, by_rule=True)

    if formula is None:
        assert found == []
        return
    assert [rule for _, _, rule in found[0].rules] == [formula]
    use = folded(document, found[0])
    document.apply(unpack(document, "main", use))
    assert [document.main[name].parameters["channels"] for name in document.main.order() if "conv" in name] == series


def test_without_rules_other_numbers_are_no_repeat() -> None:
    assert [found.times for found in find_folds(vgg((4, 8, 16)).main)] == [2, 2, 2]


def test_titles_that_only_one_turn_has_are_not_those_of_all() -> None:
    document = plain(3)
    for edit in (SetNode("conv2d_1", "title", "First"), *(SetNode(f"relu_{at}", "title", "Gate") for at in (1, 2, 3))):
        document.apply(edit)

    folded(document, find_folds(document.main)[0])

    assert {node.id: node.title for node in document.graphs["unit"] if node.title} == {"relu_1": "Gate"}


def test_a_fold_of_a_drawing_that_has_changed_is_refused() -> None:
    document = plain(3)
    (found,) = find_folds(document.main)
    document.apply(SetParameter("conv2d_2", "channels", 5))

    with pytest.raises(EditRefused, match="has changed"):
        fold(document, "main", found, "unit")


def test_a_plan_that_trains_some_turns_alone_is_not_widened() -> None:
    document = plain(3)
    document.apply(SetPlan(replace(document.plan, stages=(Stage(updates=(Update(trains=("conv2d_2",)),)),))))
    with pytest.raises(EditRefused, match="The plan trains some of these turns alone"):
        fold(document, "main", find_folds(document.main)[0], "unit")
    document.apply(SetPlan(replace(document.plan, stages=(Stage(updates=(Update(freezes=("conv2d_2",)),)),))))
    with pytest.raises(EditRefused, match="The plan freezes some of these turns alone"):
        fold(document, "main", find_folds(document.main)[0], "unit")

    trains = ("conv2d_1", "conv2d_2", "conv2d_3")
    document.apply(SetPlan(replace(document.plan, stages=(Stage(updates=(Update(trains=trains),)),))))
    folded(document, find_folds(document.main)[0])

    assert document.plan.first_update.trains == ("unit_1",)


def test_a_circle_that_a_file_brought_in_has_no_repeats() -> None:
    document = loads(dumps(plain(3)).replace('["input_1","y","conv2d_1","x"]', '["relu_3","y","conv2d_1","x"]'))
    graph = Graph(document.main, [*document.main.wires, Wire("relu_3", "y", "conv2d_1", "x")])

    assert find_folds(graph) == []
    assert find_folds(Graph()) == []


pieces = st.lists(
    st.sampled_from(
        (
            ("relu",),
            ("conv2d", "relu"),
            ("conv2d", "batch_norm", "relu"),
            ("residual",),
            ("concat",),
        )
    ),
    min_size=1,
    max_size=2,
)


def drawn(runs: list[tuple[list[tuple[str, ...]], int]]) -> Document:
    """Runs of turns, each turn some pieces, one behind another."""
    net = Builder("Random")
    x = net.input("image", 4, 8, 8)
    for parts, times in runs:
        for _ in range(times):
            for part in parts:
                x = _piece(net, x, part)
    net.output(net.add("linear", net.add("global_avg_pool", x), features=2))
    return net.document


def _piece(net: Builder, x: Port, part: tuple[str, ...]) -> Port:
    if part == ("residual",):
        return net.add("residual", x, net.add("batch_norm", net.add("relu", x)))
    if part == ("concat",):
        return net.add("concat", x, net.add("conv2d", x, channels=2))
    for block in part:
        values: dict[str, Any] = {"channels": 4} if block == "conv2d" else {}
        x = net.add(block, x, **values)
    return x


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(pieces, st.integers(1, 4)), min_size=1, max_size=3))
def test_what_was_drawn_in_turns_is_found_and_folding_all_of_it_loses_nothing(
    runs: list[tuple[list[tuple[str, ...]], int]],
) -> None:
    document, flat = drawn(runs), drawn(runs)
    before, cost = dumps(document), check(document).total
    inverses = []
    found = find_folds(document.main)
    drawn_again = max(((times - 1) * sum(len(part) for part in parts) for parts, times in runs), default=0)
    assert sum(each.saving for each in found) >= drawn_again
    names = [name for each in found for turn in each.turns for name in turn]
    assert len(names) == len(set(names)), "two folds overlap"
    uses = []
    for at, each in enumerate(found):
        inverses.append(document.apply(fold(document, "main", each, f"unit_{at}")))
        uses.append(next(node.id for node in document.main if node.block == f"@unit_{at}"))
        assert check(document).total == cost
    for use in uses:
        inverses.append(document.apply(unpack(document, "main", use)))  # noqa: PERF401
    assert isomorphic(document.main, flat.main)
    assert check(document).total == cost
    for inverse in reversed(inverses):
        document.apply(inverse)
    assert dumps(document) == before


def test_a_last_turn_that_gives_another_of_its_values_stays_outside() -> None:
    net = Builder("Stacked")
    x = net.input("x", "T", 8)
    for _ in range(4):
        x = net.add("lstm", x, hidden=8)
    net.output(x.other("h"))
    document = net.document
    cost = check(document).total

    (found,) = find_folds(document.main)
    folded(document, found)

    assert found.turns == (("lstm_1",), ("lstm_2",), ("lstm_3",))
    assert {str(wire) for wire in document.main.wires} == {
        "input_1.y → unit_1.x",
        "unit_1.y → lstm_4.x",
        "lstm_4.h → output_1.x",
    }
    assert check(document).total == cost
