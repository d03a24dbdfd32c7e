"""The residual networks, drawn from stages: short to read, and a short training."""

from __future__ import annotations

from graph_engine.compile import compile_document
from presets import open_preset
from tests.presets.training import accuracy


def test_152_layers_are_as_short_to_read_as_50() -> None:
    lines = [len(compile_document(open_preset(f"resnet:depth={depth}")).source.splitlines()) for depth in (50, 152)]
    assert lines[0] == lines[1] < 150


def test_it_learns_the_digits() -> None:
    assert accuracy("resnet:depth=18", epochs=2) >= 0.95
