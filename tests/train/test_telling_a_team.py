"""What workers tell each other, without any other worker there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, distributed

from graph_engine.train.meetings import Agreed
from graph_engine.train.team import Team, TeamError


def test_what_is_told_lies_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pickled, a tensor of the first worker's GPU would be put on that by all. The meta device stands for one."""
    heard: list[Any] = []

    def broadcast(told: list[Any], **_: Any) -> None:
        heard.extend(told)

    monkeypatch.setattr(distributed, "broadcast_object_list", broadcast)
    monkeypatch.setattr(Tensor, "cpu", lambda value: torch.ones(value.shape))
    there = torch.empty(2, device="meta")
    Team(0, 2).from_first(lambda: ({"w": there}, {"updates": [{"state": {0: there}}], "step": 3, "scale": 0.5}))
    ((weights, state),) = heard
    assert weights["w"].tolist() == state["updates"][0]["state"][0].tolist() == [1.0, 1.0]
    assert (state["step"], state["scale"]) == (3, 0.5)
    agreed = Agreed(None, fine=True, steps=7)  # type: ignore[arg-type]
    assert Team(0, 2).from_first(lambda: agreed) == agreed
    assert Team(0, 2).from_first(lambda: None) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [(torch.OutOfMemoryError("CUDA out of memory."), torch.OutOfMemoryError), (RuntimeError("closed"), TeamError)],
)
def test_too_little_memory_is_no_fault_of_another_worker(
    error: RuntimeError, said: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> Tensor:
        raise error

    monkeypatch.setattr(torch, "cat", refuse)
    with pytest.raises(said):
        Team(0, 2).add_up([torch.ones(3)])
