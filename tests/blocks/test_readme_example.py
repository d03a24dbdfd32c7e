"""README's example of a block is a block."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from graph_engine.blocks import Specs
from graph_engine.check.evaluate import evaluate
from graph_engine.check.shapes import run_block


def test_the_block_in_readme_computes_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    found = re.search(r"<!-- block-example -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert found is not None
    module = ModuleType("readme_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where a dataclass looks for the names in annotations
    exec(found[1], vars(module))  # noqa: S102
    block = module.Mish()
    ((parameters, specs),) = block.examples
    assert run_block(block.make(parameters), Specs(specs)).outputs["y"].shape == specs["x"].shape
    x = torch.linspace(-4, 4, 9)
    y = evaluate(block.expression(Specs(specs)), {"x": x}, {})
    torch.testing.assert_close(y, x * torch.tanh(torch.log1p(torch.exp(x))))
