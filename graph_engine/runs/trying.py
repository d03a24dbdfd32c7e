"""One trial of a search: a run with the values drawn, watched, given up when it does badly, its failure in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.compile import CompileError
from graph_engine.data import DataError
from graph_engine.document import Document
from graph_engine.runs.comparing import score
from graph_engine.runs.errors import RunError
from graph_engine.runs.search_places import REASON, RUN, STOPPED, is_to_end
from graph_engine.runs.settings import Value, with_values
from graph_engine.runs.starting import start_run
from graph_engine.runs.store import RunStore
from graph_engine.train import RunState, TrainError
from graph_engine.train.memory import is_memory

if TYPE_CHECKING:
    import optuna

    from graph_engine.runs.handle import RunHandle
    from graph_engine.runs.search import Search

_LOOK = 0.05  # s between two looks at a run that is tried
_WORDS = (RunError, TrainError, CompileError, DataError)
"""Errors that say of these values, in words for people, that they can't be trained."""


class TrialFailed(Exception):
    """These values could not be trained; why is noted with the trial. The search goes on."""


class Hindered(TrialFailed):
    """Nothing could be tried, whatever the values: the disk is full, say. The search ends, and can be gone on with."""


def try_values(
    trial: optuna.Trial, document: Document, values: Mapping[str, Value], search: Search, folder: Path, store: RunStore
) -> float:
    """What the search is about, at the best epoch of a run with `values`.

    Raises: TrialFailed; optuna.TrialPruned when the run was given up; FileError when it can't be written.
    """
    import optuna

    try:
        return _trained(trial, document, values, search, folder, store)
    except (KeyboardInterrupt, SystemExit):
        trial.set_user_attr(STOPPED, value=True)
        trial.set_user_attr(REASON, "The search was stopped.")
        raise
    except optuna.TrialPruned:
        raise
    except Exception as error:
        if _is_of_disk(error):
            with suppress(Exception):  # the study may be on the same disk
                trial.set_user_attr(STOPPED, value=True)
                trial.set_user_attr(REASON, str(error))
            raise Hindered(str(error)) from error
        in_words = isinstance(error, _WORDS)
        reason = "There is not enough memory for this." if is_memory(error) else str(error) or type(error).__name__
        trial.set_user_attr(REASON, reason)
        if in_words or is_memory(error):
            raise TrialFailed(reason) from error
        raise


def _is_of_disk(error: BaseException) -> bool:
    """Whether something could not be read or written."""
    held: BaseException | None = error
    while held is not None:
        if isinstance(held, (OSError, sqlite3.Error)):
            return True
        held = held.__cause__
    return False


def _trained(
    trial: optuna.Trial, document: Document, values: Mapping[str, Value], search: Search, folder: Path, store: RunStore
) -> float:
    import optuna

    handle = start_run(with_values(document, values), name=f"{search.name} {trial.number}", store=store)
    given_up = stopped = False
    try:
        trial.set_user_attr(RUN, handle.id)
        store.set_tags(handle.id, [search.name])
        cursor = None
        while not handle.wait(_LOOK):
            if not stopped and is_to_end(folder):
                stopped = True
                handle.control.stop()
            news = handle.feed.since(cursor)
            cursor = news.cursor
            points = news.points.get(search.metric)
            if points is None or not search.prune or given_up or stopped:
                continue
            for epoch, value in zip(points.epoch.tolist(), points.value.tolist(), strict=True):
                trial.report(value, round(epoch))
            if trial.should_prune():
                given_up = True
                handle.control.stop()
    finally:
        handle.stop()
    if stopped and handle.record.state is not RunState.FINISHED:
        trial.set_user_attr(STOPPED, value=True)
        raise RunError("The search was stopped.")
    if given_up and handle.record.state is not RunState.FINISHED:
        raise optuna.TrialPruned
    return _scored(handle, search.metric)


def _scored(handle: RunHandle, metric: str) -> float:
    """Raises: RunError when the run failed, or did not measure it."""
    record = handle.record
    value = score(record, metric)
    if record.state is RunState.FAILED:
        raise RunError(record.message or f"The run {handle.id} failed.") from handle.failure
    if value is None:
        raise RunError(record.message or f"The run {handle.id} measured no {metric}.")
    return value
