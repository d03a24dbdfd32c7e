"""The program as a Python file that stands alone: it needs torch and nothing of this project."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.subject import BATCHES, Subject, as_tuple, difference
from graph_engine.export.writing import write_checked

if TYPE_CHECKING:
    from torch import nn


def export_python(subject: Subject, path: Path) -> Exported:
    """Write the source; made anew from its own text, the network must give the very same numbers.

    Raises:
        ExportError: the source does not stand alone or gives other numbers.
        FileError: the file can't be written.
    """
    source = subject.program.source
    _check_imports(source, path)
    network = import_network(source, subject.program.class_name)
    network.load_state_dict(subject.network.state_dict())
    network.eval()
    gap = max(_gap(subject, network, batch) for batch in BATCHES)
    if gap != 0:
        raise ExportError(
            f"{path} was not written: the source gives other numbers than the network (difference {gap:.1e})."
        )
    return write_checked(path, source.encode(), "imported anew: the same numbers, difference 0")


def import_network(source: str, class_name: str) -> nn.Module:
    """An instance of `class_name` from the text of a program, imported as a module of its own."""
    module = ModuleType("layerloom_export")
    exec(compile(source, "<export>", "exec"), vars(module))  # noqa: S102 - our own source: what the file will hold
    network: nn.Module = getattr(module, class_name)()
    return network


def _check_imports(source: str, path: Path) -> None:
    allowed = {"torch", *sys.stdlib_module_names}
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] not in allowed:
                raise ExportError(f"{path} was not written: the source needs {name!r}, so it would not stand alone.")


def _gap(subject: Subject, network: nn.Module, batch: int) -> float:
    import torch

    arguments = subject.examples(batch)
    with torch.no_grad():
        return difference(subject.outputs(arguments), as_tuple(network(*arguments)))
