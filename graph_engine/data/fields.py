"""The fields of a data set: what each sample has, and in which shapes it can be served."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import TYPE_CHECKING

from graph_engine.data.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]
"""Lengths of one sample, without the batch axis."""

LARGEST_SIDE = 1024
"""Pixels to which an image may be resized at most."""


class FieldKind(StrEnum):
    IMAGE = "image"
    VECTOR = "vector"
    SEQUENCE = "sequence"
    TOKENS = "tokens"
    LABEL = "label"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that every sample has.

    `shape` is that of a sample as stored. `classes` and `class_names` belong to labels and tokens, whose values they
    are; names may be missing. `sides` are the heights and widths (px) at which an image is offered; `resizes` says that
    it may be had at any other as well.
    """

    name: str
    kind: FieldKind
    shape: Shape
    classes: int = 0
    class_names: tuple[str, ...] = ()
    sides: tuple[int, ...] = ()
    resizes: bool = False

    @property
    def dtype(self) -> str:
        """The type of a sample as stored: int64 for labels and tokens."""
        return "int64" if self.kind in (FieldKind.LABEL, FieldKind.TOKENS) else "float32"

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes offered, the stored one first: images also with 1 or 3 channels, and flat."""
        if self.kind is not FieldKind.IMAGE:
            return (self.shape,)
        squares = [(channels, side, side) for side in self.sides for channels in (1, 3)]
        flat = [(side * side,) for side in self.sides]
        return tuple(dict.fromkeys([self.shape, *squares, (prod(self.shape),), *flat]))

    def serves(self, shape: Shape, dtype: str) -> bool:
        """Whether a sample can be had in this shape and type.

        A label is int64 and has no axis; as float32 it is a one-hot target (K,), or (1,) when there are two classes.
        Tokens are int64.
        """
        if self.kind is FieldKind.TOKENS:
            return dtype == "int64" and shape == self.shape
        if self.kind is FieldKind.LABEL:
            if dtype == "int64":
                return shape == ()
            return shape == (self.classes,) or (shape == (1,) and self.classes == 2)
        if dtype != "float32":
            return False
        if shape in self.shapes:
            return True
        if self.kind is not FieldKind.IMAGE or not self.resizes or len(shape) != 3:
            return False
        return shape[0] in (1, 3) and all(1 <= side <= LARGEST_SIDE for side in shape[1:])

    def require(self, shape: Shape, dtype: str) -> None:
        """Raises: DataError when this field can't be served so."""
        if not self.serves(shape, dtype):
            raise DataError(
                f"The field {self.name} can't be served as {spell(shape)} {dtype}: it is {self.describe()}."
            )

    def class_name(self, label: int) -> str:
        """What class `label` is called."""
        return self.class_names[label] if label < len(self.class_names) else str(label)

    def convert(self, raw: Tensor, shape: Shape, dtype: str) -> Tensor:
        """Samples as stored, (n, *self.shape), in the shape and type asked for, (n, *shape).

        Images are resized bilinearly, and smoothed first only where they shrink; one channel is repeated for three,
        and three become one by their brightness (0.299 R + 0.587 G + 0.114 B).

        Raises: DataError when this field can't be served so.
        """
        self.require(shape, dtype)
        if self.kind is FieldKind.LABEL and dtype != "int64":
            return _one_hot(raw, self.classes, shape)
        if self.kind is FieldKind.IMAGE and shape != self.shape:
            return _resized(raw, shape)
        return raw

    def describe(self) -> str:
        """`a label of 10 classes`, `images offered as 1×8×8, 3×8×8, …`."""
        match self.kind:
            case FieldKind.LABEL:
                return f"a label of {self.classes} classes"
            case FieldKind.TOKENS:
                return f"tokens of {self.classes} values, {spell(self.shape)}"
            case FieldKind.IMAGE:
                return f"an image, served as {', '.join(spell(shape) for shape in self.shapes)}"
            case _:
                return f"a {self.kind} of shape {spell(self.shape)}"


def spell(shape: Shape) -> str:
    """`1×28×28`; a shape without axes is `a single number`."""
    return "×".join(map(str, shape)) or "a single number"


def _one_hot(labels: Tensor, classes: int, shape: Shape) -> Tensor:
    import torch.nn.functional as F

    if shape == (1,) and classes == 2:
        return labels.float().unsqueeze(1)  # (n, 1)
    return F.one_hot(labels, classes).float()  # (n, K)


def _resized(images: Tensor, shape: Shape) -> Tensor:
    """(n, C, H, W) as (n, *shape)."""
    import torch
    import torch.nn.functional as F

    if shape == (images[0].numel(),):
        return images.flatten(1)
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        return _resized(images, (1, side, side)).flatten(1)
    channels, height, width = shape
    if images.shape[1] == 3 and channels == 1:
        images = (images * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    if images.shape[-2:] != (height, width):
        shrinks = height < images.shape[-2] or width < images.shape[-1]
        images = F.interpolate(images, size=(height, width), mode="bilinear", align_corners=False, antialias=shrinks)
    return images.expand(-1, channels, -1, -1).contiguous()
