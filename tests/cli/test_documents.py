"""`layerloom check`, `summary` and `code`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph_engine.compile import compile_document
from graph_engine.document import Document, RemoveNodes, SetNode, SetParameter
from graph_engine.document.file import save
from presets import catalog, open_preset

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """LeNet-5 with images wired into its first dense layer, so that one click mends it."""
    document = open_preset("lenet5")
    from graph_engine.document import Connect, Wire

    document.apply(RemoveNodes(("flatten_1",)))
    document.apply(Connect(Wire("avg_pool2d_2", "y", "linear_1", "x")))
    path = tmp_path / "broken.loom"
    save(document, path)
    return path


@pytest.mark.parametrize("name", catalog())
def test_every_preset_fits_together(layerloom: Call, name: str) -> None:
    found = layerloom("check", name, "--json")
    assert found.status == 0
    assert [problem for problem in found.json if problem["severity"] == "error"] == []


def test_check_blames_the_faulty_node_and_offers_a_fix(layerloom: Call, broken: Path) -> None:
    found = layerloom("check", broken, "--json")
    assert (found.status, found.err) == (1, "")
    (problem,) = [problem for problem in found.json if problem["severity"] == "error"]
    assert set(problem) == {"severity", "node", "port", "message", "fix"}
    assert (problem["node"], problem["port"], problem["fix"]) == ("linear_1", "x", "Insert Flatten")
    shown = layerloom("check", broken)
    assert shown.status == 1
    assert "linear_1.x" in shown.out
    assert "fix: Insert Flatten" in shown.out
    assert f"1 error in {broken}." in shown.out


def test_check_says_when_all_is_well(layerloom: Call) -> None:
    assert "lenet5 fits together: 17 nodes, 61 706 parameters." in layerloom("check", "lenet5").out


def test_summary_has_the_keys_and_the_published_figures(layerloom: Call) -> None:
    found = layerloom("summary", "lenet5", "--json").json
    keys = ["params", "trainable_params", "buffers", "macs", "activations", "inputs", "outputs", "nodes"]
    assert list(found) == keys
    assert (found["params"], found["trainable_params"], found["buffers"]) == (61_706, 61_706, 0)
    assert found["macs"] == 416_520
    assert found["inputs"] == {"image": ["N", 1, 32, 32], "label": ["N"]}
    assert found["outputs"] == {"logits": ["N", 10]}
    first = next(node for node in found["nodes"] if node["id"] == "conv2d_1")
    assert first == {
        "id": "conv2d_1",
        "block": "conv2d",
        "params": 156,
        "macs": 117_600,
        "outputs": {"y": ["N", 6, 28, 28]},
    }
    assert sum(node["params"] for node in found["nodes"]) == found["params"]


def test_formulas_in_the_drawing_itself_are_computed(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("lenet5")
    document.apply(SetParameter("input_1", "shape", [1, "=2 ** 5", "=8 * 4"]))
    save(document, tmp_path / "net.loom")
    found = layerloom("summary", tmp_path / "net.loom", "--json").json
    assert found["inputs"]["image"] == ["N", 1, 32, 32]
    assert layerloom("code", tmp_path / "net.loom").out == layerloom("code", "lenet5").out
    assert layerloom("train", tmp_path / "net.loom", "--steps", "1", "--json").json["steps"] == 1


def test_summary_in_words(layerloom: Call) -> None:
    shown = layerloom("summary", "lenet5").out
    for word in ("LeNet-5", "conv2d_1", "5×5 · 6", "N×6×28×28", "117 600", "61 706 parameters, 247 kB", "417 kMACs"):
        assert word in shown


def test_summary_foretells_what_training_takes_when_it_is_asked_to(layerloom: Call) -> None:
    found = layerloom("summary", "xor", "--forecast", "--json").json["forecast"]
    memory = found["memory"]
    assert memory["total"] == sum(size for name, size in memory.items() if name != "total")
    assert memory["weights"] == memory["gradients"] == 4 * layerloom("summary", "xor", "--json").json["params"]
    assert found["step_seconds"] > 0
    assert found["largest_batch"] > found["batch_size"]
    said = layerloom("summary", "xor", "--forecast").out
    assert "A step on" in said
    assert "optimiser" in said


def test_summary_counts_what_is_frozen_and_buffers(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("small_resnet")
    document.apply(SetNode("conv2d_1", "frozen", True))
    save(document, tmp_path / "net.loom")
    found = layerloom("summary", tmp_path / "net.loom", "--json").json
    assert found["trainable_params"] == found["params"] - 16 * 9
    assert found["buffers"] > 0
    assert "trainable" in layerloom("summary", tmp_path / "net.loom").out


@pytest.mark.parametrize("batch", ["N", "1", "64"])
def test_summary_at_another_size(layerloom: Call, batch: str) -> None:
    found = layerloom("summary", "plain_cnn", "--input", f"{batch},3,32,32", "--json").json
    assert found["inputs"]["image"] == ["N", 3, 32, 32]
    assert found["outputs"] == {"logits": ["N", 10]}


def test_summary_at_a_size_that_does_not_fit_says_why(layerloom: Call) -> None:
    found = layerloom("summary", "lenet5", "--input", "1,1,4,4", "--json")
    assert found.status == 1
    assert found.json["outputs"] == {}
    assert "conv2d_1" in found.err
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize(
    "size", ["1,3,32,²", "²,3,32,32", "1,3,0,32", "0,3,32,32", "1,-3,32,32", "1", "1,1.5", "1," + "9" * 5000]
)
def test_summary_at_no_size_is_refused(layerloom: Call, size: str) -> None:
    layerloom("summary", "plain_cnn", "--input", size).assert_refused(2, "--input takes the lengths of all axes")


def test_summary_at_a_size_needs_one_input(layerloom: Call, tmp_path: Path) -> None:
    document = open_preset("xor")
    document.apply(SetParameter("input_1", "dtype", "int64"))
    save(document, tmp_path / "net.loom")
    layerloom("summary", tmp_path / "net.loom", "--input", "1,2").assert_refused(2, "has no input")


@pytest.mark.parametrize("name", catalog())
def test_code_prints_the_source_and_nothing_else(layerloom: Call, name: str) -> None:
    found = layerloom("code", name)
    assert (found.status, found.err) == (0, "")
    assert found.out == compile_document(open_preset(name), for_export=True).source


def test_code_writes_a_file(layerloom: Call, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    said = layerloom("code", "lenet5", "-o", path)
    assert path.read_text() == layerloom("code", "lenet5").out
    assert str(path) in said.out


def test_presets_take_parameters(layerloom: Call) -> None:
    small, large = (layerloom("summary", f"mlp:width={width}", "--json").json["params"] for width in (16, 32))
    assert small < large


def test_an_empty_document(layerloom: Call, tmp_path: Path) -> None:
    save(Document(), tmp_path / "empty.loom")
    assert layerloom("summary", tmp_path / "empty.loom", "--json").json["params"] == 0
    assert layerloom("check", tmp_path / "empty.loom").status == 0
    layerloom("code", tmp_path / "empty.loom").assert_refused(1, "empty.loom is empty")
