"""The data sets made for a way of training: what they promise, read by what shares nothing with their makers."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
import torch
from sklearn.datasets import make_friedman1

from graph_engine.data import list_datasets, open_dataset, split
from graph_engine.data.asked import PLACES, make_asked
from graph_engine.data.asked import WORDS as ASKED
from graph_engine.data.dates import DATES, ISO, LETTERS, START, WRITTEN, make_dates, read_letters
from graph_engine.data.few_shot import HELD_OUT, OTHERS, TRAINING, WAYS, make_tasks
from graph_engine.data.friedman import make_friedman
from graph_engine.data.hulls import END, make_hulls
from graph_engine.data.ring import CLOUDS, RADIUS, SPREAD, centres, make_ring
from graph_engine.data.scenes import DIGIT, MOST, SIDE, make_scenes
from graph_engine.data.scenes import HELD_OUT as SCENES_HELD_OUT
from graph_engine.data.scenes import TRAINING as SCENES
from graph_engine.data.searches import make_searches
from graph_engine.data.spelled import ALPHABET, FRAMES, NAME

FINGERPRINTS = {
    "dates": "26a63689dc29",
    "friedman": "c55d20702142",
    "gaussian_ring": "b6066bedeea2",
    "digit_tasks": "72145057fbcd",
    "permuted_digits": "0a8d74b77cd6",
    "few_shot_digits": "1a548c399ffb",
    "digit_scenes": "c4587d96d83c",
    "spelled_digits": "437dd13d4df8",
    "convex_hulls": "e2b405e2cb90",
    "asked_scenes": "424f3531a7a0",
    "searches": "8f974e53d046",
}


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_what_is_made_does_not_change(name: str) -> None:
    """A run can be repeated only if its data can."""
    assert open_dataset(name) in list_datasets()
    assert open_dataset(name).fingerprint[:12] == FINGERPRINTS[name]


def test_the_clouds_lie_on_a_circle_and_have_their_spread() -> None:
    ring = make_ring()
    middles = centres()
    assert np.linalg.norm(middles, axis=1) == pytest.approx(RADIUS)
    assert np.bincount(ring["cloud"], minlength=CLOUDS) == pytest.approx(1000, rel=0.1)
    off = ring["point"] - middles[ring["cloud"]]
    assert off.std(axis=0) == pytest.approx(SPREAD, rel=0.05)
    nearest = np.linalg.norm(ring["point"][:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == ring["cloud"]).all()


def test_without_noise_it_is_friedmans_function() -> None:
    made = make_friedman(200, noise=0)
    x = made["x"].astype(np.float64)
    expected = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    assert made["y"][:, 0] == pytest.approx(expected, rel=1e-5)
    assert make_friedman()["y"].mean() == pytest.approx(make_friedman1(20000, random_state=0)[1].mean(), abs=0.2)
    assert (make_friedman()["y"] - make_friedman(noise=0)["y"]).std() == pytest.approx(1, abs=0.03)


def test_one_support_is_of_the_querys_class_and_never_the_query_itself() -> None:
    images = np.arange(60, dtype=np.float64).reshape(60, 1, 1)  # an image that tells its place
    labels = np.arange(60) % 6
    made = make_tasks(images, labels, 300, (0, 2, 3, 5), seed=1)
    place = {name: made[name].reshape(-1).astype(int) for name in made if name not in ("answer", "same")}
    support = np.stack([place[f"support_{way + 1}"] for way in range(WAYS)], axis=1)

    assert set(labels[support].reshape(-1).tolist()) == {0, 2, 3, 5}
    right = labels[support] == labels[place["query"]][:, None]
    assert (right.sum(axis=1) == 1).all()
    assert (right.argmax(axis=1) == made["answer"]).all()
    assert (support != place["query"][:, None]).all()
    assert (labels[place["positive"]] == labels[place["query"]]).all()
    assert (labels[place["negative"]] != labels[place["query"]]).all()
    assert (place["negative"][:, None] == support).any(axis=1).all()
    assert ((labels[place["second"]] == labels[place["query"]]) == (made["same"] == 1)).all()
    assert 0.4 < made["same"].mean() < 0.6


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_classes_held_out_are_never_trained_on(share: float) -> None:
    tasks, digits = open_dataset("few_shot_digits"), open_dataset("digits")
    parts = split(tasks, share, seed=3)
    assert len(parts.train) == TRAINING
    assert len(parts.validation) == (HELD_OUT if share else 0)
    drawn = {tuple(image.flatten().tolist()) for image in tasks.serve("query", (1, 8, 8), indices=parts.train.tolist())}
    labels = digits.serve("label", (), "int64")
    others = digits.serve("image", (1, 8, 8))[torch.isin(labels, torch.tensor(OTHERS))]
    assert not drawn & {tuple(image.flatten().tolist()) for image in others}


def test_a_date_is_said_as_it_is_written() -> None:
    """Read by the standard library."""
    made = make_dates(300, seed=5)
    for written, before, said in zip(made["written"], made["before"], made["said"], strict=True):
        text = read_letters(written)
        forms = ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d %Y")
        read = [when for form in forms if (when := _read(text, form)) is not None]
        assert read, text
        assert {when.date().isoformat() for when in read} == {read_letters(said)}
        assert before.tolist() == [START, *said[:-1].tolist()]


def test_dates_fit_and_are_in_every_form() -> None:
    written = make_dates()["written"]
    assert written.shape == (DATES, WRITTEN)
    assert (written[:, -1] > 0).any(), "no letter more than the longest date has"
    assert written.max() < len(LETTERS)
    assert make_dates()["said"].shape == (DATES, ISO)
    commas = (written == LETTERS.index(",")).any(axis=1).mean()
    assert commas == pytest.approx(0.25, abs=0.03)


def test_each_digit_has_its_further_answers() -> None:
    tasks, digits = open_dataset("digit_tasks"), open_dataset("digits")
    label, images = digits.serve("label", (), "int64"), digits.serve("image", (1, 8, 8))

    assert torch.equal(tasks.serve("label", (), "int64"), label)
    assert torch.equal(tasks.serve("odd", (), "int64") == 1, torch.tensor([int(each) % 2 == 1 for each in label]))
    assert torch.allclose(tasks.serve("ink", (1,))[:, 0], images.flatten(1).mean(dim=1))


def test_pixels_are_exchanged_by_one_rule() -> None:
    data = open_dataset("permuted_digits")
    plain, permuted = data.serve("image", (64,)), data.serve("permuted", (64,))

    assert not torch.equal(plain, permuted)
    assert torch.equal(plain.sort(dim=1).values, permuted.sort(dim=1).values)
    columns = {tuple(column.tolist()) for column in plain.T}
    assert columns == {tuple(column.tolist()) for column in permuted.T}, "the same exchange in every image"


def test_a_scene_is_of_whole_digits_and_each_pixel_knows_its_own() -> None:
    """Digits of one ink each, so that the picture itself says whose a pixel is."""
    images = np.array([4, 10, 12, 16], dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2)
    made = make_scenes(images, np.array([2, 5, 0, 9]), 200, seed=3)
    classes = {0: 0, 64: 3, 159: 6, 191: 1, 255: 10}  # rounded from 255 × ink / 16
    wanted = np.vectorize(classes.__getitem__)(made["image"][:, 0])

    assert (made["label"] == wanted).all()
    digits = (made["label"] > 0).sum(axis=(1, 2)) / DIGIT**2
    assert set(digits.tolist()) == {float(number + 1) for number in range(MOST)}, "none lies on another, none is cut"


def test_no_digit_is_in_scenes_of_both_kinds() -> None:
    data, digits = open_dataset("digit_scenes"), open_dataset("digits")
    parts = split(data, 0.2, seed=1)
    assert (len(parts.train), len(parts.validation)) == (SCENES, SCENES_HELD_OUT)
    image, label = data.serve("image", (1, SIDE, SIDE)), data.serve("label", (SIDE, SIDE), "int64")
    assert (label > 0).logical_or(image[:, 0] < 0.26).all()
    assert label.unique().tolist() == list(range(11))

    resized = torch.nn.functional.interpolate(digits.serve("image", (1, 8, 8)), size=DIGIT, mode="bilinear")
    late = {_rounded(each) for each in resized[len(digits) * 4 // 5 :]}
    early = {_rounded(each) for each in resized[: len(digits) * 4 // 5]}
    for parted, own, other in ((parts.train, early, late), (parts.validation, late, early)):
        frames = image[parted[:40]].unfold(2, DIGIT, 1).unfold(3, DIGIT, 1).reshape(-1, DIGIT, DIGIT)
        found = {_rounded(each) for each in frames[frames.amax((1, 2)) > 0.5]}
        assert len(found & own) > 20
        assert not found & (other - own)


def _rounded(image: torch.Tensor) -> bytes:
    """Ink in 255 steps."""
    return bytes((image * 255).round().to(torch.uint8).flatten().tolist())


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  a date alone
    except ValueError:
        return None


def test_a_hull_has_all_points_to_its_left() -> None:
    """Whoever walks along it sees no point on the right; it begins at the first point and returns there."""
    made = make_hulls(200, seed=7)
    for points, before, hull in zip(made["points"].astype(np.float64), made["before"], made["hull"], strict=True):
        places = hull[hull > 0].tolist()
        assert places[0] == 1
        assert len(set(places)) == len(places) >= 3
        assert (hull[len(places) :] == 0).all()
        assert before.tolist() == [0, *hull[:-1].tolist()]
        assert points[0].tolist() == list(END)
        for here, there in zip(places, [*places[1:], places[0]], strict=True):
            (ax, ay), (bx, by) = points[here], points[there]
            others = np.delete(points, [0, here, there], axis=0)
            assert ((bx - ax) * (others[:, 1] - ay) - (by - ay) * (others[:, 0] - ax) > 0).all()


def test_the_better_document_holds_the_rarest_word_alone() -> None:
    made = make_searches(300, seed=9)
    rarest = made["rarity"][:, :, 0].argmax(axis=1)
    rows = np.arange(300)
    word = made["query"][rows, rarest]  # (n, E)
    assert np.linalg.norm(made["query"], axis=2) == pytest.approx(1, abs=1e-5)
    held = np.stack([(np.abs(made[name] - word[:, None]).max(axis=2) == 0).sum(axis=1) for name in ("first", "second")])
    assert (held[made["better"], rows] >= 2).all()
    assert (held[1 - made["better"], rows] < held[made["better"], rows]).mean() > 0.9
    assert 0.4 < made["better"].mean() < 0.6


def test_a_name_is_spelled_as_the_digit_is_called() -> None:
    spelled, plain = open_dataset("spelled_digits"), open_dataset("digits")
    names = spelled.serve("name", (NAME,), "int64", indices=list(range(50)))
    before = spelled.serve("before", (NAME,), "int64", indices=list(range(50)))
    labels = plain.serve("label", (), "int64", indices=list(range(50)))
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for name, earlier, label in zip(names.tolist(), before.tolist(), labels.tolist(), strict=True):
        assert "".join(ALPHABET[letter] for letter in name if letter) == words[label]
        assert earlier == [0, *name[:-1]]
        assert name[-1] == 0, "the longest name has its end"
    ended = spelled.serve("ended", (FRAMES, 1), indices=[3])
    assert ended.flatten().tolist() == [0.0] * (FRAMES - 1) + [1.0]
    assert torch.equal(spelled.serve("image", (1, 8, 8), indices=[4]), plain.serve("image", (1, 8, 8), indices=[4]))


def test_the_digit_asked_for_stands_where_the_question_says() -> None:
    images = np.arange(40, dtype=np.float64)[:, None, None] + np.zeros((1, 8, 8))  # an image that tells its place
    labels = np.arange(40) % 10
    made = make_asked(images, labels, 200, seed=3)
    for image, (where, last), label in zip(made["image"][:, 0], made["question"], made["label"], strict=True):
        y, x = 8 * ASKED[where].startswith("south"), 8 * ASKED[where].endswith("east")
        place = image[y : y + 8, x : x + 8]
        assert place.min() == place.max()
        assert labels[int(place[0, 0])] == label
        assert ASKED[last] == "digit"
    assert {ASKED[word] for word in made["question"][:, 0]} == set(PLACES)
