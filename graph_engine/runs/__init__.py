"""Runs: their folders, the store that finds them, starting and resuming.

Importing this imports neither numpy nor torch.
"""

from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder
from graph_engine.runs.handle import RunHandle, result_of
from graph_engine.runs.record import RunRecord
from graph_engine.runs.results import TrainedNetwork, evaluate_run, load_network, load_weights
from graph_engine.runs.starting import resume_run, start_run
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train.states import RunState

__all__ = [
    "RunError",
    "RunFolder",
    "RunHandle",
    "RunRecord",
    "RunState",
    "RunStore",
    "StoredRun",
    "TrainedNetwork",
    "evaluate_run",
    "load_network",
    "load_weights",
    "result_of",
    "resume_run",
    "start_run",
]
