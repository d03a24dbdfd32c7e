"""Devices are listed by the names that torch takes, with what matters for training."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from graph_engine.doctor import devices
from graph_engine.doctor.devices import Device, find_devices


def test_gpus_come_after_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [
        SimpleNamespace(name="Tesla T4", total_memory=15_000_000_000, major=7),
        SimpleNamespace(name="H200", total_memory=150_000_000_000, major=9),
    ]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(cards))
    monkeypatch.setattr(torch.cuda, "get_device_properties", cards.__getitem__)

    processor, old, new = find_devices()

    assert processor.name == "cpu"
    assert old == Device("cuda:0", "Tesla T4", 15_000_000_000, None, bf16=False)
    assert new == Device("cuda:1", "H200", 150_000_000_000, None, bf16=True)


@pytest.mark.parametrize(
    ("facts", "title", "bf16"),
    [
        ({"model name": "Old", "flags": "fpu avx2"}, "Old", False),
        ({"model name": "New", "flags": "fpu avx512_bf16"}, "New", True),
        ({"model name": "Newer", "flags": "amx_bf16 amx_tile"}, "Newer", True),
        ({"Features": "fp asimd bf16"}, None, True),
        ({}, None, False),
    ],
)
def test_the_processor_is_described_from_what_the_system_says(
    facts: dict[str, str], title: str | None, bf16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_processor_facts", lambda: facts)

    processor = find_devices()[0]

    assert processor.title == title if title else processor.title
    assert processor.bf16 is bf16
