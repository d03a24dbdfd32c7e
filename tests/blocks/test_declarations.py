"""Every block explains itself: help, ports, parameters and their validation, examples, paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from graph_engine.blocks import Block, Category, Kind, ParameterError, ParameterSpec, Role, all_blocks
from graph_engine.blocks.block import slot_of
from graph_engine.blocks.parameter import ParameterType

BLOCKS = list(all_blocks().values())
PARAMETERS = [(block, spec) for block in BLOCKS for spec in block.parameters()]
FIRST = {"input", "output", "conv2d", "linear", "max_pool2d", "avg_pool2d", "global_avg_pool", "flatten", "reshape"}
FIRST |= {"batch_norm", "layer_norm", "dropout", "relu", "leaky_relu", "sigmoid", "tanh", "gelu", "softmax", "add"}
FIRST |= {"multiply", "concat", "highway", "residual", "self_attention", "cross_entropy", "mean_squared_error"}
FIRST |= {"accuracy"}


def named(value: type[Block] | ParameterSpec) -> str:
    return value.name if isinstance(value, ParameterSpec) else value.key()


def parameter(block: str, name: str) -> ParameterSpec:
    return next(spec for spec in all_blocks()[block].parameters() if spec.name == name)


def test_the_blocks_of_first_light_are_there() -> None:
    assert set(all_blocks()) >= FIRST


def test_they_come_in_the_order_of_the_categories() -> None:
    order = list(Category)
    assert all(order.index(a.category) <= order.index(b.category) for a, b in pairwise(BLOCKS))


def test_names_and_titles_are_the_blocks_own() -> None:
    assert len({block.key() for block in BLOCKS}) == len({block.title for block in BLOCKS}) == len(BLOCKS)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", block.key()) for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_its_help_is_a_sentence_and_gives_the_axes(block: type[Block]) -> None:
    summary, text = block.summary(), block.__doc__ or ""

    assert re.match(r"[A-Z].{15,}[.]$", summary), summary
    assert len(summary) <= 120
    assert block.title.split()[0].lower() != summary.split()[0].lower(), "the summary repeats the title"
    doc = text
    if block.category is Category.ACTIVATION:  # their file says it once for all
        import graph_engine.blocks.library.activation as module

        doc += module.__doc__ or ""
    assert re.search(r"\(N\b|shape -> |any -> |any\.", doc), "no axis letters"
    if block.role is not Role.OUTPUT:
        first = block.outputs[0].name
        assert re.search(rf"\by\b *:|-> ({first}|y): |\by = |yᵢ = ", doc), "it does not say what leaves it"


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_it_names_its_paper_or_needs_none(block: type[Block]) -> None:
    plain = {
        "input",
        "output",
        "flatten",
        "reshape",
        "positions_to_sequence",
        "sequence_to_positions",
        "add",
        "multiply",
        "concat",
        "accuracy",
    }
    plain |= {"subtract", "one_hot", "stack", "slice", "split", "split_evenly", "transpose", "squeeze", "unsqueeze"}
    plain |= {"sequence_accuracy", "matrix_product"}
    assert (block.reference is None) == (block.key() in plain)
    if block.reference is not None:
        assert 1900 < block.reference.year < 2030
        assert str(block.reference) == (f"{block.reference.authors} ({block.reference.year}). {block.reference.title}.")
        assert not block.reference.title.endswith(".")


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_it_can_be_found_by_more_than_its_title(block: type[Block]) -> None:
    assert block.keywords
    assert all(word == word.lower() and word.strip() == word for word in block.keywords)
    assert block.title.lower() not in block.keywords


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_its_ports_differ_and_are_explained(block: type[Block]) -> None:
    names = [port.name for port in block.inputs] + [port.name for port in block.outputs]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all(port.help or len(block.inputs) == 1 for port in block.inputs)
    assert bool(block.inputs) == (block.role is not Role.INPUT)
    assert bool(block.outputs) == (block.role is not Role.OUTPUT)
    assert all(isinstance(kind, Kind) for port in block.inputs for kind in port.kinds)
    assert sum(port.variadic for port in block.inputs) <= 1


@pytest.mark.parametrize("block", BLOCKS, ids=named)
def test_its_examples_can_be_made_and_cover_its_kinds(block: type[Block]) -> None:
    if block.role in (Role.INPUT, Role.OUTPUT):
        return
    assert block.examples
    kinds = set()
    for parameters, inputs in block.examples:
        assert set(parameters) <= {spec.name for spec in block.parameters()}
        block.make(parameters)
        assert all(block.input(port) is not None for port in inputs)
        kinds |= {(slot_of(port)[0], spec.kind.form) for port, spec in inputs.items()}
    declared = {(port.name, kind.form) for port in block.inputs for kind in port.kinds}
    missing = declared - kinds
    assert not missing, "no example has these"


@pytest.mark.parametrize(("block", "spec"), PARAMETERS, ids=named)
def test_a_parameter_is_explained(block: type[Block], spec: ParameterSpec) -> None:
    assert re.match(r"[A-Z]", spec.meta.title)
    assert spec.meta.help.endswith(".")
    assert len(spec.meta.title) <= 24
    assert spec.expectation
    assert spec.parse(spec.default) == spec.default, "the default is not what it takes"
    assert getattr(block(), spec.name) == spec.default
    if spec.type is ParameterType.CHOICE:
        assert len(spec.choices) > 1


def _wrong_words(spec: ParameterSpec) -> Iterator[Any]:
    if spec.type not in (ParameterType.TEXT, ParameterType.NOTE) and "image" not in spec.choices:
        yield "image"
    if spec.type is ParameterType.NOTE:
        yield from ("x" * 10_000, "two\nlines", 3)
    if spec.type in (ParameterType.TEXT, ParameterType.CHOICE, ParameterType.BOOL):
        yield from (0, 1, "", "two words", "lambda", "1st", "x" * 10_000)
    if spec.type is ParameterType.TEXT:
        yield from ("self.x", "a-b", "__debug__", "_hidden", "ﬁeld", "a\n", "None")


def _wrong(spec: ParameterSpec) -> Iterator[Any]:
    """Values that no parameter of this type and these bounds takes."""
    yield from (None, {}, {"a": 1}, [[1]], float("nan"), float("inf"), -float("inf"), 10**400, -(10**400))
    if spec.type is not ParameterType.NUMBERS:
        yield [1, 2.5]
    if spec.type not in (ParameterType.SHAPE, ParameterType.NUMBERS):
        yield from ([], (1, 2, 3))
    if spec.type is not ParameterType.BOOL:
        yield True
    yield from _wrong_words(spec)
    if spec.type is not ParameterType.FLOAT:
        yield 1.5
    if spec.type is ParameterType.SHAPE:
        yield from (3, "3x3", [True], ["two words"], ["N"], [3, None], [float("nan")], "ab")
    if spec.type is ParameterType.NUMBERS:
        yield from (3, "1, 2", [True], ["1"], [1, None], [float("nan")], [float("inf")], [10**400], [2**60])
    meta = spec.meta
    for low, step in ((meta.ge, 1), (meta.gt, 0)):
        if low is not None:
            value = low - step
            yield from (value, int(value), [int(value), 1], [1, int(value)])
    for high, step in ((meta.le, 1), (meta.lt, 0)):
        if high is not None:
            yield from (high + step, int(high + step), [int(high + step)] * 2)


@pytest.mark.parametrize(("block", "spec"), PARAMETERS, ids=named)
def test_a_wrong_value_is_refused_in_a_sentence(block: type[Block], spec: ParameterSpec) -> None:
    for value in _wrong(spec):
        with pytest.raises(ParameterError) as caught:
            block.make({spec.name: value})
        message = str(caught.value)
        assert caught.value.name == spec.name
        assert message.startswith(f"{spec.meta.title} must be "), message
        assert message.endswith("."), message
        assert len(message) < 250, message


def test_bounds_are_inclusive_or_not_as_declared() -> None:
    smoothing = parameter("cross_entropy", "label_smoothing")
    epsilon, probability = parameter("batch_norm", "epsilon"), parameter("dropout", "probability")

    assert smoothing.parse(0) == 0.0
    assert probability.parse(1) == 1.0
    assert isinstance(smoothing.parse(0), float)
    for spec, value in ((smoothing, 1), (epsilon, 0), (probability, 1.0001)):
        with pytest.raises(ParameterError):
            spec.parse(value)
    assert [spec.bounds for spec in (smoothing, epsilon, probability)] == ["≥ 0 and < 1", "> 0 and ≤ 1", "≥ 0 and ≤ 1"]


def test_a_pair_of_equals_is_one_number_and_a_list_becomes_a_tuple() -> None:
    conv = all_blocks()["conv2d"]

    assert conv.make({"kernel": [3, 3]}) == conv.make({"kernel": 3})
    assert conv.make({"kernel": [3, 5]}).kernel == (3, 5)  # type: ignore[attr-defined]


def test_numbers_are_any_count_of_floats_each_within_bounds() -> None:
    weights = parameter("cross_entropy", "class_weights")

    assert weights.type is ParameterType.NUMBERS
    assert weights.parse([]) == ()
    assert [(value, type(value)) for value in weights.parse([1, 2.5, 0])] == [(1.0, float), (2.5, float), (0.0, float)]
    assert weights.expectation == "a list of numbers, such as 1, 2.5, 0.3, each ≥ 0"
    with pytest.raises(ParameterError, match=r"each ≥ 0; got 1\.0, -2\.5, 3\.0\.$"):
        weights.parse([1, -2.5, 3])


def test_make_passes_over_what_is_no_parameter() -> None:
    relu = all_blocks()["relu"]
    assert relu.make({"channels": 3}) == relu()


def test_ports_are_found_by_name_and_slot() -> None:
    add, conv = all_blocks()["add"], all_blocks()["conv2d"]

    assert add.input("xs.0") is add.input("xs.12") is add.inputs[0]
    for wrong in ("xs", "xs.", "xs.a", "xs.²", "xs.-1", "x.0", "", "xs.0\n", "xs.99999999999999999999"):
        assert add.input(wrong) is None, wrong
    assert conv.input("x") is conv.inputs[0]
    assert conv.input("x.0") is None
    assert conv.output("y") is conv.outputs[0]
    assert conv.output("z") is None
