"""How many values labels and tokens take, after what moves them and after what makes new ones of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_engine.blocks import Category, Refusal
from graph_engine.check import Checker
from graph_engine.check.shapes import run_block
from graph_engine.document import Document
from graph_engine.document.builder import Builder
from tests.blocks.cases import Case, Direct, declared_cases, reals

CLASSES = 7


def _of_classes() -> list[Case]:
    """Examples of blocks that take whole numbers and give whole numbers, of known classes."""
    found = []
    for case in declared_cases():
        as_they_are = {
            port: replace(spec, classes=spec.classes or CLASSES) if spec.dtype == "int64" else spec
            for port, spec in case.inputs.items()
        }
        whole = {port: replace(spec, dtype="int64", classes=CLASSES) for port, spec in case.inputs.items()}
        for inputs in (as_they_are, whole) if case.block.whole_numbers else (as_they_are,):
            changed = Case(case.block, case.parameters, inputs)
            try:
                outputs = run_block(changed.made, changed.specs).outputs.values()
            except Refusal:
                continue
            if any(spec.dtype == "int64" for spec in outputs):
                found.append(changed)
    return found


@pytest.mark.parametrize("case", _of_classes(), ids=str)
def test_no_number_is_beyond_the_classes_that_are_told(case: Case) -> None:
    specs = run_block(case.made, case.specs).outputs.values()
    for spec, value in zip(specs, Direct(case)(reals(case.inputs, 40)), strict=True):
        if spec.dtype == "int64" and spec.classes:
            assert value.min() >= 0
            assert value.max() < spec.classes
    assert case.block.category is not Category.SHAPE or all(spec.classes for spec in specs)


@pytest.mark.parametrize(
    ("block", "more", "values"),
    [("slice", (), {"stop": 3}), ("reshape", (), {"shape": [2, 3]}), ("concat", ("others",), {})],
)
def test_an_embedding_knows_how_many_words_come_through(
    block: str, more: tuple[str, ...], values: dict[str, object]
) -> None:
    result = Checker().check(_embedded(block, *more, **values))
    assert result.ok
    assert result.nodes["embedding_1"].cost.params == CLASSES * 3


@pytest.mark.parametrize("block", ["add", "subtract", "multiply"])
def test_an_embedding_does_not_take_sums_of_words_for_words(block: str) -> None:
    """Of 7 classes, a sum may be 12: with room for 7, training would break off."""
    problem = Checker().check(_embedded(block, "others")).errors[0]
    assert (problem.node, problem.parameter) == ("embedding_1", "vocabulary")


def test_what_a_cell_gives_step_by_step_is_of_as_many_classes() -> None:
    net = Builder("Cell")
    cell = net.composite("cell")
    word = cell.input("word", classes=CLASSES, label=True)
    cell.output(cell.add("squeeze", cell.add("reshape", word, shape=[1])), "word_again")
    said = net.add("@cell", net.input("words", 6, classes=CLASSES, tokens=True), over_time=True)
    net.output(net.add("one_hot", said))
    assert str(Checker().check(net.document).nodes["one_hot_1"].outputs["y"]) == f"N×6×{CLASSES}"


def _embedded(block: str, *more: str, **values: object) -> Document:
    """Words that go through `block`, and then become vectors of 3 numbers, of as many words as are known."""
    net = Builder("Words")
    words = [net.input(name, 6, classes=CLASSES, tokens=True) for name in ("words", *more)]
    x = net.add(block, *words, **values)
    net.output(net.add("embedding", x if block != "reshape" else net.add("flatten", x), features=3))
    return net.document
