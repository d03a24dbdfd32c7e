"""Runs: their folders, the store that finds them, starting and resuming.

Importing this imports neither numpy nor torch.
"""

from graph_engine.runs.again import (
    branch_run,
    differences,
    enqueue,
    enqueue_again,
    keep_checkpoint,
    rerun,
    rerun_process,
    rewind_run,
)
from graph_engine.runs.anew import train_anew
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder
from graph_engine.runs.following import FollowedRun, follow_run
from graph_engine.runs.handle import RunHandle, result_of
from graph_engine.runs.mending import retry_run, slow_down
from graph_engine.runs.processes import resume_process, start_process
from graph_engine.runs.record import RunRecord
from graph_engine.runs.results import TrainedNetwork, evaluate_run, load_network, load_weights
from graph_engine.runs.starting import resume_run, start_run
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.runs.waiting import could_not_begin, put_in_queue, take_out_of_queue
from graph_engine.train.states import RunState

__all__ = [
    "FollowedRun",
    "RunError",
    "RunFolder",
    "RunHandle",
    "RunRecord",
    "RunState",
    "RunStore",
    "StoredRun",
    "TrainedNetwork",
    "branch_run",
    "could_not_begin",
    "differences",
    "enqueue",
    "enqueue_again",
    "evaluate_run",
    "follow_run",
    "keep_checkpoint",
    "load_network",
    "load_weights",
    "put_in_queue",
    "rerun",
    "rerun_process",
    "result_of",
    "resume_process",
    "resume_run",
    "retry_run",
    "rewind_run",
    "slow_down",
    "start_process",
    "start_run",
    "take_out_of_queue",
    "train_anew",
]
