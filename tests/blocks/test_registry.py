"""Blocks by name; adding one touches one file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graph_engine.blocks import UnknownBlock, all_blocks, find_block, get_block

ROOT = Path(__file__).parents[2]

NEW_BLOCK = '''"""Swish: Ramachandran, Zoph, Le (2017). Searching for activation functions."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Infix, Ref
from graph_engine.blocks.tensor import N, TensorSpec


class Swish(Block):
    """Weighs each value by its own sigmoid: y = x · σ(x).

    x: (N, C) -> y: as x.
    """

    title: ClassVar = "Swish"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("silu",)
    reference: ClassVar = Reference("Ramachandran, Zoph, Le", 2017, "Searching for activation functions")
    examples: ClassVar = (({}, {"x": TensorSpec((N, 5))}),)

    rounds: Annotated[int, Param("Rounds", "How often it is applied.", ge=1, le=9)] = 1

    def build(self, inputs: Specs) -> Expression:
        y: Expression = Ref("x")
        for _ in range(self.rounds):
            y = Infix("*", (y, Function.of("torch.sigmoid", y)))
        return y
'''

USE_IT = """
import json, torch
from graph_engine.blocks import all_blocks, get_block
from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, loads

net = Builder("With swish")
net.output(net.add("swish", net.input("point", 3), rounds=2))
document = loads(dumps(net.document))
result = Checker().check(document)
program = compile_document(document, result)
x = torch.tensor([[-1.0, 0.0, 2.0]])
once = x * torch.sigmoid(x)
print(json.dumps({
    "category": get_block("swish").category,
    "beside": [name for name, block in all_blocks().items() if block.category == "Activation"],
    "problems": [problem.message for problem in result.errors],
    "spec": str(result.nodes["swish_1"].outputs["y"]),
    "equal": torch.equal(program.make()(x), once * torch.sigmoid(once)),
}))
"""


def test_a_misspelled_block_is_answered_with_the_nearest() -> None:
    assert find_block("conv") is None
    assert get_block("conv2d") is all_blocks()["conv2d"]
    with pytest.raises(UnknownBlock) as caught:
        get_block("conv2")
    assert "'conv2'" in str(caught.value)
    assert "conv2d" in str(caught.value)
    with pytest.raises(UnknownBlock, match="`layerloom blocks` lists them"):
        get_block("zzzz")


def test_adding_a_block_touches_one_file(tmp_path: Path) -> None:
    for package in ("app", "assets", "graph_engine", "presets"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.npz", "*.ttf", "*.svg")
        )
    (tmp_path / "graph_engine/blocks/library/swish.py").write_text(NEW_BLOCK, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def answer(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    used = json.loads(answer("-W", "error", "-c", USE_IT))
    listed = {block["name"]: block for block in json.loads(answer("-m", "app", "blocks", "--json"))}

    assert used["category"] == "Activation"
    assert "swish" in used["beside"]
    assert used["problems"] == []
    assert used["spec"] == "N×3"
    assert used["equal"]
    assert {name for name in listed if not name.startswith("@")} == {*all_blocks(), "swish"}
    assert listed["swish"]["summary"] == "Weighs each value by its own sigmoid: y = x · σ(x)."
    assert [spec["title"] for spec in listed["swish"]["parameters"]] == ["Rounds"]
