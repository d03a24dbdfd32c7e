"""Our modules stand alone: each definition, copied, needs torch and nothing of this project."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import nn

import graph_engine.nn
from graph_engine.blocks import Layer
from graph_engine.blocks.call import layers_of
from graph_engine.compile.own import definitions
from graph_engine.nn import homes
from graph_engine.nn.metrics import accuracy
from tests.blocks.cases import Case, Direct, declared_cases, reals

FOLDER = Path(graph_engine.nn.__file__).parent


def test_every_definition_is_found_and_its_name_is_its_own() -> None:
    names = [
        item.name
        for path in FOLDER.glob("*.py")
        if path.name != "__init__.py"
        for item in ast.parse(path.read_text("utf-8")).body
        if isinstance(item, ast.ClassDef | ast.FunctionDef)
    ]

    assert sorted(names) == sorted(homes())
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_file_imports_torch_alone_and_defines_nothing_beside(path: Path) -> None:
    for item in ast.parse(path.read_text("utf-8")).body[1:]:
        if isinstance(item, ast.ImportFrom):
            assert item.module in ("__future__", "torch"), ast.unparse(item)
        elif isinstance(item, ast.Import):
            assert {alias.name for alias in item.names} <= {"torch", "torch.nn.functional", "math"}
        else:
            assert isinstance(item, ast.ClassDef | ast.FunctionDef), "its source would not be copied"


def example_of(name: str) -> tuple[Case, Layer]:
    """An example of a block that stands for the module called `name`, and that module."""
    return next(
        (case, layer)
        for case in declared_cases()
        for layer in layers_of(case.made.expression(case.specs))
        if layer.target == name and not layer.wrappers
    )


@pytest.mark.parametrize("name", sorted(homes()))
def test_a_copied_definition_runs_where_this_project_is_not(name: str) -> None:
    source = "import torch, torch.nn.functional as F\nfrom torch import Tensor, nn\n" + "\n".join(definitions([name]))
    space: dict[str, object] = {"__name__": "copied"}
    exec(compile(source, "copied", "exec"), space)  # noqa: S102  our own files
    copied = space[name]

    assert callable(copied)
    if isinstance(copied, type):
        case, layer = example_of(name)
        direct, values = Direct(case), reals(case.inputs, 2)
        original = direct.layers[layer].eval()
        expected = direct(values)
        made = copied(*layer.arguments, **dict(layer.options))
        assert isinstance(made, nn.Module)
        made.load_state_dict(original.state_dict())
        direct.layers[layer] = made.eval()
        assert all(torch.equal(one, other) for one, other in zip(direct(values), expected, strict=True))


def test_accuracy_is_the_share_of_right_classes() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0], [4.0, 5.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 0])).item() == 0.5
