"""A data set: what it is called, whose it is, which fields its samples have, and where they come from."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind, Shape

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    Array = np.ndarray[Any, Any]


class Source(Protocol):
    """Where samples come from."""

    def read(self, name: str, shape: Shape, indices: Sequence[int] | None) -> Array:
        """Samples of a field, (n, *shape of the field): float32, for labels int64; all of them without `indices`.

        `shape` is what is wanted in the end: a source that reads pictures from disk may already bring them to that
        size.

        Raises: DataError.
        """
        ...

    def digest(self) -> Iterable[bytes]:
        """The content, for the fingerprint."""
        ...


class Dataset:
    """A description, at hand at once, and its samples, read when they are first asked for.

    `tiny` marks a set that is trained and judged on the same samples, because it has no others (XOR). `held_out` names
    the samples that are for validation alone, in a set that comes parted (none: they are drawn).
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        summary: str,
        licence: str,
        fields: Sequence[Field],
        length: int,
        source: Source,
        tiny: bool = False,
        held_out: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.title = title
        self.summary = summary
        self.licence = licence
        self.fields = tuple(fields)
        self.length = length
        self.source = source
        self.tiny = tiny
        self.held_out = held_out

    def __len__(self) -> int:
        return self.length

    def field(self, name: str) -> Field:
        """Raises: DataError when there is none of that name."""
        for each in self.fields:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in self.fields)
        raise DataError(f"{self.title} has no field {name!r}; it has {names}.")

    @property
    def label(self) -> Field | None:
        """The field that says the class of a sample."""
        return next((each for each in self.fields if each.kind is FieldKind.LABEL), None)

    def serve(self, name: str, shape: Shape, dtype: str = "float32", indices: Sequence[int] | None = None) -> Tensor:
        """Samples of a field in the shape and type asked for, (n, *shape).

        Raises: DataError.
        """
        import torch

        described = self.field(name)
        described.require(shape, dtype)
        raw = torch.from_numpy(self.source.read(name, shape, indices))
        if described.kind is FieldKind.IMAGE and tuple(raw.shape[1:]) == shape:
            return raw
        return described.convert(raw, shape, dtype)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of fields and content: equal for equal data, wherever it lies."""
        sha = hashlib.sha256()
        for each in self.fields:
            sha.update(f"{each.name} {each.kind} {each.shape} {each.classes} {each.class_names}\n".encode())
        for part in self.source.digest():
            sha.update(part)
        return sha.hexdigest()


def fingerprint(dataset: Dataset) -> str:
    """The sha256 of a data set's fields and content. Reads all of it the first time."""
    return dataset.fingerprint


@dataclass(slots=True)
class ArraySource:
    """Samples in memory, made by `load` on first use. Integers in `scales` are divided by that number."""

    load: Callable[[], Mapping[str, Array]]
    scales: Mapping[str, float] = field(default_factory=dict)
    _arrays: Mapping[str, Array] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arrays(self) -> Mapping[str, Array]:
        with self._lock:
            if self._arrays is None:
                self._arrays = self.load()
            return self._arrays

    def read(self, name: str, shape: Shape, indices: Sequence[int] | None) -> Array:  # noqa: ARG002  it resizes nothing
        import numpy as np

        array = self.arrays()[name]
        if indices is not None:
            array = array[np.asarray(indices, dtype=np.int64)]
        if array.dtype == np.int64:
            return array.copy()
        values = array.astype(np.float32)
        return values / np.float32(self.scales[name]) if name in self.scales else values

    def digest(self) -> Iterable[bytes]:
        import numpy as np

        for name, array in self.arrays().items():
            yield f"{name} {array.dtype.str} {array.shape}\n".encode()
            yield np.ascontiguousarray(array).tobytes()
