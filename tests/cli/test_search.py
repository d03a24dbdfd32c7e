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


@pytest.mark.parametrize("text", ["learning_rate", "learning_rate=5..1", "learning_rate=-1..1:log", "batch_size=a..b"])
def test_ranges_that_are_none(layerloom: Call, text: str) -> None:
    layerloom("search", "lenet5", "--range", text).assert_refused(2, "--range")
