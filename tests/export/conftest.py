"""Presets at a small size, as subjects of every export."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from presets import catalog, open_preset

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.export.subject import Subject

NAMES = tuple(catalog())


@cache
def _subject(name: str) -> Subject:
    """The preset with weights that are not the first ones, so that what is exported must be what was given."""
    import torch

    from graph_engine.export.subject import make_subject

    document = open_preset(name)
    generator = torch.Generator().manual_seed(7)
    weights = {
        key: torch.randn(value.shape, generator=generator) * 0.1 + (1.0 if key.endswith("running_var") else 0.0)
        if value.is_floating_point()
        else value
        for key, value in make_subject(document).network.state_dict().items()
    }
    weights = {key: value.abs() if key.endswith("running_var") else value for key, value in weights.items()}
    return make_subject(document, weights)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of every preset in turn."""
    found: str = request.param
    return found


@pytest.fixture
def subject(name: str) -> Subject:
    """Every preset in turn, ready to be exported."""
    return _subject(name)


@pytest.fixture
def lenet() -> Document:
    return open_preset("lenet5")
