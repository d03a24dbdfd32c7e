"""The command line says in one line that a file holds code which may not run yet, and runs none of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph_engine.document.file import save
from tests.customs import classifier, writing

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A document whose code is not trusted and would write `sign`."""
    path = tmp_path / "net.loom"
    save(classifier(writing(tmp_path / "sign"), trusted=False), path)
    return path


CALLS = [
    ("check", "FILE"),
    ("summary", "FILE"),
    ("code", "FILE"),
    ("train", "FILE", "--steps", "1", "--json"),
    *(("export", "FILE", "--to", kind, "-o", "OUT") for kind in ("python", "onnx", "pt2", "safetensors", "html")),
]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_before_trust_each_says_so(call: tuple[str, ...], file: Path, tmp_path: Path, layerloom: Call) -> None:
    found = layerloom(*(each.replace("FILE", str(file)).replace("OUT", str(tmp_path / "out")) for each in call))
    found.assert_refused(1, "holds code that may not run yet: gated_conv", "--trust-code")
    assert len(found.err.splitlines()) == 1
    assert not (tmp_path / "sign").exists()
    assert not (tmp_path / "out").exists()


def test_check_tells_the_problems_as_json(file: Path, tmp_path: Path, layerloom: Call) -> None:
    found = layerloom("check", file, "--json")
    assert found.status == 1
    assert (found.json[0]["node"], found.json[0]["fix"]) == ("gated_conv_1", "Trust this document")
    assert not (tmp_path / "sign").exists()


@pytest.mark.parametrize("to", ["svg", "png"])
def test_a_picture_needs_no_trust(to: str, file: Path, tmp_path: Path, layerloom: Call) -> None:
    assert layerloom("export", file, "--to", to, "-o", tmp_path / f"x.{to}").status == 0
    assert not (tmp_path / "sign").exists()


def test_trust_given_once_is_remembered_until_the_code_changes(file: Path, tmp_path: Path, layerloom: Call) -> None:
    assert layerloom("check", file, "--trust-code").status == 0
    assert (tmp_path / "sign").read_text() == "ran"
    assert "class GatedConv(nn.Module):" in layerloom("code", file).out
    trained = layerloom("train", file, "--steps", "2", "--json")
    assert trained.json["state"] == "finished"
    assert layerloom("evaluate", trained.json["run"], "--json").status == 0
    file.write_text(file.read_text().replace("torch.tanh", "torch.sin"))
    layerloom("check", file).assert_refused(1, "holds code that may not run yet")
