"""What can be looked at: feature maps, figures of activations, gradients. Importing this imports no torch."""

from graph_engine.probe.board import ProbeBoard
from graph_engine.probe.inputs import ProbeInputs
from graph_engine.probe.maps import can_be_seen, feature_maps
from graph_engine.probe.views import NodeView, ProbeAnswer, ProbeRequest, look, to_bytes

__all__ = [
    "NodeView",
    "ProbeAnswer",
    "ProbeBoard",
    "ProbeInputs",
    "ProbeRequest",
    "can_be_seen",
    "feature_maps",
    "look",
    "to_bytes",
]
