"""Which field of a data set feeds which Input node, and what is wrong when none can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from graph_engine.blocks import ParameterError, Role
from graph_engine.blocks.library.borders import Input
from graph_engine.check.report import Code, Fix, Problem, Severity
from graph_engine.check.values import evaluated
from graph_engine.data.catalog import open_dataset
from graph_engine.data.dataset import Dataset
from graph_engine.data.drawing import Drawn
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind, Shape, spell
from graph_engine.document import Document, SetBinding, SetParameter

_FIXES = 3
"""How many shapes are offered at once."""


@dataclass(frozen=True, slots=True)
class Served:
    """A field as it is served to an Input node: shape of one sample, and type. Of an input that is drawn, `field` is
    empty, `classes` is how many whole numbers there are, and no other is further from 0 than `truncation`, if not 0.
    """

    field: str
    shape: Shape
    dtype: str
    drawn: Drawn = "data"
    classes: int = 0
    truncation: float = 0.0


@dataclass(slots=True)
class Resolution:
    """What each Input node is fed, by its id, and the problems found. `dataset` is None when it can't be opened."""

    dataset: Dataset | None
    inputs: dict[str, Served] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def resolve(document: Document, dataset: Dataset | None = None) -> Resolution:
    """Bind every Input node that something depends on to a field: as the binding says, else by name, else by what fits.

    `dataset` is used in place of the one that the binding names. Reads no samples.
    """
    binding = document.binding
    if dataset is None:
        try:
            dataset = open_dataset(binding.dataset)
        except DataError as error:
            return Resolution(None, problems=[_no_dataset(document, str(error))])
    found = Resolution(dataset)
    said = dict(binding.fields)
    used = _used_inputs(document)
    for node in said:
        if node not in used:
            found.problems.append(_stray(document, node))
    for node, block in used.items():
        served = _bind(document, dataset, found, node, block, said.get(node))
        if served is not None:
            found.inputs[node] = served
    return found


def _used_inputs(document: Document) -> dict[str, Input]:
    """The Input nodes that lead to an output, a loss or a metric, and are without fault themselves."""
    graph = document.main
    ends = []
    for node in graph:
        block = graph.block(node)
        if block is not None and block.role in (Role.OUTPUT, Role.LOSS, Role.METRIC):
            ends.append(node.id)
    used = {}
    for name in sorted(graph.needed_by(ends)):
        if graph[name].block == Input.key():
            try:
                used[name] = Input.make(evaluated(graph[name].parameters, {}))
            except ParameterError:
                continue  # the check tells
    return used


def _bind(
    document: Document, dataset: Dataset, found: Resolution, node: str, block: Input, said: str | None
) -> Served | None:
    if any(isinstance(length, str) for length in block.shape):
        letters = ", ".join(length for length in block.shape if isinstance(length, str))
        message = (
            f"{dataset.title} has samples of fixed shape, but {block.name} leaves {letters} open. Give it a number."
        )
        found.problems.append(Problem(Severity.ERROR, Code.OPEN_SHAPE, message, node, parameter="shape"))
        return None
    shape: Shape = tuple(int(length) for length in block.shape)
    if block.drawn != "data":
        return Served("", shape, block.dtype, block.drawn, block.classes, block.truncation)
    chosen = _choose(dataset, block, shape, said, {served.field for served in found.inputs.values()})
    if chosen is None:
        found.problems.append(_no_field(document, dataset, node, block, shape, said))
        return None
    if not chosen.serves(shape, block.dtype):
        found.problems.append(_no_shape(dataset, chosen, node, block, shape))
        return None
    if block.dtype == "int64" and (chosen.kind is FieldKind.LABEL or block.classes):
        problem = _classes(dataset, chosen, node, block)
        if problem is not None:
            found.problems.append(problem)
            if problem.severity is Severity.ERROR:
                return None
    return Served(chosen.name, shape, block.dtype)


def _choose(dataset: Dataset, block: Input, shape: Shape, said: str | None, taken: set[str]) -> Field | None:
    """The field that the binding names, that is called as the input is, or that fits best; None when there is none."""
    by_name = {each.name: each for each in dataset.fields}
    if said is not None:
        return by_name.get(said)
    if block.name in by_name:
        return by_name[block.name]
    fitting = [each for each in dataset.fields if each.serves(shape, block.dtype)]
    if fitting:
        return min(fitting, key=lambda each: (each.name in taken, _rank(each, block)))
    kinds = [each for each in dataset.fields if _is_alike(each, block)]
    return next((each for each in kinds if each.name not in taken), None)


def _rank(each: Field, block: Input) -> int:
    """Measured fields come before one-hot labels, except for an input that is called a label or target."""
    asks_answer = block.name.lower() in ("label", "target", "y")
    is_answer = each.kind in (FieldKind.LABEL, FieldKind.TARGET)
    return int(asks_answer != is_answer)


def _is_alike(each: Field, block: Input) -> bool:
    """Whether a field is of the sort that an input takes, whatever the lengths."""
    if each.kind is FieldKind.LABEL:
        return block.dtype == "int64"
    if each.kind is FieldKind.TOKENS:
        return block.dtype == "int64" and len(block.shape) == len(each.shape)
    if block.dtype != "float32":
        return False
    if each.kind is FieldKind.IMAGE:
        return len(block.shape) in (1, 2, 3)
    return len(block.shape) == len(each.shape)


