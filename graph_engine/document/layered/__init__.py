"""The steps of the layered layout (Sugiyama, Tagawa, Toda 1981): layers, order within them, heights."""

from __future__ import annotations

from graph_engine.document.layered.drawing import Drawing, Link
from graph_engine.document.layered.heights import assign_heights
from graph_engine.document.layered.layers import assign_layers, insert_dummies
from graph_engine.document.layered.order import reduce_crossings

__all__ = ["Drawing", "Link", "assign_heights", "assign_layers", "insert_dummies", "reduce_crossings"]
