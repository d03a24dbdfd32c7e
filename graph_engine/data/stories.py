"""Short stories with a question, made by rule: people go to places, and one is asked where somebody is.

After task 1, single supporting fact, of Weston, Bordes, Chopra, Rush, van Merriënboer, Joulin, Mikolov (2016). Towards
AI-complete question answering: a set of prerequisite toy tasks. Made here, not taken from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

PEOPLE = ("mary", "john", "daniel", "sandra")
PLACES = ("bathroom", "hallway", "garden", "office", "bedroom", "kitchen")
MOVES = ("moved", "went", "journeyed", "travelled", "went back")
VOCABULARY = ("–", *PLACES, *PEOPLE, "moved", "went", "journeyed", "travelled", "back", "to", "the", "where", "is")
"""The words by their numbers; 0 stands for no word."""

STORIES = 5000
SENTENCES, LEAST_SENTENCES = 10, 2
WORDS = 6
"""Words of the longest sentence: *mary went back to the kitchen*."""
_SEED = 2015


@cache
def stories() -> Dataset:
    """Stories of two to ten sentences, each with a question that one of its sentences answers."""
    words = len(VOCABULARY)
    return Dataset(
        name="stories",
        title="Stories",
        summary=f"{STORIES} short stories of people who go to places. Where is one of them? One sentence tells.",
        licence="Made by a rule of Layerloom's, after bAbI task 1: free for any use.",
        fields=(
            Field(name="story", kind=FieldKind.TOKENS, shape=(SENTENCES, WORDS), classes=words, class_names=VOCABULARY),
            Field(name="question", kind=FieldKind.TOKENS, shape=(3,), classes=words, class_names=VOCABULARY),
            Field(name="answer", kind=FieldKind.LABEL, shape=(), classes=words, class_names=VOCABULARY),
        ),
        length=STORIES,
        source=ArraySource(make_stories),
    )


def make_stories(count: int = STORIES, seed: int = _SEED) -> Mapping[str, Array]:
    """`count` stories: `story` (n, S, W) and `question` (n, 3) int64, `answer` int64, `support` int64.

    A story of fewer sentences begins later, so that the last sentence always stands last; sentences end in no words.
    The person asked for moves at least once. `answer` is the number of the place's word; `support` is the one sentence
    that tells it, from 0.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    number = {word: at for at, word in enumerate(VOCABULARY)}
    story = np.zeros((count, SENTENCES, WORDS), dtype=np.int64)
    question = np.zeros((count, 3), dtype=np.int64)
    answer, support = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for at in range(count):
        length = int(random.integers(LEAST_SENTENCES, SENTENCES + 1))
        last: dict[str, tuple[int, str]] = {}
        for place_in_story in range(SENTENCES - length, SENTENCES):
            person, move, place = (words[random.integers(len(words))] for words in (PEOPLE, MOVES, PLACES))
            sentence = [number[word] for word in f"{person} {move} to the {place}".split()]
            story[at, place_in_story, : len(sentence)] = sentence
            last[person] = place_in_story, place
        asked = sorted(last)[random.integers(len(last))]
        question[at] = [number[word] for word in ("where", "is", asked)]
        support[at], answer[at] = last[asked][0], number[last[asked][1]]
    return {"story": story, "question": question, "answer": answer, "support": support}


def read_words(tokens: Array) -> str:
    """Tokens as words, sentences (rows) in lines: `mary went to the kitchen`."""
    if tokens.ndim > 1:
        return "\n".join(filter(None, map(read_words, tokens)))
    return " ".join(VOCABULARY[token] for token in tokens.tolist() if token)
