"""The exported program of torch: loaded again, the very same numbers at any batch size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from graph_engine.document.builder import Builder
from graph_engine.export import ExportError
from graph_engine.export.pt2 import export_pt2
from graph_engine.export.subject import Subject, as_tuple, make_subject
from presets import open_preset


def test_every_preset_gives_the_same_numbers(subject: Subject, tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    export_pt2(subject, path)
    loaded = torch.export.load(path).module()
    for batch in (1, 2, 5):
        arguments = subject.examples(batch)
        with torch.no_grad():
            theirs = as_tuple(loaded(*arguments))
        assert all(torch.equal(a, b) for a, b in zip(subject.outputs(arguments), theirs, strict=True))


_ANY_LENGTH = """
import sys, torch
from pathlib import Path
from tests.export.test_pt2 import as_tuple, export_pt2, recurrent
subject = recurrent(sys.argv[1])
export_pt2(subject, Path("net.pt2"))
loaded = torch.export.load("net.pt2").module()
for steps in (1, 5, 11):
    x = torch.randn(2, steps, 5)
    assert torch.equal(as_tuple(loaded(x))[0], subject.outputs([x])[0])
"""


@pytest.mark.parametrize("block", ["lstm", "gru"])
def test_torchs_recurrent_layers_are_exported_for_any_length(block: str, tmp_path: Path) -> None:
    """In a process of its own: torch keeps lengths of what it exported before."""
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", _ANY_LENGTH, block], cwd=tmp_path, env=paths, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_goes_through_its_steps_one_by_one_asks_for_their_number(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Give the input a length instead of T, or export Python source"):
        export_pt2(recurrent("elman"), tmp_path / "net.pt2")
    assert not list(tmp_path.iterdir())
    export_pt2(recurrent("elman", 4), tmp_path / "net.pt2")


WINDOWS: list[tuple[str, tuple[int | str, ...], dict[str, object]]] = [
    ("max_pool2d", (3, "H", 11), {}),
    ("patch_embedding", (3, "H", 6), {"patch": 2, "features": 4}),
    ("slice", ("T", 4), {"start": 1}),
    ("conv1d", ("T", 4), {"kernel": 5, "border": "reflect"}),
    ("depthwise_separable_conv2d", (4, "H", "W"), {"stride": 2}),
]
"""What fits into no length below some: torch.export takes it only where that is left open."""


@pytest.mark.parametrize(("block", "sizes", "values"), WINDOWS, ids=[block for block, *_ in WINDOWS])
def test_windows_are_exported_for_every_length_that_they_fit_into(
    block: str, sizes: tuple[int | str, ...], values: dict[str, object], tmp_path: Path
) -> None:
    net = Builder("Window")
    net.output(net.add(block, net.input("x", *sizes), **values))
    subject = make_subject(net.document)
    export_pt2(subject, tmp_path / "net.pt2")
    loaded = torch.export.load(tmp_path / "net.pt2").module()
    for batch, length in ((1, 6), (2, 12), (4, 19)):
        x = torch.randn(batch, *(length if isinstance(size, str) else size for size in sizes))
        assert torch.equal(loaded(x), subject.network(x))


def test_a_program_that_runs_with_some_lengths_alone_is_not_written(tmp_path: Path) -> None:
    """Steps are joined in pairs: torch takes for granted that one is left over, as in the example."""
    net = Builder("Pairs")
    net.output(net.add("join_steps", net.input("x", "T", 3)))
    with pytest.raises(ExportError, match=r"it does not run with every length.*Give the input a length"):
        export_pt2(make_subject(net.document), tmp_path / "net.pt2")
    assert not list(tmp_path.iterdir())


def test_a_class_token_leaves_the_batch_open(tmp_path: Path) -> None:
    """At two batch sizes it is compared before it is written."""
    net = Builder("Token")
    net.output(net.add("class_token", net.input("x", 4, 8)))
    export_pt2(make_subject(net.document), tmp_path / "net.pt2")
    assert (tmp_path / "net.pt2").exists()


def recurrent(block: str, steps: int | str = "T") -> Subject:
    net = Builder("Recurrent")
    net.output(net.add(block, net.input("x", steps, 5)))
    return make_subject(net.document)


def test_a_network_that_torch_cannot_export_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = make_subject(open_preset("xor"))

    def forward(point: torch.Tensor) -> torch.Tensor:
        return point if point.sum().item() > 0 else -point

    monkeypatch.setattr(subject.network, "forward", forward)
    with pytest.raises(ExportError, match=r"net\.pt2 was not written: torch can't export XOR"):
        export_pt2(subject, tmp_path / "net.pt2")
    assert not list(tmp_path.iterdir())
