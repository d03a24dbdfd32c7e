"""The network as an exported program of torch (`torch.export`), weights included, for any batch size."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.subject import BATCH, BATCHES, Subject, as_tuple, difference
from graph_engine.export.writing import write_checked

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def export_pt2(subject: Subject, path: Path) -> Exported:
    """Write the exported program; loaded again, it must give the very same numbers.

    Raises:
        ExportError: torch can't export it for any batch size, or it gives other numbers.
        FileError: the file can't be written.
    """
    import torch

    with quiet():
        buffer = io.BytesIO()
        torch.export.save(trace(subject, path), buffer)
        loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    for batch in BATCHES:
        arguments = subject.examples(batch)
        try:
            with torch.no_grad():
                again = as_tuple(loaded(*arguments))
        except Exception as error:  # what torch took for granted does not hold for every length
            raise ExportError(
                f"{path} was not written: loaded again, it does not run with every length ({_first_line(error)}). "
                f"{subject.instead}"
            ) from error
        gap = difference(subject.outputs(arguments), again)
        if gap != 0:
            raise ExportError(
                f"{path} was not written: loaded again, it gives other numbers than the network "
                f"(difference {gap:.1e} at batch {batch}). Export Python source and safetensors instead."
            )
    return write_checked(path, buffer.getvalue(), "loaded again: the same numbers, difference 0")


def trace(subject: Subject, path: Path) -> ExportedProgram:
    """The network as torch.export sees it, with every symbolic axis free.

    Raises: ExportError, naming `path`, when torch can't.
    """
    import torch

    lengths = subject.free_lengths
    try:
        return _traced(subject, torch.export.Dim)
    except Exception as error:
        if lengths:  # what a window does not fit into is no length, and need not be one of them
            with suppress(Exception):
                dynamic = torch.export.Dim.DYNAMIC
                return _traced(subject, lambda axis: torch.export.Dim(axis) if axis == BATCH else dynamic)
        first = _first_line(error)
        if any(f"({axis})" in first or f"{axis} = " in str(error) for axis in lengths):
            raise ExportError(
                f"{path} was not written: {subject.title} goes through its steps one by one or counts them, and torch "
                f"can only export that for a number of steps that is known. {subject.instead}"
            ) from error
        raise ExportError(
            f"{path} was not written: torch can't export {subject.title} for any batch size ({first}). "
            "Export Python source instead."
        ) from error


def _traced(subject: Subject, free: Callable[[str], Any]) -> ExportedProgram:
    """Every symbolic axis is what `free` makes of its name."""
    import torch

    shapes = {name: {at: free(axis) for at, axis in axes.items()} for name, axes in subject.dynamic_shapes.items()}
    with of_any_length():
        return torch.export.export(subject.network, subject.examples(BATCHES[0]), dynamic_shapes=shapes)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


@contextmanager
def of_any_length() -> Iterator[None]:
    """Exports LSTM and GRU layers as loops, for any number of steps; else torch writes down those of the example."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.export._patches import register_gru_while_loop_decomposition, register_lstm_while_loop_decomposition

    layers = (torch.ops.aten.lstm.input, torch.ops.aten.gru.input)
    with register_lstm_while_loop_decomposition(), register_gru_while_loop_decomposition():
        try:
            FakeTensorMode.cache_clear()  # else lengths of an export before are taken for forbidden ones
            for layer in layers:
                layer._dispatch_cache.clear()  # noqa: SLF001  else what torch looked up before stays
            yield
        finally:
            for layer in layers:
                layer._dispatch_cache.clear()  # noqa: SLF001


@contextmanager
def quiet() -> Iterator[None]:
    """Silences torch's exporters, which warn of their own inner workings; what they make is checked afterwards."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [each.level for each in loggers]
    try:
        for each in loggers:
            each.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, before in zip(loggers, levels, strict=True):
            each.setLevel(before)
