"""Custom blocks in the check: nothing runs before trust, and what goes wrong in the code is told with its line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from graph_engine.check import Checker, CheckResult, State, TrustCode, custom
from graph_engine.check.trust import is_trusted, trust, trust_document, untrusted
from graph_engine.document import (
    AddCustom,
    AddNodes,
    CustomCode,
    Document,
    Node,
    SetCustom,
    SetNode,
    SetParameter,
    Wire,
)
from graph_engine.home import HomeError
from tests.customs import GATED, classifier, writing


def one(source: str, shape: list[int | str] | None = None, dtype: str = "float32") -> Document:
    """An input, a custom block whose code is trusted, and an output."""
    trust([source])
    document = Document()
    document.apply(AddCustom("block", CustomCode(forward("return x"))))
    nodes = (
        Node("image", "input", {"shape": shape or [3, 8, 8], "dtype": dtype}),
        Node("block_1", "custom:block"),
        Node("output", "output"),
    )
    document.apply(AddNodes(nodes, (Wire("image", "y", "block_1", "x"), Wire("block_1", "y", "output", "x"))))
    document.apply(SetCustom("block", CustomCode(source)))
    return document


def forward(*lines: str, init: str = "pass", arguments: str = "self, x") -> str:
    body = "".join(f"        {line}\n" for line in lines)
    head = f"class Block(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {init}\n"
    return f"{head}    def forward({arguments}):\n{body}"


def message(result: CheckResult, node: str = "block_1") -> str:
    return next(problem.message for problem in result.errors if problem.node == node)


def test_before_trust_the_node_says_so_and_what_follows_waits(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    document = classifier(writing(sign), trusted=False)
    checker = Checker()
    result = checker.check(document)
    assert [problem.node for problem in result.errors] == ["gated_conv_1", "gated_conv_2"]
    (fix,) = result.errors[0].fixes
    assert (fix.label, fix.edit) == ("Trust this document", TrustCode())
    assert "runs only once you trust it" in result.errors[0].message
    assert result.nodes["linear"].state is State.WAITING
    assert not sign.exists()

    trust_document(document)
    assert untrusted(document) == []
    result = checker.check(document)
    assert result.ok
    assert sign.read_text() == "ran"
    assert str(result.nodes["gated_conv_2"].outputs["y"]) == "N×4×14×14"
    assert result.nodes["gated_conv_1"].cost.params == 2 * (6 * 9 + 6)


def test_a_bypassed_one_needs_no_trust_and_does_not_run(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    document = classifier(writing(sign), trusted=False)
    for node in ("gated_conv_1", "gated_conv_2"):
        document.apply(SetNode(node, "bypassed", True))
    assert Checker().check(document).ok
    assert not sign.exists()


def test_trust_is_kept_in_the_home_for_these_very_letters(
    layerloom_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_trusted(GATED)
    assert list(layerloom_home.iterdir()) == [], "asking makes nothing"
    trust([GATED, GATED])
    assert is_trusted(GATED)
    assert not is_trusted(GATED + " ")
    kept = layerloom_home / "trusted-code"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(kept.read_text().split()) == 1

    with kept.open("a") as file:
        file.write("0123\nnot a fingerprint")
    trust(["other"])
    assert is_trusted("other"), "a damaged line spoils no other"
    assert is_trusted(GATED)

    monkeypatch.setenv("LAYERLOOM_HOME", str(tmp_path / "of another user"))
    assert not is_trusted(GATED)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_trust_that_can_t_be_kept_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    monkeypatch.setenv("LAYERLOOM_HOME", str(locked))
    with pytest.raises(HomeError):
        trust([GATED])
    assert not is_trusted(GATED)


def test_a_composite_follows_a_change_of_its_custom_block_and_of_trust() -> None:
    from graph_engine.document import AddGraph, Declaration

    document = Document()
    document.apply(AddCustom("gate", CustomCode(GATED)))
    inside = (Node("in", "input", {"name": "x", "shape": [1, 8, 8]}), Node("g", "custom:gate"), Node("out", "output"))
    wires = (Wire("in", "y", "g", "x"), Wire("g", "y", "out", "x"))
    document.apply(AddGraph("unit", Declaration("Unit"), inside, wires))
    nodes = (Node("image", "input", {"shape": [1, 8, 8]}), Node("unit_1", "@unit"), Node("output", "output"))
    wires = (Wire("image", "y", "unit_1", "x"), Wire("unit_1", "logits", "output", "x"))
    document.apply(AddNodes(nodes, wires))
    checker = Checker()
    assert "runs only once you trust it" in checker.check(document).errors[0].message
    trust([GATED])
    assert str(checker.check(document).nodes["unit_1"].outputs["logits"]) == "N×6×8×8"
    wider = GATED.replace("width: int = 6", "width: int = 9")
    trust([wider])
    document.apply(SetCustom("gate", CustomCode(wider)))
    assert str(checker.check(document).nodes["unit_1"].outputs["logits"]) == "N×9×8×8"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "class Block(nn.Module):\n    oops\n",
            "Line 1: Block has no forward. Write `def forward(self, x: Tensor) -> Tensor:`.",
        ),
        (forward("y = x + 1", "return z"), "Line 7: Name 'z' is not defined."),
        (forward("return x", init="nn.Linear(2)"), "Line 4: "),
        (forward("return torch.mm(x, x)"), "Line 6: "),
        (forward("def deeper():", "    return {}['k']", "return deeper()"), "Line 7: There is no 'k'."),
        (forward("assert x.ndim == 2, 'flat'", "return x"), "Line 6: An assertion does not hold: flat."),
        (forward("raise SystemExit"), None),
        (forward("raise SystemExit", "return x"), "Line 6: The code tried to end the program."),
        (forward("return self.forward(x)"), "Line 6: A function calls itself without an end."),
        (forward("return x * x.sum().item()"), "Line 6: This needs the values of a tensor"),
        (forward("return x if x.mean() > 0 else -x"), "Line 6: This needs the values of a tensor"),
        (forward("y = torch.zeros(3)", "return y"), "y was made apart from the input"),
        (forward("y = x.int()", "return y"), "y is int32; blocks pass on"),
        (forward("y = [x]", "return y"), "forward must return a Tensor, but returns a list of 1."),
        (forward("y = x, x", "return y"), "forward must return a Tensor, but returns a tuple of 2."),
        (forward("y = None", "return y"), "forward must return a Tensor, but returns nothing."),
        (forward("return self.l(x)", init="self.l = nn.LazyLinear(3)"), "Lazy layers can't be used"),
        (forward("return x[:, :, 9:]"), "Block would leave nothing"),
        (f"import no_such_module\n{forward('return x')}", "Line 1: No module named 'no_such_module'."),
        (f"Y = 1 / 0\n{forward('return x')}", "Line 1: Division by zero."),
    ],
)
def test_what_goes_wrong_is_a_sentence_with_the_line(source: str, said: str | None) -> None:
    document = one(source)
    result = Checker().check(document)
    told = message(result)
    assert told.startswith(said or "Line 5: forward returns nothing")
    assert "Traceback" not in told
    assert told.endswith(".")


def test_a_loop_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "LIMIT", 0.05)
    told = message(Checker().check(one(forward("while True:", "    x = x", "return x"))))
    assert told.startswith(("Line 6: ", "Line 7: "))
    assert "Is there a loop without an end?" in told


def test_several_outputs_that_are_not_given_are_told() -> None:
    source = forward("return self.f(x)", "return x, x").replace("return x, x", "")
    source = source.replace("def forward(self, x):", "def forward(self, x) -> tuple[Tensor, Tensor]:")
    source = source.replace("self.f(x)", "x.relu()")
    assert message(Checker().check(one(source))) == "forward says that it gives 2 Tensors, but returns one Tensor."


def test_tokens_of_unknown_length_come_in_and_go_out() -> None:
    source = forward("return self.table(x)", init="self.table = nn.Embedding(9, 5)")
    result = Checker().check(one(source, ["T"], "int64"))
    assert result.ok
    assert str(result.nodes["block_1"].outputs["y"]) == "N×T×5"


def test_values_of_parameters_are_checked_as_those_of_any_block() -> None:
    document = classifier()
    document.apply(SetParameter("gated_conv_1", "width", "wide"))
    assert "Width must be a whole number" in message(Checker().check(document), "gated_conv_1")
