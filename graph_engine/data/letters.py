"""Words as letters and as groups of letters: the word hashing of Huang et al. (2013). Learning deep structured semantic
models for web search using clickthrough data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "#"
"""Stands before and after each word."""
ENGLISH = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Hashing:
    """What a vocabulary becomes when its words are told by their groups of letters.

    `collisions`: words that have the very groups of another, so that they can't be told apart from it.
    """

    words: int
    ngrams: int
    collisions: int


def ngrams_of(word: str, n: int = 3) -> list[str]:
    """The groups of n letters of a word between marks: `good` -> `#go`, `goo`, `ood`, `od#`."""
    marked = f"{MARK}{word}{MARK}"
    return [marked[at : at + n] for at in range(len(marked) - n + 1)]


def hash_words(words: Iterable[str], n: int = 3) -> Hashing:
    """How many different groups the different words have, and how many words collide: a row of the paper's table 1.

    The table (40 000 words: 1107 bigrams with 18 collisions, 10 306 trigrams with 2) is of a list of words that was
    never published; on that list this counts its numbers.
    """
    vocabulary = sorted(set(words))
    bags = [Counter(ngrams_of(word, n)) for word in vocabulary]
    different = {frozenset(bag.items()) for bag in bags}
    found = set().union(*bags)
    return Hashing(len(vocabulary), len(found), len(vocabulary) - len(different))


def letter_codes(text: str, length: int, letters: str = ENGLISH) -> list[int]:
    """A text as the block *Letter n-grams* takes it: 0 around each word and after the last, k for the k-th letter.

    Capitals count as small letters, anything else as the end of a word. What goes beyond `length` is cut off.
    """
    place = {letter: at for at, letter in enumerate(letters, start=1)}
    words = "".join(letter if letter in place else " " for letter in text.lower()).split()
    codes = [0, *(code for word in words for code in (*(place[letter] for letter in word), 0))]
    return (codes + [0] * length)[:length]
