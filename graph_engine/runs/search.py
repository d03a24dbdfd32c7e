"""Searching over settings with Optuna: random, TPE or a grid, with pruning, a study in SQLite, several workers.

Akiba et al. (2019), Optuna: a next-generation hyperparameter optimization framework.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graph_engine.data.seeds import mix
from graph_engine.document import Document, Range
from graph_engine.document.file import FileError, load, save, write_whole
from graph_engine.home import home, place
from graph_engine.runs.comparing import compare_documents
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import make_folder
from graph_engine.runs.ranges import write_range
from graph_engine.runs.search_places import (
    REASON,
    RUN,
    STOPPED,
    WORKER,
    WorkerPlace,
    forget_end,
    is_to_end,
    troubles_of,
    workers_of,
)
from graph_engine.runs.settings import Value, with_values
from graph_engine.runs.store import RunStore
from graph_engine.train.measures import judged_series, measures_of

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random", "grid"]
DOCUMENT, SEARCH, STUDY = "document.loom", "search.json", "study.sqlite"
_WARM_UP = 1  # epochs before a run may be given up
_NAME = re.compile(r"(?!\.|\s)[^/\\\x00-\x1f\x7f]{1,100}")
_MAKING = "study.lock"
_LONGEST = 255  # bytes of the name of a folder
_LOST = "The process that tried it ended before it did."


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """How to search. `metric` is a series (`val_accuracy`) at the best epoch of each run; "": what the plan judges by.
    The plan's judge, or the block that measures it, says whether it is to be small or great. `prune` gives up runs that
    are worse than the median of those before at the same epoch. Without a `name` it is given a new one.
    """

    name: str = ""
    sampler: Sampler = "tpe"
    trials: int = 20
    metric: str = ""
    prune: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of values: the run that tried it, and what came of it; `reason` says why it failed. `counts` is False of
    one that goes on, was stopped or lost: such values are tried anew.
    """

    number: int
    state: str
    values: Mapping[str, Value]
    run: str
    score: float | None
    reason: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SearchState:
    """How a search stands: the settings it is over, its trials, whether somebody is at work on it, and why who was not
    did not end well. `stopping`: it was told to end.
    """

    name: str
    folder: Path
    search: Search
    document: str
    ranges: tuple[str, ...]
    greater: bool
    trials: tuple[Trial, ...]
    live: bool
    stopping: bool
    troubles: tuple[str, ...]

    @property
    def ended(self) -> int:
        """How many of the trials asked for have ended."""
        return sum(trial.counts for trial in self.trials)

    @property
    def best(self) -> Trial | None:
        scored = [each for each in self.trials if each.score is not None and each.state == "complete"]
        return max(scored, key=lambda each: (each.score or 0.0) * (1 if self.greater else -1), default=None)


def state_of(folder: Path) -> SearchState:
    """Raises: RunError when the folder holds no search."""
    search, document = read_search(folder)
    live = bool(workers_of(folder))  # before the trials: who ends meanwhile has told all
    return SearchState(
        folder.name,
        folder,
        search,
        document.title,
        tuple(each.of for each in document.plan.search),
        is_greater(search, document),
        tuple(trials_of(folder)),
        live,
        live and is_to_end(folder),
        tuple(troubles_of(folder)),
    )


