"""Single samples for people to look at: the data preview and the sample picker of the feature maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graph_engine.blocks import TensorSpec
from graph_engine.data.dataset import Dataset
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind, Shape

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: what is measured (`value`, without the batch axis; float32, but tokens int64) and its class, if the
    set has classes.
    """

    index: int
    field: str
    kind: FieldKind
    value: Array
    label: int | None = None
    label_name: str = ""


def sample(dataset: Dataset, index: int, spec: TensorSpec | None = None) -> Sample:
    """Sample `index` (from 0), as the first field that is measured; shaped as `spec` (its batch axis aside) asks, if
    given.

    Raises: DataError when there is no such sample, or no field that can be served so.
    """
    return samples(dataset, [index], spec)[0]


def samples(dataset: Dataset, indices: list[int], spec: TensorSpec | None = None) -> list[Sample]:
    """Several samples at once: see `sample`.

    Raises: DataError.
    """
    wrong = next((index for index in indices if not 0 <= index < len(dataset)), None)
    if wrong is not None:
        raise DataError(f"{dataset.title} has no sample {wrong}: they count from 0 to {len(dataset) - 1}.")
    shown, shape = _shown(dataset, spec)
    values = dataset.serve(shown.name, shape, shown.dtype, indices).numpy()
    label = dataset.label
    labels = dataset.serve(label.name, (), "int64", indices).tolist() if label is not None else [None] * len(indices)
    return [
        Sample(
            index,
            shown.name,
            shown.kind,
            value,
            number,
            label.class_name(number) if label is not None and number is not None else "",
        )
        for index, value, number in zip(indices, values, labels, strict=True)
    ]


def _shown(dataset: Dataset, spec: TensorSpec | None) -> tuple[Field, Shape]:
    measured = [each for each in dataset.fields if each.kind is not FieldKind.LABEL]
    if not measured:
        raise DataError(f"{dataset.title} has nothing to show but labels.")
    if spec is None:
        return measured[0], measured[0].shape
    shape = tuple(dim for dim in spec.shape[1:] if isinstance(dim, int))
    found = next((each for each in measured if each.serves(shape, each.dtype)), None)
    if found is None:
        raise DataError(f"Nothing in {dataset.title} can be served as {spec}.")
    return found, shape
