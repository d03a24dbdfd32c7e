"""Custom blocks: an `nn.Module` that a user wrote, read without being run."""

from graph_engine.blocks.custom.block import (
    CUSTOM,
    TARGET,
    CustomBlock,
    as_custom,
    custom_block,
    custom_of,
    fingerprint,
    is_custom,
)
from graph_engine.blocks.custom.definition import Argument, Definition, Fault, Inferred, Port
from graph_engine.blocks.custom.source import PRELUDE, bindings, read_source, title_from

__all__ = [
    "CUSTOM",
    "PRELUDE",
    "TARGET",
    "Argument",
    "CustomBlock",
    "Definition",
    "Fault",
    "Inferred",
    "Port",
    "as_custom",
    "bindings",
    "custom_block",
    "custom_of",
    "fingerprint",
    "is_custom",
    "read_source",
    "title_from",
]
