"""Weights as safetensors: equal, under the names of the state dict, nothing left half-written."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from graph_engine.export.safetensors import export_safetensors
from graph_engine.export.subject import Subject


def test_every_preset_reads_back_equal(subject: Subject, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    written = export_safetensors(subject, path)
    state, again = subject.network.state_dict(), load_file(path)
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], state[name]) for name in state)
    assert written.size == path.stat().st_size
    with safe_open(path, "pt") as file:
        assert file.metadata() == {
            "format": "pt",
            "producer": "layerloom",
            "title": subject.title,
            "class": subject.program.class_name,
        }


def test_only_the_file_itself_is_left(subject: Subject, tmp_path: Path) -> None:
    export_safetensors(subject, tmp_path / "net.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]
