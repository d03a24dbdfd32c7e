"""The weights as safetensors: plain numbers under the names of the state dict, nothing that could run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.subject import Subject
from graph_engine.export.writing import write_checked

if TYPE_CHECKING:
    from torch import Tensor


def export_safetensors(subject: Subject, path: Path) -> Exported:
    """Write the state dict; read back, every tensor must be equal.

    Raises:
        ExportError: what was read back differs.
        FileError: the file can't be written.
    """
    from safetensors.torch import load, save

    # Each tensor on its own: views of one storage can't be written, and shared weights are written under both names.
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in subject.network.state_dict().items()}
    metadata = {"format": "pt", "producer": "layerloom", "title": subject.title, "class": subject.program.class_name}
    content = save(state, metadata)
    again = load(content)
    if again.keys() != state.keys() or not all(_equal(again[name], state[name]) for name in state):
        raise ExportError(f"{path} was not written: read back, the weights are not those of the network.")
    return write_checked(path, content, f"read back: {len(state)} tensors, all equal")


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same bits, a NaN for a NaN."""
    import torch

    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and torch.equal(one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8))
    )
