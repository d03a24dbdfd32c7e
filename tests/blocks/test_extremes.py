"""Absurd values that a parameter takes: a block computes with them or refuses in words, and never breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from graph_engine.blocks import ParameterError, ParameterSpec, Refusal
from graph_engine.blocks.parameter import ParameterType
from graph_engine.check.shapes import run_block
from tests.blocks.cases import Case, declared_cases

HUGE = (0, 1, 2, 7, 1000, 2**31, 2**40, 2**52, -1, -(2**31))


def extremes(spec: ParameterSpec) -> Iterator[Any]:
    """Values of the right type, bounded or not; those that the parameter does not take are passed over."""
    match spec.type:
        case ParameterType.INT:
            yield from HUGE
        case ParameterType.PAIR:
            yield from HUGE
            yield from ([1, 2**40], [2**52, 1], [2, 3])
        case ParameterType.SHAPE:
            yield from ([], [2**52], [2**31, 2**31], [1] * 8, [-1], [-1, 7], [0], ["T"], ["T", -1], [60], [3, 4, 5, 1])
        case ParameterType.NUMBERS:
            yield from ([], [0], [0, 0], [1e-300] * 6, [1e15] * 10, [-1.0], [1.0] * 6, [0.0] * 10, [1.0] * 3000)
        case ParameterType.FLOAT:
            yield from (0.0, 1e-300, 1.0, 1e15, -1e15, -0.0)
        case ParameterType.CHOICE:
            yield from spec.choices
        case ParameterType.BOOL:
            yield from (True, False)
        case _:
            yield from ("x", "self", "forward")


@pytest.mark.parametrize("case", declared_cases(), ids=str)
def test_a_block_computes_or_refuses(case: Case) -> None:
    for spec in case.block.parameters():
        taken = 0
        for value in extremes(spec):
            changed = Case(case.block, {**case.parameters, spec.name: value}, case.inputs)
            try:
                made = changed.made
            except ParameterError:
                continue
            taken += 1
            words = "."
            try:
                result = run_block(made, changed.specs)
            except Refusal as refusal:
                words = refusal.message
            else:
                assert all(dim != 0 for output in result.outputs.values() for dim in output.shape)
            assert words.endswith("."), words
            assert len(words) < 260, words
            assert len(made.tell()) < 80
        assert taken, f"no value of {spec.name} was tried"


@pytest.mark.parametrize("case", declared_cases(), ids=str)
def test_a_block_computes_or_refuses_where_all_is_absurd(case: Case) -> None:
    for at in range(12):
        values = {}
        for spec in case.block.parameters():
            tried = list(extremes(spec))
            values[spec.name] = tried[at % len(tried)]
        with suppress(ParameterError, Refusal):
            run_block(case.block.make(values), case.specs)