def all_searches() -> list[tuple[str, bool]]:
    """The names of all searches, the newest first, and whether somebody is at work on each."""
    found = sorted(searches_folder().glob(f"*/{SEARCH}"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [(path.parent.name, bool(workers_of(path.parent))) for path in found]


def begin_search(document: Document, search: Search) -> Path:
    """Makes the folder of a search, which `work_on` and `trials_of` take; its name is that of the search. One of this
    name is gone on with, if it is of the same document, ranges, metric and sampler.

    Raises: RunError when nothing is marked to be searched over, a range does not fit, nothing measures the metric, or
    the search of this name is another one; PlanError when the plan does not fit; FileError, HomeError.
    """
    _optuna()
    ranges = document.plan.search
    if not ranges:
        raise RunError("Nothing is marked to be searched over. Give a range, such as learning_rate from 1e-4 to 0.1.")
    twice = next((each.of for at, each in enumerate(ranges) if each.of in {other.of for other in ranges[:at]}), None)
    if twice is not None:
        raise RunError(f"{twice} has two ranges. Give it one.")
    for each in ranges:
        for value in each.choices or (each.low,):
            with_values(document, {each.of: _whole(each, value)})
    if search.sampler == "grid" and not all(each.choices or each.step for each in ranges):
        raise RunError("A grid needs choices or a step for every range.")
    measured = measures_of(document)
    search = replace(search, metric=search.metric or judged_series(document))
    if search.metric not in measured:
        raise RunError(f"Nothing measures {search.metric!r}. Choose one of what there is: {', '.join(measured)}.")
    home()  # or why there is none
    searches = searches_folder()
    if not search.name:
        folder = make_folder(searches, f"search {document.title}")
        search = replace(search, name=folder.name)
    elif not _NAME.fullmatch(search.name) or len(os.fsencode(search.name)) > _LONGEST:
        raise RunError(
            f"A search can't be called {search.name!r}. Give a name in one line, not too long, without /, that begins "
            "with no dot."
        )
    else:
        folder = searches / search.name
    if (folder / SEARCH).exists():
        _require_same(folder, document, search)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save(document, folder / DOCUMENT)
        write_whole(folder / SEARCH, json.dumps(asdict(search)))
        forget_end(folder)
    except OSError as error:
        raise FileError(f"{folder} can't be written: {error.strerror or error}. Free some space.") from error
    _study(folder)
    return folder


def searches_folder() -> Path:
    """The folder that holds a folder for each search, whether or not it is there."""
    return place() / "searches"


def work_on(folder: Path, on_trial: Callable[[Trial], None] = lambda _: None, *, at: WorkerPlace | None = None) -> None:
    """Tries values until the search has as many trials as it should, or is told to end. Several processes may work on
    one search, each at another place, so that they do not draw the same values. A trial that can't be trained has
    failed, with its reason, and the search goes on.

    Raises: RunError, FileError.
    """
    from graph_engine.runs.trying import Hindered, TrialFailed, try_values

    hindered: list[str] = []
    at = at or WorkerPlace.take(folder)
    with _in_words(folder), ExitStack() as stack:
        stack.callback(at.let_go)
        search, document = read_search(folder)
        study = _study(folder, at.number)
        _take_up(study, at.number)
        store = RunStore()

        def enough() -> bool:
            """Whether those that have ended and those that others are trying are as many as there should be."""
            alive = workers_of(folder) - {at.number}
            trials = study.get_trials(deepcopy=False)
            tried = [each for each in trials if each.state.name == "RUNNING" and each.user_attrs.get(WORKER) in alive]
            return len([each for each in trials if _counts(each)]) + len(tried) >= search.trials

        def all_tried() -> bool:
            """Whether of a grid nothing is left."""
            if search.sampler != "grid":
                return False
            ended = [each.params for each in study.get_trials(deepcopy=False) if _counts(each)]
            tried = {tuple(sorted(params.items())) for params in ended}
            return len(tried) >= math.prod(len(values) for values in _grid(document).values())

        def told(study: optuna.Study, frozen: optuna.trial.FrozenTrial) -> None:
            on_trial(_trial(frozen))
            if frozen.user_attrs.get(STOPPED):
                study.enqueue_trial(frozen.params)  # for whoever goes on
            if hindered or is_to_end(folder) or enough() or all_tried():
                study.stop()

        def attempt(trial: optuna.Trial) -> float:
            trial.set_user_attr(WORKER, at.number)
            values = {each.of: _suggest(trial, each) for each in document.plan.search}
            try:
                return try_values(trial, document, values, search, folder, store)
            except Hindered as error:
                hindered.append(str(error))
                raise

        if not enough() and not is_to_end(folder):
            study.optimize(attempt, callbacks=[told], catch=(TrialFailed,))
        if hindered:
            raise RunError(f"{hindered[0]} Then go on with the search {folder.name}.")


def trials_of(folder: Path) -> list[Trial]:
    """All trials of a search so far."""
    alive = workers_of(folder)
    found = []
    for each in _study(folder).get_trials(deepcopy=False):
        trial = _trial(each)
        if trial.state == "running" and each.user_attrs.get(WORKER) not in alive:
            trial = replace(trial, state="fail", reason=_LOST)
        if trial.state != "waiting":
            found.append(trial)
    return found


def best_of(folder: Path) -> tuple[Trial, Document]:
    """The best trial of a search, and the document with its values.

    Raises: RunError when no trial ended well.
    """
    state, (_, document) = state_of(folder), read_search(folder)
    best = state.best
    if best is None:
        reason = next((f" The last one: {each.reason}" for each in reversed(state.trials) if each.reason), "")
        raise RunError(f"No trial of the search {state.name} has ended well yet.{reason}")
    return best, with_values(document, best.values)


def read_search(folder: Path) -> tuple[Search, Document]:
    """How is searched, and the document with its ranges.

    Raises: RunError when the folder holds no search.
    """
    try:
        said = json.loads((folder / SEARCH).read_bytes())
        known = {each.name for each in fields(Search)}
        return Search(**{key: value for key, value in said.items() if key in known}), load(folder / DOCUMENT)
    except (OSError, ValueError, TypeError, AttributeError, FileError) as error:
        raise RunError(f"{folder} holds no search ({error}).") from error


def is_greater(search: Search, document: Document) -> bool:
    """Whether greater values of what is searched by are better."""
    return measures_of(document).get(search.metric, False)


def _require_same(folder: Path, document: Document, search: Search) -> None:
    """Raises: RunError when the search there is is not of this document, these ranges, this metric and sampler."""
    before, began_with = read_search(folder)
    said: list[str] = []
    ranges = [{each.of: write_range(each) for each in one.plan.search} for one in (began_with, document)]
    for name in dict.fromkeys((*ranges[0], *ranges[1])):
        then, wanted = (each.get(name) for each in ranges)
        if then != wanted:
            said.append(
                f"{name} over {then}, not {wanted}"
                if then and wanted
                else f"{name} over {then}, which is not asked for now"
                if then
                else f"not over {name}"
            )
    for one, other in ((before.metric, search.metric), (before.sampler, search.sampler)):
        if one != other:
            said.append(f"by {one}, not {other}")
    plain = [each.snapshot() for each in (began_with, document)]
    for copy in plain:
        copy.plan = replace(copy.plan, search=())
    said += [
        f"with {each.place} {each.before or 'unset'}, not {each.after or 'unset'}"
        for each in compare_documents(*plain)
        if each.place != "title"
    ]
    if said:
        more = f", and {len(said) - 3} other differences" if len(said) > 3 else ""
        raise RunError(
            f"There is a search called {search.name} already: {'; '.join(said[:3])}{more}. Give this one another name "
            "(--name), or ask for the same again to go on with it."
        )


def _counts(frozen: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial is one of those asked for: it has ended by itself, rather than been stopped or lost."""
    lost = frozen.state.name == "FAIL" and REASON not in frozen.user_attrs
    return frozen.state.is_finished() and not lost and not frozen.user_attrs.get(STOPPED)


def _take_up(study: optuna.Study, number: int) -> None:
    """Ends the trials of a worker that was at this place and is gone; their values are tried anew."""
    states = _optuna().trial.TrialState
    for each in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        if each.user_attrs.get(WORKER, number) == number:
            study.tell(each.number, state=states.FAIL)
            study.enqueue_trial(each.params)


def _suggest(trial: optuna.Trial, chosen: Range) -> Value:
    if chosen.choices:
        found: Value = trial.suggest_categorical(chosen.of, list(chosen.choices))  # type: ignore[assignment]
        return found
    low, high = chosen.low, chosen.high
    if chosen.step and not chosen.log:  # the last of the steps, as a grid has it; Optuna would warn of another end
        high = low + math.floor((high - low) / chosen.step + 1e-9) * chosen.step
    if chosen.whole:
        step = int(chosen.step or 1)
        return trial.suggest_int(chosen.of, int(low), int(high), log=chosen.log, step=1 if chosen.log else step)
    return trial.suggest_float(chosen.of, low, high, log=chosen.log, step=None if chosen.log else chosen.step)


def _whole(chosen: Range, value: Value) -> Value:
    return int(value) if chosen.whole and isinstance(value, float) else value


def _grid(document: Document) -> dict[str, list[Any]]:
    """The values of each range, by name."""
    found = {}
    for each in document.plan.search:
        count = 0 if each.choices else math.floor((each.high - each.low) / (each.step or 1) + 1e-9)
        steps = [each.low + at * (each.step or 1) for at in range(count + 1)]
        found[each.of] = list(each.choices) or [int(step) if each.whole else step for step in steps]
    return found


@cache
def _grid_sampler() -> Any:
    """Optuna's, which stumbles over values that were put in line to be tried anew."""
    from optuna.samplers import GridSampler

    class Grid(GridSampler):
        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            if "fixed_params" not in trial.system_attrs:
                super().after_trial(study, trial, state, values)

    return Grid


def _study(folder: Path, worker: int = 0) -> optuna.Study:
    """The study of a search; what it draws depends on who draws, and on how many trials there were before."""
    library = _optuna()
    search, document = read_search(folder)
    pruner = library.pruners.MedianPruner(n_warmup_steps=_WARM_UP) if search.prune else library.pruners.NopPruner()
    with _in_words(folder), _alone(folder), _whole_or_none(folder / STUDY):
        study: optuna.Study = library.create_study(
            storage=library.storages.RDBStorage(
                f"sqlite:///{STUDY}", {"creator": lambda: sqlite3.connect(folder / STUDY, check_same_thread=False)}
            ),  # its path may have characters that mean something in a URL
            study_name=search.name,
            load_if_exists=True,
            direction="maximize" if is_greater(search, document) else "minimize",
            pruner=pruner,
        )
    seed = mix(search.seed, worker, len(study.get_trials(deepcopy=False)))
    samplers: dict[Sampler, Callable[[], Any]] = {
        "tpe": lambda: library.samplers.TPESampler(seed=seed),
        "random": lambda: library.samplers.RandomSampler(seed=seed),
        "grid": lambda: _grid_sampler()(_grid(document), seed=mix(search.seed, 0)),  # all are to number it alike
    }
    study.sampler = samplers[search.sampler]()
    return study


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Raises: RunError where Optuna, or the database that it keeps its trials in, has something to complain of."""
    library = _optuna()
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (library.exceptions.StorageInternalError, SQLAlchemyError, AssertionError) as error:
        raise RunError(
            f"The trials of the search {folder.name} can't be written to {folder / STUDY} ({_root(error)}). Free some "
            "space, and go on with it."
        ) from error
    except library.exceptions.OptunaError as error:
        raise RunError(f"The search {folder.name} can't go on: {error}.") from error


def _root(error: BaseException) -> str:
    """The first line of what an error began with."""
    first = error.__cause__ or error.__context__
    return _root(first) if first is not None else (str(error).splitlines() or [type(error).__name__])[0]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Within, no other process makes the tables of the study, where the file system knows locks."""
    with ExitStack() as stack:
        with suppress(OSError):
            handle = stack.enter_context((folder / _MAKING).open("wb"))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _whole_or_none(path: Path) -> Iterator[None]:
    """A file that is made within is taken away again if that goes wrong: half a study could not be gone on with."""
    was_there = path.exists()
    try:
        yield
    except BaseException:
        if not was_there:
            path.unlink(missing_ok=True)
        raise


def _trial(frozen: optuna.trial.FrozenTrial) -> Trial:
    value = frozen.value
    if value is None and frozen.intermediate_values:
        value = frozen.intermediate_values[max(frozen.intermediate_values)]
    about = frozen.user_attrs
    state = frozen.state.name.lower()
    reason = str(about.get(REASON, _LOST if state == "fail" else ""))
    return Trial(frozen.number, state, dict(frozen.params), str(about.get(RUN, "")), value, reason, _counts(frozen))


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise RunError(
            "Searching needs the package optuna, which is not installed. Install it with: pip install optuna"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # why a trial failed is said here, without a traceback
    return optuna