def _no_dataset(document: Document, message: str) -> Problem:
    fix = Fix("Use the built-in digits", SetBinding(replace(document.binding, dataset="digits", fields=())))
    return Problem(Severity.ERROR, Code.NO_DATA, message, fixes=(fix,))


def _stray(document: Document, node: str) -> Problem:
    binding = document.binding
    kept = tuple(pair for pair in binding.fields if pair[0] != node)
    fix = Fix("Forget it", SetBinding(replace(binding, fields=kept)))
    message = f"The data binding speaks of {node}, which is no input that anything depends on."
    where = node if node in document.main else None
    return Problem(Severity.WARNING, Code.STRAY_BINDING, message, where, fixes=(fix,))


def _no_field(document: Document, dataset: Dataset, node: str, block: Input, shape: Shape, said: str | None) -> Problem:
    names = ", ".join(each.name for each in dataset.fields)
    if said is not None:
        message = f"{dataset.title} has no field {said!r} for {block.name}; it has {names}."
    else:
        message = f"Nothing in {dataset.title} fits {block.name} ({spell(shape)} {block.dtype}); it has {names}."
    candidates = [each for each in dataset.fields if each.serves(shape, block.dtype)]
    fixes = [_use(document, node, each) for each in candidates]
    if not fixes:
        alike = (
            [each for each in dataset.fields if each.kind is not FieldKind.LABEL] if block.dtype == "float32" else []
        )
        fixes = list(_shape_fixes(node, shape, alike))
    return Problem(Severity.ERROR, Code.NO_FIELD, message, node, parameter="shape", fixes=tuple(fixes))


def _use(document: Document, node: str, each: Field) -> Fix:
    binding = document.binding
    pairs = dict(binding.fields) | {node: each.name}
    return Fix(f"Feed it {each.name}", SetBinding(replace(binding, fields=tuple(pairs.items()))))


def _no_shape(dataset: Dataset, chosen: Field, node: str, block: Input, shape: Shape) -> Problem:
    if chosen.kind is FieldKind.LABEL:
        fixes: tuple[Fix, ...] = (Fix("Set Shape to a single number", SetParameter(node, "shape", [])),)
        if shape == ():
            fixes = (Fix("Set Type to int64", SetParameter(node, "dtype", "int64")),)
        wanted = "a single number, int64"
    else:
        fixes = tuple(_shape_fixes(node, shape, [chosen]))
        wanted = ", ".join(spell(each) for each in chosen.shapes)
        if block.dtype != chosen.dtype:
            fixes = (Fix(f"Set Type to {chosen.dtype}", SetParameter(node, "dtype", chosen.dtype)),)
            wanted += f", {chosen.dtype}"
    asked = f"{block.name} asks for {spell(shape)} {block.dtype}"
    message = f"{asked}, but {chosen.name} of {dataset.title} is {chosen.describe()}."
    return Problem(Severity.ERROR, Code.FIELD_SHAPE, message, node, parameter="shape", expected=wanted, fixes=fixes)


def _shape_fixes(node: str, shape: Shape, fields: Iterable[Field]) -> Iterable[Fix]:
    """The offered shapes nearest to the one asked for: as many axes first, then as many channels, then the size."""

    def distance(offered: Shape) -> tuple[int, int, int]:
        channels = abs(offered[0] - shape[0]) if len(offered) == len(shape) == 3 else 0
        size = sum(abs(a - b) for a, b in zip(offered[-2:], shape[-2:], strict=False))
        return abs(len(offered) - len(shape)), channels, size

    shapes = sorted({offered for each in fields for offered in each.shapes}, key=distance)
    for offered in shapes[:_FIXES]:
        yield Fix(f"Set Shape to {spell(offered)}", SetParameter(node, "shape", list(offered)))


def _classes(dataset: Dataset, chosen: Field, node: str, block: Input) -> Problem | None:
    if block.classes == chosen.classes:
        return None
    fix = Fix(f"Set Classes to {chosen.classes}", SetParameter(node, "classes", chosen.classes))
    if block.classes == 0:
        message = (
            f"{dataset.title} has {chosen.classes} classes; {block.name} does not say how many it takes, "
            "so the number of scores is not checked."
        )
        return Problem(Severity.WARNING, Code.CLASSES, message, node, parameter="classes", fixes=(fix,))
    message = f"{block.name} takes {block.classes} classes, but {dataset.title} has {chosen.classes}."
    severity = Severity.ERROR if block.classes < chosen.classes else Severity.WARNING
    asked = str(chosen.classes)
    return Problem(severity, Code.CLASSES, message, node, parameter="classes", expected=asked, fixes=(fix,))


def served_inputs(resolution: Resolution) -> Mapping[str, Served]:
    """What each Input node is fed.

    Raises: DataError with the first thing that is wrong.
    """
    for problem in resolution.problems:
        if problem.severity is Severity.ERROR:
            where = f"{problem.node}: " if problem.node else ""
            raise DataError(where + problem.message)
    return resolution.inputs
