"""What is exported: a document's network with its weights, ready to be run beside what was written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph_engine.blocks import Axis, TensorSpec
from graph_engine.check import Checker, CheckResult
from graph_engine.compile import Program, compile_document
from graph_engine.document import Document
from graph_engine.export.errors import ExportError

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = "batch"
"""What the axis of the samples is called in exported files."""
BATCHES = (2, 3)
"""Batch sizes at which an export is compared: two, so that a batch axis that was frozen shows."""
_FREE_LENGTH = 5
"""What a symbolic axis beside the batch is in examples, besides the batch size: another length each time."""
_TOKENS = 2
"""How many values whole numbers have in examples when the drawing does not say."""


@dataclass(frozen=True)
class Subject:
    """A network in evaluation mode, the program it was made from, and the specs of its inputs by name."""

    title: str
    program: Program
    result: CheckResult
    network: nn.Module
    inputs: Mapping[str, TensorSpec]

    def examples(self, batch: int) -> tuple[Tensor, ...]:
        """An input for every argument of `forward`, with `batch` samples; the same numbers each time."""
        import torch

        generator = torch.Generator().manual_seed(batch)
        made = []
        for spec in self.inputs.values():
            shape = [_length(dim, batch) for dim in spec.shape]
            if spec.is_floating:
                made.append(torch.randn(shape, generator=generator))
            else:
                made.append(torch.randint(spec.classes or _TOKENS, shape, generator=generator))
        return tuple(made)

    def outputs(self, arguments: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What the network gives for `arguments`, without gradients."""
        import torch

        with torch.no_grad():
            return as_tuple(self.network(*arguments))

    @property
    def dynamic_shapes(self) -> dict[str, dict[int, str]]:
        """For every input, which axes have no fixed length, and the name of each: `{"image": {0: "batch"}}`."""
        return {
            name: {at: _axis_name(dim) for at, dim in enumerate(spec.shape) if isinstance(dim, Axis)}
            for name, spec in self.inputs.items()
        }

    @property
    def free_lengths(self) -> list[str]:
        """The axes of inputs, beside the samples, of which the length is not known, by the names they have in files."""
        return sorted({axis for axes in self.dynamic_shapes.values() for axis in axes.values()} - {BATCH})

    @property
    def instead(self) -> str:
        """What to do where an export fails, in a sentence."""
        if not self.free_lengths:
            return "Export Python source instead."
        unknown = " and ".join(map(str.upper, self.free_lengths))
        return f"Give the input a length instead of {unknown}, or export Python source."


def make_subject(document: Document, weights: Mapping[str, Tensor] | None = None) -> Subject:
    """Compile `document` and give the network `weights`, or fresh ones from the plan's seed.

    Raises:
        CompileError: the document has problems.
        ExportError: the weights are of another network.
    """
    result = Checker().check(document)
    program = compile_document(document, result, for_export=True)
    network = program.make(document.plan.seed)
    if weights is not None:
        _load(network, weights, document.title)
    specs = {name: program.specs[name] for name in program.inputs}
    return Subject(document.title, program, result, network.eval(), specs)


def as_tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


def difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest absolute difference of two lists of results; infinite when their number or shapes differ.

    Where both are not finite in the same way (NaN and NaN) they agree.
    """
    import torch

    if [tensor.shape for tensor in ours] != [tensor.shape for tensor in theirs]:
        return float("inf")
    largest = 0.0
    for one, other in zip(ours, theirs, strict=True):
        gap = (one.double() - other.double()).abs()
        same = (one == other) | (torch.isnan(one) & torch.isnan(other))
        gap = torch.where(same, torch.zeros_like(gap), gap)
        if gap.numel():
            largest = max(largest, torch.nan_to_num(gap, nan=float("inf"), posinf=float("inf")).max().item())
    return largest


def _load(network: nn.Module, weights: Mapping[str, Tensor], title: str) -> None:
    """Give `network` its own of `weights`, which may also hold those of heads that only a loss needs."""
    own = {name: weights[name] for name in network.state_dict() if name in weights}
    try:
        network.load_state_dict(own)
    except RuntimeError as error:
        first = str(error).splitlines()[1:2] or [str(error)]
        raise ExportError(
            f"The weights are not those of {title} as it is drawn now ({first[0].strip()}). "
            "Export the run they come from."
        ) from error


def _length(dim: int | Axis, batch: int) -> int:
    if isinstance(dim, int):
        return dim
    return dim.at(batch if dim.symbol == "N" else _FREE_LENGTH + batch)


def _axis_name(axis: Axis) -> str:
    return BATCH if axis.symbol == "N" else axis.symbol.lower()
