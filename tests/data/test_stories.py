"""Stories with a question, and sequences to be copied: what the two generated data sets hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from graph_engine.data import DataError, FieldKind, open_dataset, resolve, samples, split
from graph_engine.data.copying import BITS, LONGEST, SEQUENCES, frame, make_copies
from graph_engine.data.stories import PEOPLE, PLACES, SENTENCES, STORIES, VOCABULARY, WORDS, make_stories, read_words
from graph_engine.document import Binding, SetParameter
from graph_engine.document.builder import Builder


def test_the_answer_is_where_the_person_last_went() -> None:
    """Read as words, by a reader that shares nothing with the maker."""
    made = make_stories(300, seed=3)
    for story, question, answer in zip(made["story"], made["question"], made["answer"], strict=True):
        *asks, person = read_words(question).split()
        assert asks == ["where", "is"]
        assert person in PEOPLE
        lines = read_words(story).split("\n")
        about = [line for line in lines if line.startswith(f"{person} ")]
        assert about, "nobody is asked for who is not in the story"
        assert about[-1].split()[-1] == VOCABULARY[answer]


def test_one_sentence_supports_the_answer() -> None:
    made = make_stories(200, seed=4)
    for story, question, answer, support in zip(*made.values(), strict=True):
        words = story[support][story[support] > 0]
        assert words[0] == question[2]
        assert words[-1] == answer
        assert not (story[support + 1 :, 0] == question[2]).any()


def test_stories_have_every_length_and_end_where_the_question_begins() -> None:
    story = make_stories()["story"]
    told = story[:, :, 0] > 0

    assert set(told.sum(1).tolist()) == set(range(2, SENTENCES + 1))
    assert told[:, -1].all()
    assert (np.diff(told.astype(int), axis=1) >= 0).all(), "no sentence is missing between others"
    assert (np.diff((story > 0).astype(int), axis=2) <= 0).all(), "words come first, then none"
    assert (story[:, :, WORDS - 1] > 0).any()
    assert story.max() < len(VOCABULARY)


def test_answers_are_spread_over_places() -> None:
    answers = np.bincount(make_stories()["answer"], minlength=len(VOCABULARY)) / STORIES

    assert {VOCABULARY[number] for number in np.flatnonzero(answers)} == set(PLACES)
    assert answers[answers > 0].min() > 0.14
    assert answers.max() < 0.2


def test_most_stories_can_not_be_answered_by_their_last_sentence() -> None:
    made = make_stories()
    last = made["story"][:, -1]
    guess = np.where(last[:, 5] > 0, last[:, 5], last[:, 4])

    assert 0.2 < (guess == made["answer"]).mean() < 0.6


def test_the_seed_decides() -> None:
    for make in (make_stories, make_copies):
        one, same, other = make(50, seed=1), make(50, seed=1), make(50, seed=2)
        assert all(np.array_equal(one[name], same[name]) for name in one)
        assert any(not np.array_equal(one[name], other[name]) for name in one)


def test_what_is_made_does_not_change() -> None:
    """A run can be repeated only if its data can."""
    story = make_stories(1)["story"][0]

    assert open_dataset("stories").serve("story", (SENTENCES, WORDS), "int64", [0])[0].tolist() == story.tolist()
    assert open_dataset("stories").fingerprint[:12] == "9c8c5923c42c"
    assert open_dataset("copying").fingerprint[:12] == "efa5a9415116"


def test_stories_are_served_as_whole_numbers() -> None:
    stories = open_dataset("stories")
    story, question = stories.field("story"), stories.field("question")

    assert len(stories) == STORIES
    assert story.kind is question.kind is FieldKind.TOKENS
    assert stories.serve("story", (SENTENCES, WORDS), "int64").dtype == torch.int64
    assert stories.serve("question", (3,), "int64", [0, 1]).shape == (2, 3)
    assert stories.label is not None
    assert stories.label.class_name(1) == "bathroom"
    with pytest.raises(DataError, match=r"The field story can't be served as 10×6 float32: it is tokens of 20 values"):
        stories.serve("story", (SENTENCES, WORDS))
    (shown,) = samples(stories, [5])
    assert (shown.field, shown.value.dtype, shown.label_name in PLACES) == ("story", np.int64, True)


def test_stories_are_held_out_by_their_answers() -> None:
    stories = open_dataset("stories")
    parts = split(stories, 0.2, 0)
    answers = stories.serve("answer", (), "int64")

    for number in torch.unique(answers):
        share = (answers[parts.validation] == number).sum() / (answers == number).sum()
        assert share == pytest.approx(0.2, abs=0.01)


def test_an_input_of_another_type_or_length_is_mended() -> None:
    net = Builder("Net", binding=Binding(dataset="stories"))
    story = net.input("story", SENTENCES, WORDS)
    net.output(story)
    (problem,) = resolve(net.document).problems
    assert problem.fixes[0].edit == SetParameter("input_1", "dtype", "int64")
    net.document.apply(problem.fixes[0].edit)
    assert resolve(net.document).ok

    net.document.apply(SetParameter("input_1", "shape", [4, WORDS]))
    (problem,) = resolve(net.document).problems
    assert problem.fixes[0].edit == SetParameter("input_1", "shape", [SENTENCES, WORDS])

    net.document.apply(problem.fixes[0].edit)
    net.document.apply(SetParameter("input_1", "classes", 7))
    (problem,) = resolve(net.document).problems
    assert problem.fixes[0].edit == SetParameter("input_1", "classes", len(VOCABULARY))


def test_tokens_go_to_an_input_of_their_shape_whatever_it_is_called() -> None:
    net = Builder("Net", binding=Binding(dataset="stories"))
    net.output(net.input("text", SENTENCES, WORDS, classes=len(VOCABULARY), label=True))

    assert resolve(net.document).inputs["input_1"].field == "story"


def test_a_sequence_is_said_after_it_was_heard() -> None:
    made = make_copies(300, seed=5)
    for heard, said, asked in zip(*made.values(), strict=True):
        mark = int(np.flatnonzero(heard[:, BITS])[0])
        assert 1 <= mark <= LONGEST
        assert heard[mark:, BITS].all()
        assert not heard[mark:, :BITS].any()
        assert np.array_equal(said[mark + 1 : 2 * mark + 1], heard[:mark, :BITS])
        assert np.flatnonzero(asked[:, 0]).tolist() == list(range(mark + 1, 2 * mark + 1))
        assert not said[asked[:, 0] == 0].any()


def test_sequences_are_as_long_as_asked_for_and_evenly_random() -> None:
    lengths = make_copies()["asked"].sum((1, 2))
    assert np.bincount(lengths.astype(int))[1:] == pytest.approx(SEQUENCES / LONGEST, rel=0.15)

    long = make_copies(50, 20, 20, bits=4)
    assert {name: values.shape for name, values in long.items()} == {
        "heard": (50, frame(20), 5),
        "said": (50, frame(20), 4),
        "asked": (50, frame(20), 1),
    }
    assert long["heard"][:, :20, :4].mean() == pytest.approx(0.5, abs=0.03)


def test_copies_are_served_as_sequences() -> None:
    copying = open_dataset("copying")

    assert copying.label is None
    assert copying.serve("heard", (frame(LONGEST), BITS + 1)).dtype == torch.float32
    assert copying.field("heard").describe() == "a sequence of shape 17×9"
    parts = split(copying, 0.2, 0)
    assert (len(parts.train), len(parts.validation)) == (3200, 800)
