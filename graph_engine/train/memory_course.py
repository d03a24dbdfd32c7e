"""What tensors take while something is computed: every storage from its making to its end, on whatever device.

The peak of a step is linear in the batch at every single operation, though not in all: which operation is the highest
depends on the batch. So the whole course is kept, not only its peak.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class MemoryCourse(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base has no types
    """While it is entered, notes after each operation how many bytes all tensors take that it knows of.

    What an operation takes and gives back inside (the columns of a convolution) is not seen.
    """

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        """`known` are tensors that are there already."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self._there: dict[int, tuple[int, weakref.ref[torch.UntypedStorage]]] = {}
        for tensor in known:
            self._note(tensor)
        self.course: list[int] = [self.live]

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, Tensor):
                self._note(value)
        self.course.append(self.live)
        return result

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = id(storage)
        if key not in self._there:
            self._there[key] = storage.nbytes(), weakref.ref(storage, lambda _: self._forget(key))
            self.live += storage.nbytes()

    def _forget(self, key: int) -> None:
        self.live -= self._there.pop(key)[0]


def size_of(tensors: Iterable[Tensor]) -> int:
    """The bytes of tensors, of those that share a storage once."""
    storages = [tensor.untyped_storage() for tensor in tensors]
    return sum(each.nbytes() for each in {id(each): each for each in storages}.values())


def tensors_in(value: object) -> list[Tensor]:
    """The tensors in nested containers, such as an optimiser's state."""
    return [each for each in tree_leaves(value) if isinstance(each, Tensor)]


def gradients_of(network: nn.Module) -> list[Tensor]:
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
