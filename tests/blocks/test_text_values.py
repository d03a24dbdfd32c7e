"""Texts as counts: the histogram of the slides, its bins, and groups of letters that share counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.data.letters import letter_codes
from graph_engine.nn.text import letter_ngrams, similarity_histogram
from tests.blocks.cases import Case, Direct, real

QUERY, DOCUMENT = TensorSpec((N, 3, 8)), TensorSpec((N, 7, 8))


def made(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Direct:
    return Direct(Case(get_block(block), parameters, inputs))


def refusal(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
    case = Case(get_block(block), parameters, inputs)
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    return caught.value


def test_the_histogram_of_the_slide() -> None:
    similarity = torch.tensor([[[1.0, 0.2, 0.7, 0.3, -0.1, 0.1]]])
    counts = similarity_histogram(similarity, 5, "count")

    assert counts.tolist() == [[[0, 1, 3, 1, 1]]]
    torch.testing.assert_close(similarity_histogram(similarity, 5, "share"), counts / 6)
    torch.testing.assert_close(similarity_histogram(similarity, 5, "log"), (counts + 1).log())


def test_a_bin_holds_its_lower_edge() -> None:
    """[−1, −½), [−½, 0), [0, ½), [½, 1), and 1 itself."""
    similarity = torch.tensor([[[-1.0, -0.51, -0.5, -0.01, 0.0, 0.49, 0.5, 0.99, 1.0]]])
    assert similarity_histogram(similarity, 5, "count").tolist() == [[[2, 2, 2, 2, 1]]]


@pytest.mark.parametrize("bins", [2, 5, 30, 1000])
def test_the_same_word_is_in_the_last_bin_whatever_its_vector(bins: int) -> None:
    query = torch.randn(50, 3, 8)
    (counts,) = made("matching_histogram", {"bins": bins, "count": "count"}, query=QUERY, document=QUERY)(
        {"query": query, "document": query * 7}
    )

    assert counts[..., -1].min() == 1
    assert (counts.sum(2) == 3).all()


def test_cosines_are_sorted_as_by_hand() -> None:
    values = {"query": real(QUERY, 4), "document": real(DOCUMENT, 4, 1)}
    (counts,) = made("matching_histogram", {"bins": 11, "count": "count"}, query=QUERY, document=DOCUMENT)(values)
    for sample in range(4):
        for word in range(3):
            cosines = F.cosine_similarity(values["query"][sample, word], values["document"][sample], dim=1)
            expected = torch.histc(cosines, bins=10, min=-1, max=1)
            assert counts[sample, word].tolist() == [*expected.tolist(), 0]


def test_words_of_both_have_vectors_of_one_length() -> None:
    found = refusal("matching_histogram", {}, query=QUERY, document=TensorSpec((N, 7, 9)))
    assert found.port == "document"


def test_groups_share_counts_by_remainder() -> None:
    text = torch.tensor([letter_codes("good wood", 12), letter_codes("cat", 12)])
    whole = letter_ngrams(text, 27)
    shared = letter_ngrams(text, 27, features=100)
    expected = torch.zeros(2, 100)
    for at in range(27**3):
        expected[:, at % 100] += whole[:, at]

    assert torch.equal(shared, expected)
    assert whole.sum(1).tolist() == [8, 3]


def test_too_many_groups_or_too_few_letters_are_refused_with_a_way_out() -> None:
    letters = TensorSpec((N, 9), "int64", classes=27)
    assert refusal("letter_ngrams", {"n": 5}, x=letters).parameter == "features"
    assert refusal("letter_ngrams", {}, x=TensorSpec((N, 2), "int64", classes=27)).port == "x"
    assert refusal("letter_ngrams", {}, x=TensorSpec((N, 9), "int64")).parameter == "alphabet"
    assert refusal("letter_ngrams", {"alphabet": 20}, x=letters).parameter == "alphabet"
