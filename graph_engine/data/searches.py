"""Queries and pairs of documents, of which one is what is looked for: ad-hoc retrieval in small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SEARCHES = 2000
WORDS = 300
FEATURES = 16
"""Length of the vector of a word."""
TERMS, LONG = 3, 24
"""Words of a query and of a document."""
_TOPICS = 30
_SEED = 2016


@cache
def searches() -> Dataset:
    """Queries of three words with two documents each."""
    vectors = (LONG, FEATURES)
    return Dataset(
        name="searches",
        title="Searches",
        summary=f"{SEARCHES} queries of {TERMS} words with two documents each, of which one has the rarest word.",
        licence="Made by a rule of Layerloom's: free for any use.",
        fields=(
            Field(name="query", kind=FieldKind.SEQUENCE, shape=(TERMS, FEATURES)),
            Field(name="rarity", kind=FieldKind.SEQUENCE, shape=(TERMS, 1)),
            Field(name="first", kind=FieldKind.SEQUENCE, shape=vectors),
            Field(name="second", kind=FieldKind.SEQUENCE, shape=vectors),
            Field(name="better", kind=FieldKind.LABEL, shape=(), classes=2, class_names=("the first", "the second")),
        ),
        length=SEARCHES,
        source=ArraySource(make_searches),
    )


def make_searches(count: int = SEARCHES, seed: int = _SEED) -> Mapping[str, Array]:
    """`query` (n, TERMS, FEATURES) and `first`, `second` (n, LONG, FEATURES): vectors of length 1 for words, near for
    words of one topic; `rarity` (n, TERMS, 1): log(1/p) of each term, p being how often it is used; `better` (n,):
    which document holds the rarest term, where the other holds the two that are not as rare. float32 and int64.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    topics = random.standard_normal((_TOPICS, FEATURES))
    vectors = topics[np.arange(WORDS) % _TOPICS] + 0.6 * random.standard_normal((WORDS, FEATURES))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    used = 1 / np.arange(1, WORDS + 1)  # as in languages: the k-th word is used 1/k as often as the first
    used /= used.sum()
    query = np.sort(np.stack([random.choice(WORDS, TERMS, replace=False) for _ in range(count)]), axis=1)
    documents = random.choice(WORDS, (2, count, LONG), p=used)
    better = random.integers(0, 2, count)
    rows = np.arange(count)
    for places, terms, which in ((2, query[:, -1:], better), (4, query[:, :-1], 1 - better)):
        at = np.argsort(random.random((count, LONG)), axis=1)[:, :places]
        documents[which[:, None], rows[:, None], at] = np.tile(terms, 2)
    query = random.permuted(query, axis=1)
    rarity = np.log(1 / used[query])[:, :, None]
    found = {"query": vectors[query], "rarity": rarity, "first": vectors[documents[0]], "second": vectors[documents[1]]}
    return {name: value.astype(np.float32) for name, value in found.items()} | {"better": better.astype(np.int64)}
