"""What a GPU would refuse, where there is none: computing on the meta device, watched for tensors left on the CPU.

The checker tries blocks with the meta device as torch's default, so that a tensor made without saying where goes
unnoticed there; here the default is the CPU, as it is in training on a GPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

DEVICE = torch.device("meta")
_aten = torch.ops.aten


class OneDevice(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within, an operation that gets tensors of `DEVICE` and of the CPU raises AssertionError, but for what a GPU takes
    too: single numbers, places to index with, and copies from here to there.
    """

    _moves: ClassVar = {_aten._to_copy.default, _aten.copy_.default}
    _indexes: ClassVar = {_aten.index.Tensor: 1, _aten.index_put.default: 1, _aten.index_put_.default: 1}
    """Which argument holds the places."""

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func not in self._moves:
            looked_at = [each for at, each in enumerate(args) if at != self._indexes.get(func)]
            tensors = [each for each in tree_leaves((looked_at, kwargs)) if isinstance(each, Tensor)]
            there = [tuple(each.shape) for each in tensors if each.device == DEVICE]
            here = [tuple(each.shape) for each in tensors if each.device.type == "cpu" and each.dim()]
            assert not (there and here), f"{func}: {here} is on the CPU, {there} on the device"
        if func is _aten.bincount.default:  # the meta device has none
            return torch.empty(kwargs.get("minlength", args[-1]), dtype=torch.int64, device=DEVICE)
        return func(*args, **kwargs)
