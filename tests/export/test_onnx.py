"""ONNX: onnxruntime gives the same numbers within 1e-5, at any batch size, and the terminal stays quiet."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from graph_engine.document.builder import Builder
from graph_engine.export import ExportError
from graph_engine.export import onnx as exporter
from graph_engine.export.onnx import export_onnx
from graph_engine.export.subject import Subject, make_subject
from presets import open_preset


def test_every_preset_gives_the_same_numbers(
    subject: Subject, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import onnxruntime

    path = tmp_path / "net.onnx"
    export_onnx(subject, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == list(subject.inputs)
    assert [each.name for each in session.get_outputs()] == list(subject.program.outputs)
    assert session.get_inputs()[0].shape[0] == "batch"
    for batch in (1, 4):
        arguments = subject.examples(batch)
        fed = {name: tensor.numpy() for name, tensor in zip(subject.inputs, arguments, strict=True)}
        for ours, theirs in zip(subject.outputs(arguments), session.run(None, fed), strict=True):
            largest = max(1.0, float(ours.abs().max()))  # no normalisation is fitted yet: results may be large
            np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-5 * largest, rtol=1e-5)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_numbers_that_differ_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = make_subject(open_preset("xor"))
    made = exporter._convert(subject, tmp_path / "net.onnx")
    other = make_subject(open_preset("xor"))
    for parameter in other.network.parameters():
        parameter.data.add_(1e-3)
    monkeypatch.setattr(exporter, "_convert", lambda *_: made)
    with pytest.raises(ExportError, match="onnxruntime gives other numbers than the network"):
        export_onnx(other, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "onnxruntime" else real(name, *rest)
    )
    with pytest.raises(ExportError, match=r"needs onnxruntime, which is not installed.*pip install onnxruntime"):
        export_onnx(make_subject(open_preset("xor")), tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("block", "sizes", "values"),
    [
        ("class_token", ("T", 8), {}),
        ("max_pool2d", (3, "H", 11), {}),
        ("patch_embedding", (3, "H", 6), {"patch": 2, "features": 4}),
        ("rrelu", (6,), {}),
        ("adaptive_max_pool2d", (3, 7, 5), {"size": (3, 2)}),
        ("spatial_pyramid_pool", (3, 9, 13), {}),
    ],
)
def test_what_torch_leaves_out_of_onnx_is_taken_apart(
    block: str, sizes: tuple[int | str, ...], values: dict[str, object], tmp_path: Path
) -> None:
    """Each is compared at three batch sizes, and as many lengths, before it is written."""
    net = Builder("One block")
    net.output(net.add(block, net.input("x", *sizes), **values))
    export_onnx(make_subject(net.document), tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").exists()


def test_what_needs_a_known_length_asks_for_it(tmp_path: Path) -> None:
    """Where the fields of an adaptive pool lie is written down for the size of the example."""

    def subject(height: int | str) -> Subject:
        net = Builder("Fields")
        net.output(net.add("adaptive_max_pool2d", net.input("x", 3, height, 11), size=3))
        return make_subject(net.document)

    with pytest.raises(ExportError, match=r"gives other numbers.*Give the input a length instead of H, or export"):
        export_onnx(subject("H"), tmp_path / "net.onnx")
    export_onnx(subject(11), tmp_path / "net.onnx")


def test_what_onnxruntime_cannot_run_is_told(tmp_path: Path) -> None:
    """ONNX has a ReLU of whole numbers, and onnxruntime has none."""
    net = Builder("Whole numbers")
    net.output(net.add("relu", net.input("x", 4, tokens=True, classes=3)))
    with pytest.raises(ExportError, match=r"onnxruntime can't run Whole numbers \(Could not find .*Export Python"):
        export_onnx(make_subject(net.document), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_the_cause_is_told_without_torchs_colours_and_lines() -> None:
    lacks = "\x1b[96mNo ONNX function found for <OpOverload(op='aten.rrelu_with_noise', overload='x')>."
    assert exporter._cause(RuntimeError(lacks)) == "there is nothing like rrelu_with_noise in it"
    assert exporter._cause(RuntimeError("\x1b[31mToo large.\x1b[0m\nMore")) == "Too large."
