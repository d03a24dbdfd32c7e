"""The exported source stands alone: torch, a folder of its own, nothing of this project, and the very same numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from graph_engine.export import ExportError
from graph_engine.export.python import export_python
from graph_engine.export.safetensors import export_safetensors
from graph_engine.export.subject import Subject, make_subject
from presets import catalog, open_preset

_ALONE = """
import importlib.util, json, pathlib, sys
import torch
from safetensors.torch import load_file, save_file

found = {}
for name, class_name in json.loads(pathlib.Path("classes.json").read_text()).items():
    spec = importlib.util.spec_from_file_location(name, f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = getattr(module, class_name)()
    network.load_state_dict(load_file(f"{name}.safetensors"))
    # Copies lie in memory as torch allocates it; sums of tensors at other addresses round in another order.
    inputs = {key: tensor.clone() for key, tensor in load_file(f"{name}.inputs").items()}
    with torch.no_grad():
        results = network.eval()(**inputs)
    found[name] = results if torch.is_tensor(results) else results[0]
save_file(found, "results.safetensors")
print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] in ("app", "presets", "graph_engine"))))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """Every preset's result, from its exported source and weights, in one process that knows nothing of the project."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("alone")
    classes = {}
    for name in catalog():
        subject = make_subject(open_preset(name))
        export_python(subject, folder / f"{name}.py")
        export_safetensors(subject, folder / f"{name}.safetensors")
        save_file(dict(zip(subject.inputs, subject.examples(3), strict=True)), folder / f"{name}.inputs")
        classes[name] = subject.program.class_name
    (folder / "classes.json").write_text(json.dumps(classes))
    threads = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}  # sums round by their number
    call = [sys.executable, "-I", "-W", "error", "-c", _ALONE]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, env=threads)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [], "it needed the project"
    return load_file(folder / "results.safetensors")


def test_every_preset_runs_alone_with_the_same_numbers(alone: dict[str, torch.Tensor], name: str) -> None:
    subject = make_subject(open_preset(name))
    (ours, *_) = subject.outputs(subject.examples(3))
    assert torch.equal(alone[name], ours)


def test_the_file_is_the_source(subject: Subject, tmp_path: Path) -> None:
    written = export_python(subject, tmp_path / "net.py")
    assert written.path.read_text() == subject.program.source
    assert written.size == written.path.stat().st_size
    assert "difference 0" in written.checked


def test_a_source_that_needs_more_than_torch_is_not_written(tmp_path: Path) -> None:
    subject = make_subject(open_preset("mlp"))
    subject.program.source = "import graph_engine.blocks\n" + subject.program.source
    with pytest.raises(ExportError, match=r"net\.py was not written: the source needs 'graph_engine\.blocks'"):
        export_python(subject, tmp_path / "net.py")
    assert not list(tmp_path.iterdir())


def test_a_source_that_gives_other_numbers_is_not_written(tmp_path: Path) -> None:
    subject = make_subject(open_preset("mlp"))
    subject.program.source = subject.program.source.replace("F.relu(", "torch.tanh(").replace(
        "import torch.nn.functional", "import torch\nimport torch.nn.functional"
    )
    with pytest.raises(ExportError, match="gives other numbers than the network"):
        export_python(subject, tmp_path / "net.py")
    assert not list(tmp_path.iterdir())
