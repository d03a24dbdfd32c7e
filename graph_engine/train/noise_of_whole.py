"""Random numbers of a worker that are its part of those for the whole batch.

Dropout, sampled codes and the like then are what one process would have drawn for the same samples, and two workers
never draw the same for different ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_SIZES = ("size",)
"""Arguments of torch's operations that make random tensors which say how large."""


class NoiseOfWhole(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within, whatever is drawn with a first axis of a multiple of `count` is drawn as for `whole` samples, and the
    rows of those from `first` on are taken.

    What is drawn otherwise is the same in every worker, as the seed of the step is.
    """

    def __init__(self, first: int, count: int, whole: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._first, self._count, self._whole = first, count, whole
        self.drew = False

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **named)
        self.drew = True
        if self._count == self._whole:
            return func(*args, **named)
        schema = func._schema  # noqa: SLF001  nothing else says what an operation's arguments are called
        names = [argument.name for argument in schema.arguments]
        given = [self._grown(name, value) for name, value in zip(names, args, strict=False)]
        found = func(*given, **{name: self._grown(name, value) for name, value in named.items()})
        if schema.name.endswith("_"):
            args[0].copy_(self._cut(given[0], args[0]))
            return args[0]
        if isinstance(found, tuple):
            return tuple(self._cut(each) for each in found)
        return self._cut(found)

    def _grown(self, name: str, value: Any) -> Any:
        """An argument as it would be for the whole batch; what other workers have is stood for by ones."""
        if isinstance(value, Tensor) and value.dim() and value.shape[0] and value.shape[0] % self._count == 0:
            times = value.shape[0] // self._count
            grown = value.new_ones((times * self._whole, *value.shape[1:]))
            grown[times * self._first : times * (self._first + self._count)] = value
            return grown
        if name in _SIZES and value and value[0] and value[0] % self._count == 0:
            return [value[0] // self._count * self._whole, *value[1:]]
        return value

    def _cut(self, value: Any, like: Tensor | None = None) -> Any:
        """Our rows of what was drawn for the whole batch."""
        if not isinstance(value, Tensor) or not value.dim() or value.shape[0] % self._whole:
            return value
        if like is not None and value.shape == like.shape:
            return value
        times = value.shape[0] // self._whole
        return value[times * self._first : times * (self._first + self._count)]
