"""`layerloom search`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document.file import load

Call = Callable[..., Any]


def test_a_search_ends_with_the_best_document(layerloom: Call, tmp_path: Path) -> None:
    call = ("search", "autoencoder", "--trials", 2, "--epochs", 1, "--range", "learning_rate=1e-4..0.1:log")
    out = layerloom(*call, "--range", "batch_size=32,64", "-o", tmp_path / "best.loom", "--json")
    assert out.status == 0, out.err
    said = out.json
    assert [each["trial"] for each in said["trials"]] == [0, 1]
    assert said["best"]["score"] == min(each["score"] for each in said["trials"] if each["state"] == "complete")
    plan = load(tmp_path / "best.loom").plan
    assert plan.batch_size == said["best"]["values"]["batch_size"]
    assert plan.first_update.optimiser.learning_rate == said["best"]["values"]["learning_rate"]


def test_what_fails_is_told_and_another_search_of_the_name_is_refused(layerloom: Call) -> None:
    call = ("search", "autoencoder", "--trials", 2, "--epochs", 1, "--sampler", "grid", "--name", "sizes", "--json")
    out = layerloom(*call, "--range", "batch_size=64,100000")
    assert out.status == 0
    assert "Traceback" not in out.err
    failed = next(each for each in out.json["trials"] if each["state"] == "fail")
    assert failed["values"] == {"batch_size": 100_000}
    assert "100000 samples" in failed["reason"]
    assert out.json["best"]["values"] == {"batch_size": 64}
    layerloom(*call, "--range", "batch_size=32,64").assert_refused(1, "batch_size over 64, 100000", "--name")
    layerloom("search", "autoencoder", "--range", "batch_size=64", "--metric", "val_accuracy").assert_refused(
        1, "val_accuracy", "val_loss, val_r2"
    )
    alone = layerloom(*call[:-3], "--range", "batch_size=100000", "--json")
    assert alone.status == 1
    assert alone.json["best"] is None
    assert "100000 samples" in alone.err


def test_where_the_best_can_not_be_saved_is_told_before_or_with_what_was_found(layerloom: Call, tmp_path: Path) -> None:
    call = ("search", "autoencoder", "--trials", 1, "--epochs", 1, "--range", "batch_size=64")
    layerloom(*call, "-o", tmp_path / "gone" / "best.loom").assert_refused(2, "there is no folder")
    out = layerloom(*call, "-o", tmp_path, "--json")
    assert out.status == 1
    assert out.json["best"]["values"] == {"batch_size": 64}
    assert out.json["document"] is None
    assert "could not be saved" in out.err


@pytest.mark.parametrize("text", ["learning_rate", "learning_rate=5..1", "learning_rate=-1..1:log", "batch_size=a..b"])
def test_ranges_that_are_none(layerloom: Call, text: str) -> None:
    layerloom("search", "lenet5", "--range", text).assert_refused(2, "--range")
