"""Specs of tensors: symbolic lengths, kinds, words."""

from __future__ import annotations

from fractions import Fraction

import pytest

from graph_engine.blocks import Axis, Kind, TensorSpec, kind_of
from graph_engine.blocks.tensor import N


@pytest.mark.parametrize(
    ("axis", "text", "at_ten"),
    [
        (Axis("T"), "T", 10),
        (Axis("T", Fraction(2)), "2T", 20),
        (Axis("T", Fraction(1), Fraction(3)), "T+3", 13),
        (Axis("T", Fraction(1), Fraction(-4)), "T-4", 6),
        (Axis("T", Fraction(1, 2)), "T/2", 5),
        (Axis("T", Fraction(1, 2), Fraction(1, 2)), "(T+1)/2", 5),
        (Axis("H", Fraction(1, 4), Fraction(-3, 4)), "(H-3)/4", 1),
        (Axis("H·W", Fraction(3)), "3H·W", 30),
        (Axis("W", Fraction(1, 3), Fraction(1, 3), 6), "6⌊(W+1)/3⌋", 18),
        (Axis("W", Fraction(1, 2), Fraction(0), 6, 1), "6⌊W/2⌋+1", 31),
    ],
)
def test_an_axis_says_how_its_length_follows_from_its_symbol(axis: Axis, text: str, at_ten: int) -> None:
    assert str(axis) == text
    assert axis.at(10) == at_ten


@pytest.mark.parametrize(
    ("rank", "measured", "whole"),
    [
        (0, Kind.SCALAR, Kind.ANY),
        (1, Kind.ANY, Kind.LABEL),
        (2, Kind.VECTOR, Kind.TOKENS),
        (3, Kind.SEQUENCE, Kind.ANY),
        (4, Kind.IMAGE, Kind.ANY),
        (5, Kind.VOLUME, Kind.ANY),
        (6, Kind.ANY, Kind.ANY),
    ],
)
def test_rank_and_type_tell_the_kind(rank: int, measured: Kind, whole: Kind) -> None:
    shape = (N, 2, 3, 4, 5, 6)[:rank]
    assert kind_of(shape, "float32") is measured is TensorSpec(shape).kind
    assert kind_of(shape, "int64") is whole is TensorSpec(shape, "int64").kind


def test_a_kind_that_is_given_stays() -> None:
    assert TensorSpec((), kind=Kind.SCALAR).kind is Kind.SCALAR
    assert TensorSpec((N, 3), kind=Kind.TOKENS).kind is Kind.TOKENS


def test_a_spec_reads_as_a_person_writes_it() -> None:
    assert str(TensorSpec((N, 3, 28, 28))) == "N×3×28×28"
    assert str(TensorSpec((N, Axis("T"), 64))) == "N×T×64"
    assert str(TensorSpec(())) == "scalar"


def test_lengths_are_numbers_or_an_error_that_says_why() -> None:
    spec = TensorSpec((N, Axis("T"), 64))

    assert spec.length(-1) == spec.length(2) == 64
    with pytest.raises(ValueError, match="axis 1 of N×T×64 is known only when data comes"):
        spec.length(1)
    for axis in (3, -4):
        with pytest.raises(ValueError, match="N×T×64 has no axis"):
            spec.length(axis)


def test_elements_of_a_sample_are_known_unless_a_length_is_not() -> None:
    assert TensorSpec((N, 3, 4, 5)).elements_per_sample == 60
    assert TensorSpec((N,)).elements_per_sample == 1
    assert TensorSpec((N, Axis("T"), 4)).elements_per_sample is None


def test_every_kind_but_any_names_its_axes() -> None:
    assert [kind for kind in Kind if not kind.axes] == [Kind.ANY]
