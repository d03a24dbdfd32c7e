"""What the data panel shows of the data that a document is bound to; gathered on a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graph_engine.blocks import Axis, TensorSpec
from graph_engine.blocks.library.borders import Input
from graph_engine.check.report import Code, Problem, Severity
from graph_engine.data import DataError, Dataset, Field, FieldKind, Resolution, Sample, resolve, samples, split

if TYPE_CHECKING:
    import numpy as np

    from graph_engine.document import Document

    Array = np.ndarray[Any, Any]

LARGEST_THUMBNAIL = 64
"""The longest edge (values) at which pictures are asked for to be shown small."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A field on its way to an input: `image 1×28×28 → image`."""

    field: str
    shape: str
    input: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of the data. `labels` is the class of every sample, int64, or None where there are no classes.

    `train_counts` and `validation_counts` are by class; `spec` is that of the samples to show; `unused` are the fields
    that no input asks for.
    """

    dataset: Dataset
    problems: tuple[Problem, ...]
    serving: tuple[Serving, ...]
    train: int
    validation: int
    shared: bool
    labels: Array | None
    train_counts: tuple[int, ...]
    validation_counts: tuple[int, ...]
    spec: TensorSpec | None
    unused: tuple[Field, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        label = self.dataset.label
        if label is None:
            return ()
        return tuple(label.class_name(index) for index in range(label.classes))


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Data that cannot be shown: what is wrong, and what would mend it."""

    problems: tuple[Problem, ...]


def look_at(document: Document) -> Overview | Unavailable:
    """What is to be said of the data of a snapshot."""
    resolution = resolve(document)
    dataset = resolution.dataset
    if dataset is None:
        return Unavailable(tuple(resolution.problems))
    try:
        return _overview(document, dataset, resolution)
    except DataError as error:
        return Unavailable((Problem(Severity.ERROR, Code.NO_DATA, str(error)), *resolution.problems))


def load_samples(overview: Overview, indices: Sequence[int]) -> list[Sample]:
    """Samples to be shown small.

    Raises: DataError.
    """
    return samples(overview.dataset, list(indices), overview.spec)


def _overview(document: Document, dataset: Dataset, resolution: Resolution) -> Overview:
    import numpy as np

    parts = split(dataset, document.plan.validation, document.plan.seed)
    train, validation = parts.train.numpy(), parts.validation.numpy()
    label = dataset.label
    labels = dataset.serve(label.name, (), "int64").numpy() if label is not None else None
    counts: list[tuple[int, ...]] = [(), ()]
    if label is not None and labels is not None:
        counts = [tuple(np.bincount(labels[part], minlength=label.classes).tolist()) for part in (train, validation)]
    serving = tuple(
        Serving(served.field or "drawn", "×".join(map(str, served.shape)) or "a number", _input_name(document, node))
        for node, served in resolution.inputs.items()
    )
    return Overview(
        dataset,
        tuple(resolution.problems),
        serving,
        len(train),
        len(validation),
        parts.shared,
        labels,
        counts[0],
        () if parts.shared else counts[1],
        shown_spec(dataset, resolution),
        _unused(document, dataset, resolution),
    )


def _unused(document: Document, dataset: Dataset, resolution: Resolution) -> tuple[Field, ...]:
    """The fields that feed no input, and that none which is not wired yet would be fed by its name."""
    asked = {served.field for served in resolution.inputs.values()} | set(dict(document.binding.fields).values())
    asked |= {_input_name(document, node.id) for node in document.main if node.block == Input.key()}
    return tuple(each for each in dataset.fields if each.name not in asked)


def _input_name(document: Document, node: str) -> str:
    return str(document.main[node].parameters.get("name", Input.name))


def shown_spec(dataset: Dataset, resolution: Resolution) -> TensorSpec | None:
    """Pictures as the network is given them, only not larger than they are shown; None: as they are stored."""
    image = next((field for field in dataset.fields if field.kind is FieldKind.IMAGE), None)
    if image is None:
        return None
    shape = next((served.shape for served in resolution.inputs.values() if served.field == image.name), image.shape)
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        shape = (1, side, side) if side * side == shape[0] else image.shape
    channels, height, width = shape
    if max(height, width) > LARGEST_THUMBNAIL:
        scale = LARGEST_THUMBNAIL / max(height, width)
        shape = (channels, max(1, round(height * scale)), max(1, round(width * scale)))
    if not image.serves(shape, "float32"):
        return None
    return TensorSpec((Axis("N"), *shape))
