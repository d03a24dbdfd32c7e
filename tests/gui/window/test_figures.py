"""Numbers as the window writes them."""

from __future__ import annotations

import pytest

from app.figures import ago, clock, digits, plural, share, short, size_of


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (812, "812"), (999.9, "1.00 k"), (36_864, "36.9 k"), (2_360_000, "2.36 M"), (4.1e9, "4.10 G")],
)
def test_short(number: float, text: str) -> None:
    assert plain(short(number)) == text


@pytest.mark.parametrize(("number", "text"), [(12, "12 B"), (147_456, "147 kB"), (9_664, "9.66 kB"), (1e9, "1.00 GB")])
def test_size(number: float, text: str) -> None:
    assert plain(size_of(number)) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(42, 1000, "4.2 %"), (1, 1_000_000, "< 0.1 %"), (1, 1, "100 %"), (0, 5, "0 %"), (1, 0, "")],
)
def test_share(part: float, whole: float, text: str) -> None:
    assert plain(share(part, whole)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "just now"),
        (3.9, "3 s ago"),
        (150, "2 min ago"),
        (7_300, "2 h ago"),
        (90_000, "1 day ago"),
        (400_000, "4 days ago"),
    ],
)
def test_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(41, "0:41"), (3_723, "1:02:03"), (-1, "0:00")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_counts() -> None:
    assert plain(digits(36_864)) == "36 864"
    assert plural(1, "node") == "1 node"
    assert plain(plural(1_200, "node")) == "1 200 nodes"
