"""Relevance matching learns what counts in a query in a part of its epochs."""

from __future__ import annotations

from tests.presets.training import accuracy


def test_the_rarest_word_of_a_query_decides() -> None:
    """The other document has the two that are not as rare; one half is right by chance."""
    assert accuracy("drmm", epochs=4) >= 0.95
