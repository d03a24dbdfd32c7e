"""The document: graphs, edits with inverses, history, journal and the file format."""

from graph_engine.document.annotating import Annotate, BendWire, SetBookmark
from graph_engine.document.annotation import Annotation, Bookmark
from graph_engine.document.composite import Declaration, Exposed
from graph_engine.document.document import MAIN, Change, Document
from graph_engine.document.edits import (
    AddGraph,
    AddNodes,
    AnyEdit,
    Batch,
    Connect,
    Declare,
    Disconnect,
    Edit,
    Move,
    RemoveGraph,
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
    "AddGraph",
    "AddNodes",
    "Annotate",
    "Annotation",
    "AnyEdit",
    "Batch",
    "BendWire",
    "Binding",
    "Bookmark",
    "Change",
    "Connect",
    "Declaration",
    "Declare",
    "Disconnect",
    "Document",
    "Edit",
    "EditRefused",
    "Exposed",
    "Graph",
    "History",
    "Move",
    "Node",
    "Optimiser",
    "Plan",
    "Position",
    "RemoveGraph",
    "RemoveNodes",
    "Schedule",
    "SetAbout",
    "SetBinding",
    "SetBookmark",
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
