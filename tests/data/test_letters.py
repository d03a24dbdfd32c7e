"""Words as groups of letters, by hand and against the block that counts them."""

from __future__ import annotations

from itertools import product

import torch

from graph_engine.data.letters import ENGLISH, Hashing, hash_words, letter_codes, ngrams_of
from graph_engine.nn.text import letter_ngrams


def test_the_words_of_the_paper_and_the_slide() -> None:
    assert ngrams_of("good") == ["#go", "goo", "ood", "od#"]
    assert ngrams_of("cat") == ["#ca", "cat", "at#"]
    assert ngrams_of("a", 2) == ["#a", "a#"]
    assert ngrams_of("", 3) == []


def test_different_groups_are_counted_once_and_so_are_words() -> None:
    # good: #go goo ood od#; wood: #wo woo (ood od#)
    assert hash_words(["good", "wood", "good"]) == Hashing(words=2, ngrams=6, collisions=0)
    assert hash_words([]) == Hashing(0, 0, 0)


def test_words_with_the_same_groups_collide() -> None:
    # both have #a, aa, ab, ba, a#; of three letters they have aab, aba, ba# and #ab, aba, baa
    assert hash_words(["aaba", "abaa"], 2).collisions == 1
    assert hash_words(["aaba", "abaa"], 3).collisions == 0


def test_all_words_of_an_alphabet_have_all_its_groups() -> None:
    """Of three letters and words up to four long: 3³ inside, and 3² with a mark at either end, and 3 with both."""
    words = ["".join(word) for size in range(1, 5) for word in product("abc", repeat=size)]
    assert hash_words(words).ngrams == 27 + 9 + 9 + 3


def test_a_text_becomes_letters_between_marks() -> None:
    assert letter_codes("A cab!", 8) == [0, 1, 0, 3, 1, 2, 0, 0]
    assert letter_codes("cab", 3) == [0, 3, 1]
    assert letter_codes("", 4) == [0, 0, 0, 0]


def test_the_block_counts_the_groups_of_the_words_of_a_text() -> None:
    text, size = "the good wood, the end", len(ENGLISH) + 1
    for n in (2, 3, 4):
        counted = letter_ngrams(torch.tensor([letter_codes(text, 40)]), size, n)[0]
        expected = torch.zeros(size**n)
        for word in ("the", "good", "wood", "the", "end"):
            for gram in ngrams_of(word, n):
                codes = [0 if letter == "#" else ENGLISH.index(letter) + 1 for letter in gram]
                expected[sum(code * size ** (n - 1 - at) for at, code in enumerate(codes))] += 1
        assert torch.equal(counted, expected), n
