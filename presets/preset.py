"""What a preset is: a function that builds a document, with what is known of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph_engine.blocks import ParameterError, ParameterSpec, Reference
from graph_engine.blocks.parameter import declared_parameters
from graph_engine.document import Document
from graph_engine.document.builder import Builder
from graph_engine.document.gridded import in_cells
from graph_engine.document.layout import arrange


class PresetError(Exception):
    """A preset that can't be opened; the message says what was wrong and what there is."""


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of a published network, and where they are from.

    `parameters` are those with which the preset is that network, as the command line has them: `width=64,depth=50`;
    the default ones where there are none. `node` is what the figures are of, if not the whole.
    """

    params: int
    source: str
    macs: int | None = None
    input: tuple[int, ...] = ()
    parameters: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A network that opens ready to train. `build` takes the parameters by name.

    `size` is how many weights and biases it learns with its default parameters.
    """

    name: str
    title: str
    family: str
    size: int
    summary: str
    parameters: tuple[ParameterSpec, ...]
    reference: Reference | None
    data: str
    published: Published | None
    builder: Callable[..., Builder]
    help: str = ""
    """What there is to say beyond the summary, in paragraphs."""
    sizes: tuple[Published, ...] = ()
    """Published networks that it is with other parameters than the default ones."""

    @property
    def paper(self) -> str | None:
        return f"{self.reference.authors}: {self.reference.title}" if self.reference else None

    @property
    def year(self) -> int | None:
        return self.reference.year if self.reference else None

    def build(self, **parameters: Any) -> Document:
        """The document, laid out.

        Raises: PresetError for a parameter that there is not or a value that it can't take.
        """
        by_name = {spec.name: spec for spec in self.parameters}
        for name in parameters:
            if name not in by_name:
                known = ", ".join(by_name) or "none"
                raise PresetError(f"The preset {self.name} has no parameter {name!r}; it has: {known}.")
        try:
            values = {name: by_name[name].parse(value) for name, value in parameters.items()}
        except ParameterError as error:
            raise PresetError(f"Preset {self.name}: {error}") from error
        made = self.builder(**values)
        document = made.document
        for name, graph in document.graphs.items():
            document.apply(arrange(graph, graph_name=name))
        if made.cells:
            document.apply(in_cells(document.main, made.cells))
        return document

    def parse(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Parameter values from the text of a command line.

        Raises: PresetError.
        """
        choices = {spec.name for spec in self.parameters if spec.choices}
        return {name: text if name in choices else _value(text) for name, text in texts.items()}


def preset(
    *,
    title: str,
    family: str,
    size: int,
    data: str = "digits",
    reference: Reference | None = None,
    published: Published | None = None,
    sizes: tuple[Published, ...] = (),
) -> Callable[[Callable[..., Builder]], Preset]:
    """Make a preset of a builder function: name, summary, help and parameters are the function's own."""

    def make(builder: Callable[..., Builder]) -> Preset:
        defaults = {name: parameter.default for name, parameter in inspect.signature(builder).parameters.items()}
        summary, *more = (each.replace("\n", " ") for each in (inspect.getdoc(builder) or "").split("\n\n"))
        return Preset(
            builder.__name__,
            title,
            family,
            size,
            summary,
            declared_parameters(builder, defaults),
            reference,
            data,
            published,
            builder,
            "\n\n".join(more),
            sizes,
        )

    return make


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
