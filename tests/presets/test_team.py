"""Every regime by two workers, each on its part of every batch, ends where one process on the whole batches does."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.presets.team_worker import REGIMES, train_all
from tests.two_workers import beside_two_workers

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, Found, Found]:
    """What one process ended with, and each of two workers."""
    folder = tmp_path_factory.mktemp("team")
    alone = beside_two_workers("tests.presets.team_worker", folder, train_all, seconds=180)
    first, second = (torch.load(folder / str(rank), weights_only=True) for rank in range(2))  # noqa: TID251
    return alone, first, second


@pytest.mark.parametrize("name", REGIMES)
def test_two_workers_end_as_one_process_does(trained: tuple[Found, Found, Found], name: str) -> None:
    alone, first, second = (each[name] for each in trained)

    assert (first["state"], first["message"]) == (alone["state"], alone["message"]) == ("finished", "")
    assert all(torch.equal(value, second["weights"][key]) for key, value in first["weights"].items())
    for key, value in alone["weights"].items():
        torch.testing.assert_close(first["weights"][key], value, rtol=1e-5, atol=1e-5, msg=key)
    torch.testing.assert_close(first["losses"], alone["losses"], rtol=1e-5, atol=1e-5, equal_nan=True)
    assert first["measured"] == pytest.approx(alone["measured"], rel=1e-4, abs=1e-5)
