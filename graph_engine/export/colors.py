"""The colours of a drawing on paper: those of the light theme, on white.

The theme belongs to the window, which the engine does not know; `tests/export/test_svg.py` holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAPER = "#ffffff"
BODY = "#ffffff"
LINE = "#c3cad5"
RULE = "#d5dae2"
TEXT = "#191c22"
TEXT_DIM = "#454d5b"
TEXT_FAINT = "#5a6270"
DANGER = "#bb2533"

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "Input & output": "#5d6677",
        "Convolution": "#2567e0",
        "Pooling": "#0b8579",
        "Dense": "#5a5fd8",
        "Normalisation": "#767f8f",
        "Activation": "#9a7400",
        "Skip & merge": "#8a46dd",
        "Attention": "#c05c08",
        "Recurrent": "#1c8544",
        "Memory": "#0a7ea3",
        "Spatial": "#cc2f86",
        "Shape": "#84734f",
        "Loss": "#d0303c",
        "Metric": "#5f7f0d",
        "Composites": "#394252",
    }
)
"""Strip colours by the title of the category."""
UNKNOWN_CATEGORY = "#767f8f"

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "image": "#2567e0",
        "volume": "#6f55dd",
        "sequence": "#1c8544",
        "vector": "#c05c08",
        "tokens": "#917000",
        "label": "#cc2f86",
        "scalar": "#5d6677",
        "memory": "#0a7ea3",
        "any": "#767f8f",
    }
)
"""Wire colours by the kind of tensor."""
