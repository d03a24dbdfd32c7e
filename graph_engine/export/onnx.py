"""The network as ONNX, for any batch size, checked with onnxruntime. Needs the extra `onnx`."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.pt2 import of_any_length, quiet, trace
from graph_engine.export.subject import BATCHES, Subject, difference
from graph_engine.export.writing import write_checked

if TYPE_CHECKING:
    from torch import Tensor

_NEEDED = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-5
"""How far onnxruntime's results may lie from ours, relative to the largest result where that is above 1."""
_LARGEST = 2**31 - 1  # bytes: what one ONNX file can hold


def export_onnx(subject: Subject, path: Path) -> Exported:
    """Write the ONNX file; onnxruntime must give the same numbers within `TOLERANCE`.

    Raises:
        ExportError: the extra is not installed, torch can't export it, onnxruntime can't run it, or the numbers differ.
        FileError: the file can't be written.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"Export to ONNX needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed. "
            f"Install with: pip install {' '.join(missing)}"
        )
    content = _convert(subject, path)
    try:
        gap = max(_gap(subject, content, batch) for batch in (1, *BATCHES))
    except Exception as error:  # its errors have no base of their own
        raise ExportError(
            f"{path} was not written: onnxruntime can't run {subject.title} ({_cause(error)}). {subject.instead}"
        ) from error
    if not gap <= TOLERANCE:
        raise ExportError(
            f"{path} was not written: onnxruntime gives other numbers than the network (difference {gap:.1e}, "
            f"at most {TOLERANCE:g} is allowed). {subject.instead}"
        )
    return write_checked(path, content, f"run with onnxruntime: difference {gap:.1e}, at most {TOLERANCE:g} allowed")


def _convert(subject: Subject, path: Path) -> bytes:
    import torch

    with quiet(), of_any_length():
        exported = trace(subject, path)
        try:
            exported = exported.run_decompositions(_taken_apart())
            made = torch.onnx.export(
                exported,
                dynamo=True,
                dynamic_shapes=subject.dynamic_shapes,  # for the names of the axes: in `exported` they are free
                input_names=list(subject.inputs),
                output_names=list(subject.program.outputs),
                verbose=False,
            )
            model = made.model_proto  # type: ignore[union-attr] # None only when a file is named
            if model.ByteSize() > _LARGEST:
                raise ExportError(f"{path} was not written: one ONNX file holds at most 2 GiB. Export to pt2 instead.")
            content: bytes = model.SerializeToString()
        except ExportError:
            raise
        except Exception as error:
            raise ExportError(
                f"{path} was not written: torch can't turn {subject.title} into ONNX ({_cause(error)}). "
                "Export Python source instead."
            ) from error
    return content


def _cause(error: Exception) -> str:
    """Why torch could not, in a few words: which operation ONNX has not, or its own first line."""
    lacks = re.search(r"No ONNX function found for <OpOverload\(op='aten\.(\w+)'", str(error))
    if lacks is not None:
        return f"there is nothing like {lacks[1]} in it"
    first = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()[0]
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", first)


def _taken_apart() -> dict[Any, Callable[..., Any]]:
    """Operations that torch does not turn into ONNX, in terms of those that it does."""
    import torch

    def adaptive_max_pool2d(x: Tensor, size: Sequence[int]) -> tuple[Tensor, Tensor]:
        rows = [x[:, :, start:stop].amax(2) for start, stop in _fields(x.shape[2], size[0])]
        parts = [torch.stack([row[..., a:b].amax(2) for a, b in _fields(x.shape[3], size[1])], 2) for row in rows]
        y = torch.stack(parts, 2)
        return y, torch.zeros_like(y, dtype=torch.int64)  # where each came from, which no block asks for

    def rrelu(x: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, *_: object) -> Tensor:
        return torch.nn.functional.leaky_relu(x, (lower + upper) / 2)

    return {
        torch.ops.aten.adaptive_max_pool2d.default: adaptive_max_pool2d,
        torch.ops.aten.rrelu.default: rrelu,
    }


def _fields(length: int, count: int) -> list[tuple[int, int]]:
    """Where each of `count` fields that cover `length` places starts and stops."""
    return [(at * length // count, -(-(at + 1) * length // count)) for at in range(count)]


def _gap(subject: Subject, content: bytes, batch: int) -> float:
    """The largest difference at `batch` samples, relative to the largest result where that is above 1."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is told as an error of ours
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    arguments = subject.examples(batch)
    fed = {name: tensor.numpy() for name, tensor in zip(subject.inputs, arguments, strict=True)}
    theirs = [torch.from_numpy(array) for array in session.run(list(subject.program.outputs), fed)]
    ours = subject.outputs(arguments)
    largest = max((tensor.abs().max().item() for tensor in ours if tensor.numel()), default=0.0)
    return difference(ours, theirs) / max(1.0, largest)
