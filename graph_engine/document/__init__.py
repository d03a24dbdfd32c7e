"""The document: graphs, edits with inverses, history, journal and the file format."""

from graph_engine.document.document import MAIN, Change, Document
from graph_engine.document.edits import (
    AddNodes,
    AnyEdit,
    Batch,
    Connect,
    Disconnect,
    Edit,
    Move,
    RemoveNodes,
    SetAbout,
    SetBinding,
    SetNode,
    SetParameter,
    SetPlan,
)
from graph_engine.document.graph import Graph, Node, Position, Wire, natural
from graph_engine.document.history import History
from graph_engine.document.plan import Binding, Optimiser, Plan, Schedule, Stage, Update, WeightedLoss
from graph_engine.document.rules import EditRefused, title_of, why_not_wire

__all__ = [
    "MAIN",
    "AddNodes",
    "AnyEdit",
    "Batch",
    "Binding",
    "Change",
    "Connect",
    "Disconnect",
    "Document",
    "Edit",
    "EditRefused",
    "Graph",
    "History",
    "Move",
    "Node",
    "Optimiser",
    "Plan",
    "Position",
    "RemoveNodes",
    "Schedule",
    "SetAbout",
    "SetBinding",
    "SetNode",
    "SetParameter",
    "SetPlan",
    "Stage",
    "Update",
    "WeightedLoss",
    "Wire",
    "natural",
    "title_of",
    "why_not_wire",
]
