"""Presets: functions that build documents, one family a file, and the catalog that lists them."""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache

from graph_engine.document import Document
from presets.preset import Preset, PresetError, Published

__all__ = ["Preset", "PresetError", "Published", "catalog", "open_preset"]


FAMILIES = (
    "Perceptrons",
    "Convolutional",
    "Residual",
    "Dense",
    "Inception",
    "Highway",
    "Attention",
    "Transformer",
    "Memory",
    "Spatial",
    "Segmentation",
    "Sequence to sequence",
    "Speech",
    "Auto-encoders",
    "Adversarial",
    "Distillation",
    "One-shot",
    "Matching",
    "Tasks",
)
"""The order in which presets are shown, roughly that of a course; families that are not named come last."""


@cache
def catalog() -> dict[str, Preset]:
    """Every preset by name, in the order of FAMILIES. A new file in this package is found by itself."""
    found: list[Preset] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        namespace = vars(importlib.import_module(f"{__name__}.{module.name}"))
        found += [value for value in namespace.values() if isinstance(value, Preset)]
    rank = {family: at for at, family in enumerate(FAMILIES)}
    return {preset.name: preset for preset in sorted(found, key=lambda each: rank.get(each.family, len(rank)))}


def open_preset(text: str, data: str | None = None) -> Document:
    """The document of `name` or `name:key=value,key=value`.

    `data` is handed to presets that are drawn differently for different data sets.

    Raises: PresetError with the nearest names, or saying what is wrong with a parameter.
    """
    name, _, rest = text.partition(":")
    if name not in catalog():
        near = get_close_matches(name, catalog(), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else _some()
        raise PresetError(f"There is no preset called {name!r}. {hint}")
    preset = catalog()[name]
    texts: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise PresetError(f"{part!r} is not key=value: write {name}:key=value,key=value.")
        texts[key.strip()] = value.strip()
    choices = next((spec.choices for spec in preset.parameters if spec.name == "data"), ())
    if data in choices:
        texts.setdefault("data", data or "")
    return preset.build(**preset.parse(texts))


def _some() -> str:
    """A few names, and where all are."""
    names = list(catalog())
    return f"There are: {', '.join(names[:8])} and {len(names) - 8} more; `layerloom presets` lists them."
