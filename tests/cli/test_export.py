"""`layerloom export`: every format, of a preset, a file and a run; what was there before survives a failure."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from graph_engine.document import RemoveNodes
from graph_engine.document.file import save
from graph_engine.runs import RunStore
from presets import open_preset

if TYPE_CHECKING:
    from tests.cli.conftest import Call, Outcome

FORMATS = ("python", "onnx", "pt2", "safetensors", "svg", "pdf", "png", "html")
START = {
    "python": b'"""',
    "onnx": b"",
    "pt2": b"PK",
    "safetensors": b"",
    "svg": b"<svg ",
    "pdf": b"%PDF-",
    "png": b"\x89PNG",
    "html": b"<!doctype html>",
}


@pytest.fixture
def run(layerloom: Call) -> str:
    """A trained network: its best weights are not its last ones."""
    found: dict[str, str] = layerloom("train", "xor", "--epochs", "4", "--lr", "0.5", "--json").json
    return found["run"]


def _export(call: Call, thing: object, to: str, path: Path) -> Outcome:
    return call("export", thing, "--to", to, "-o", path)


@pytest.mark.parametrize("to", [each for each in FORMATS if each not in ("pdf", "png")])
def test_every_format(layerloom: Call, tmp_path: Path, to: str) -> None:
    path = tmp_path / "net.out"
    said = _export(layerloom, "lenet5", to, path)
    assert (said.status, said.err) == (0, "")
    assert path.read_bytes().startswith(START[to])
    assert f"{path} written, " in said.out
    trained = "is not trained: these are the first weights of seed 0" in said.out
    assert trained == (to in ("onnx", "pt2", "safetensors"))
    assert [each.name for each in tmp_path.iterdir()] == ["net.out"]


@pytest.mark.parametrize("to", ["png", "pdf"])
def test_pictures_need_no_display(process: Call, tmp_path: Path, to: str) -> None:
    path = tmp_path / f"net.{to}"
    env = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    said = process("export", "lenet5", "--to", to, "-o", path, env=env)
    assert (said.status, said.err) == (0, "")
    assert path.read_bytes().startswith(START[to])


def test_a_run_gives_its_best_weights(layerloom: Call, run: str, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    said = _export(layerloom, run, "safetensors", path)
    assert "not trained" not in said.out
    best = RunStore().get(run).folder.checkpoint("best").weights
    exported = load_file(path)
    assert exported.keys() == best.keys()
    assert all(torch.equal(exported[name], best[name]) for name in best)


def test_source_and_weights_of_a_run_give_its_numbers(layerloom: Call, run: str, tmp_path: Path) -> None:
    import onnxruntime

    for to, suffix in (("python", "py"), ("safetensors", "safetensors"), ("onnx", "onnx"), ("pt2", "pt2")):
        assert _export(layerloom, run, to, tmp_path / f"net.{suffix}").status == 0
    spec = importlib.util.spec_from_file_location("net", tmp_path / "net.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.XOR()
    network.load_state_dict(load_file(tmp_path / "net.safetensors"))
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    with torch.no_grad():
        ours = network.eval()(points)
        theirs = torch.export.load(tmp_path / "net.pt2").module()(points)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    (numbers,) = session.run(None, {"point": points.numpy()})
    assert torch.equal(ours, theirs)
    assert (ours - torch.from_numpy(numbers)).abs().max() <= 1e-5


def test_a_drawing_may_be_unfinished_but_code_may_not(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("lenet5")
    document.apply(RemoveNodes(("flatten_1",)))
    path = tmp_path / "half.loom"
    save(document, path)
    assert _export(layerloom, path, "svg", tmp_path / "half.svg").status == 0
    for to in ("python", "onnx", "html"):
        refused = _export(layerloom, path, to, tmp_path / f"half.{to}")
        refused.assert_refused(1, str(path), "linear_1", f"layerloom check {path}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["half.loom", "half.svg"]


@pytest.mark.parametrize("to", ["python", "svg", "png"])
def test_no_drawing_is_overwritten(layerloom: Call, tmp_path: Path, to: str) -> None:
    path = tmp_path / "net.loom"
    save(open_preset("xor"), path)
    before = path.read_bytes()
    _export(layerloom, path, to, path).assert_refused(
        1, f"{path} is called as drawings are", f"Name it {tmp_path}/net."
    )
    layerloom("code", path, "-o", path).assert_refused(1, f"Name it {tmp_path / 'net.py'}")
    layerloom("render", path, "-o", path).assert_refused(1, f"Name it {tmp_path / 'net.png'}")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["net.loom"]


def test_what_is_no_file_is_left_alone(layerloom: Call, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    layerloom("code", "xor", "-o", pipe).assert_refused(1, f"{pipe} is a device or a pipe")
    assert pipe.is_fifo()


@pytest.mark.parametrize("to", ["python", "svg"])
def test_a_place_that_can_not_be_written_is_named(layerloom: Call, tmp_path: Path, to: str) -> None:
    _export(layerloom, "xor", to, tmp_path).assert_refused(1, f"{tmp_path} is a folder")
    lost = tmp_path / "lost" / "net"
    _export(layerloom, "xor", to, lost).assert_refused(1, str(lost), f"no folder {lost.parent}")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("what was there")
    limited = f"ulimit -f 0; exec {sys.executable} -m app export xor --to python -o {path}"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert f"{path} could not be saved" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text() == "what was there"
    assert [each.name for each in tmp_path.iterdir()] == ["net.py"]
