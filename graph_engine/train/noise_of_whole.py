"""Random numbers of a worker that are its part of those for the whole batch.

Dropout, sampled codes and the like then are what one process would have drawn for the same samples, and two workers
never draw the same for different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_SIZES = ("size",)
"""Arguments of torch's operations that make random tensors which say how large."""
_SHARES = ("dropout_p", "dropout")
_SWITCHES = ("train", "training")
"""Arguments of operations that may draw, or not: how much is dropped, and whether at all."""
_ATTENTION: dict[Any, int] = {functional.scaled_dot_product_attention: 4, functional.multi_head_attention_forward: 10}
"""What may take a kernel that does attention all at once, and which argument says how much is dropped."""
_RECURRENT = ("aten::_cudnn_rnn", "aten::_cudnn_init_dropout_state", "aten::miopen_rnn")
"""Whole recurrences in one operation; samples are on the second axis of some of what it takes and gives."""


class NoiseOfWhole(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within, whatever is drawn with a first axis of a multiple of `count` is drawn as for `whole` samples, and the
    rows of those from `first` on are taken.

    What is drawn otherwise, such as dropout within a recurrent layer on a GPU, is the same in every worker, as the seed
    of the step is. Attention with dropout is computed step by step: the kernel that does it all at once draws by the
    number of the sample, forward as for the whole batch and backward as for ours.
    """

    def __init__(self, first: int, count: int, whole: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._first, self._count, self._whole = first, count, whole
        self._within = ExitStack()
        self.drew = False

    def __enter__(self) -> Self:
        self._within.enter_context(_AttentionStepByStep())
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._within.close()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **named)
        schema = func._schema  # noqa: SLF001  nothing else says what an operation's arguments are called
        names = [argument.name for argument in schema.arguments]
        as_usual = {argument.name: argument.default_value for argument in schema.arguments}
        if not _draws(as_usual | dict(zip(names, args, strict=False)) | named):
            return func(*args, **named)
        self.drew = True
        if self._count == self._whole or schema.name in _RECURRENT:
            return func(*args, **named)
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


class _AttentionStepByStep(TorchFunctionMode):
    """Within, attention with dropout is products, softmax and dropout, each by itself."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        place = _ATTENTION.get(func)
        if place is not None and (args[place] if len(args) > place else named.get("dropout_p")):
            with sdpa_kernel(SDPBackend.MATH):
                return func(*args, **named)
        return func(*args, **named)


def _draws(given: Mapping[str, Any]) -> bool:
    """Whether an operation that may draw random numbers does, with these arguments."""
    return not any(given.get(name) == 0 for name in _SHARES) and not any(given.get(name) is False for name in _SWITCHES)
