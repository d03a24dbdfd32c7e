"""Documents with custom blocks are exported and trained like any other, once their code is trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tqdm import tqdm

from graph_engine.compile import CompileError
from graph_engine.document import Plan, SetPlan, Stage, Update, WeightedLoss
from graph_engine.export import Target, export_document
from graph_engine.runs import RunStore, evaluate_run, start_run
from tests.customs import classifier, writing


@pytest.mark.parametrize("target", [Target.PYTHON, Target.ONNX, Target.PT2, Target.SAFETENSORS, Target.SVG])
def test_every_export_works(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # no thread of its own that outlives the test
    written = export_document(classifier(), target, tmp_path / f"net.{target.value}")
    assert written.path.stat().st_size > 0


@pytest.mark.parametrize(
    "target", [Target.PYTHON, Target.ONNX, Target.PT2, Target.SAFETENSORS, Target.SVG, Target.HTML]
)
def test_no_export_runs_code_that_is_not_trusted(target: Target, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    document = classifier(writing(sign), trusted=False)
    if target is Target.SVG:
        export_document(document, target, tmp_path / "net")
    else:
        with pytest.raises(CompileError, match="runs only once you trust it"):
            export_document(document, target, tmp_path / "net")
    assert not sign.exists()


def test_it_trains_and_a_run_is_evaluated_anew(tmp_path: Path) -> None:
    document = classifier()
    update = Update(losses=(WeightedLoss(node="loss"),))
    document.apply(SetPlan(Plan(stages=(Stage(updates=(update,), steps=6),), device="cpu")))
    handle = start_run(document)
    handle.wait()
    result = handle.result()
    assert result["state"] == "finished", result
    stored = RunStore().find(result["run"])
    assert stored is not None
    assert stored.document().customs == document.customs
    figures = evaluate_run(stored, None)["metrics"]
    assert 0 < figures["loss"] < 3, figures


def test_training_does_not_begin_before_trust(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with pytest.raises(CompileError, match="runs only once you trust it"):
        start_run(classifier(writing(sign), trusted=False))
    assert not sign.exists()
