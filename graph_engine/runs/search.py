"""Searching over settings with Optuna: random, TPE or a grid, with pruning, a study in SQLite, several workers.

Akiba et al. (2019), Optuna: a next-generation hyperparameter optimization framework.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

from graph_engine.data.seeds import mix
from graph_engine.document import Document, EditRefused, Range, SetParameter, SetPlan
from graph_engine.document.codec import FormatError, plan_from_json
from graph_engine.document.file import load, save, write_whole
from graph_engine.home import place
from graph_engine.runs.comparing import score
from graph_engine.runs.errors import RunError
from graph_engine.runs.settings import complete, plan_path
from graph_engine.runs.starting import start_run
from graph_engine.runs.store import RunStore

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random", "grid"]
Value = str | int | float | bool
DOCUMENT, SEARCH, STUDY = "document.loom", "search.json", "study.sqlite"
_LOOK = 0.05  # s between two looks at a run that is tried
_WARM_UP = 1  # epochs before a run may be given up


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """How to search. `metric` is that of the best epoch of each run; one that ends in `loss` is made small, any other
    great. `prune` gives up runs that are worse than the median of those before at the same epoch.
    """

    name: str
    sampler: Sampler = "tpe"
    trials: int = 20
    metric: str = "val_loss"
    prune: bool = True
    seed: int = 0

    @property
    def greater(self) -> bool:
        return not self.metric.endswith("loss")


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of values: the run that tried it, and what came of it."""

    number: int
    state: str
    values: Mapping[str, Value]
    run: str
    score: float | None


def with_values(document: Document, values: Mapping[str, Value]) -> Document:
    """A copy of `document` with other settings, by their names in `settings_of`.

    Raises: RunError when there is no such setting, or it does not take the value.
    """
    copy = document.snapshot()
    for name, value in values.items():
        try:
            path = plan_path(copy.plan, name)
            if path is not None:
                said = complete(copy.plan)
                _put(said, path.split("."), value)
                copy.apply(SetPlan(plan_from_json(said)))
            else:
                node, _, parameter = name.partition(".")
                if node not in copy.main:
                    raise RunError(f"There is no setting called {name!r}: neither of the plan nor of a node.")
                copy.apply(SetParameter(node, parameter, value))
        except (EditRefused, FormatError) as error:
            raise RunError(f"{name} can't be {value!r}: {error}") from error
    return copy


def begin_search(document: Document, search: Search) -> Path:
    """Makes the folder of a search, which `work_on` and `trials_of` take; one of this name is gone on with.

    Raises: RunError when nothing is marked to be searched over, or a range does not fit; FileError.
    """
    _optuna()
    ranges = document.plan.search
    if not ranges:
        raise RunError("Nothing is marked to be searched over. Give a range, such as learning_rate from 1e-4 to 0.1.")
    for each in ranges:
        for value in (each.choices[:1] or (each.low,))[:1]:
            with_values(document, {each.of: _whole(each, value)})
    if search.sampler == "grid" and not all(each.choices or each.step for each in ranges):
        raise RunError("A grid needs choices or a step for every range.")
    folder = place() / "searches" / search.name
    folder.mkdir(parents=True, exist_ok=True)
    save(document, folder / DOCUMENT)
    write_whole(folder / SEARCH, json.dumps(asdict(search)))
    _study(folder)
    return folder


def work_on(folder: Path, on_trial: Callable[[Trial], None] = lambda _: None, *, worker: int = 0) -> None:
    """Tries values until the search has as many trials as it should. Several processes may work on one search, each as
    another `worker`, so that they do not draw the same values.

    Raises: RunError, FileError.
    """
    library = _optuna()
    search, document = _read(folder)
    study = _study(folder, worker)
    store = RunStore()
    done = (library.trial.TrialState.COMPLETE, library.trial.TrialState.PRUNED, library.trial.TrialState.FAIL)

    def tell(_: optuna.Study, frozen: optuna.trial.FrozenTrial) -> None:
        on_trial(_trial(frozen))

    if len(study.get_trials(deepcopy=False, states=done)) < search.trials:
        study.optimize(
            lambda trial: _try(trial, document, search, store),
            callbacks=[library.study.MaxTrialsCallback(search.trials, states=done), tell],
            catch=(RunError,),
        )


def start_workers(folder: Path, count: int) -> list[subprocess.Popen[bytes]]:
    """Processes that work on a search beside this one."""
    return [
        subprocess.Popen(
            [sys.executable, "-m", "graph_engine.runs.search", str(folder), str(worker)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        for worker in range(1, count + 1)
    ]


def trials_of(folder: Path) -> list[Trial]:
    """All trials of a search so far."""
    return [_trial(each) for each in _study(folder).get_trials(deepcopy=False)]


def best_of(folder: Path) -> tuple[Trial, Document]:
    """The best trial of a search, and the document with its values.

    Raises: RunError when no trial ended well.
    """
    search, document = _read(folder)
    scored = [trial for trial in trials_of(folder) if trial.score is not None and trial.state == "complete"]
    if not scored:
        raise RunError(f"No trial of the search {search.name} has ended well yet.")
    best = (max if search.greater else min)(scored, key=lambda trial: trial.score or 0.0)
    return best, with_values(document, best.values)


def _try(trial: optuna.Trial, document: Document, search: Search, store: RunStore) -> float:
    library = _optuna()
    values = {each.of: _suggest(trial, each) for each in document.plan.search}
    handle = start_run(with_values(document, values), name=f"{search.name} {trial.number}", store=store)
    trial.set_user_attr("run", handle.id)
    store.set_tags(handle.id, [search.name])
    cursor, given_up = None, False
    try:
        while not handle.wait(_LOOK):
            news = handle.feed.since(cursor)
            cursor = news.cursor
            points = news.points.get(search.metric)
            if points is None or not search.prune or given_up:
                continue
            for epoch, value in zip(points.epoch.tolist(), points.value.tolist(), strict=True):
                trial.report(value, round(epoch))
            if trial.should_prune():
                given_up = True
                handle.control.stop()
    finally:
        handle.stop()
    record = handle.record
    if given_up:
        raise library.TrialPruned
    value = score(record, search.metric)
    if value is None or record.state == "failed":
        raise RunError(record.message or f"The run {handle.id} measured no {search.metric}.")
    return value


def _suggest(trial: optuna.Trial, chosen: Range) -> Value:
    if chosen.choices:
        found: Value = trial.suggest_categorical(chosen.of, list(chosen.choices))  # type: ignore[assignment]
        return found
    low, high = chosen.low, chosen.high
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


def _study(folder: Path, worker: int = 0) -> optuna.Study:
    """The study of a search; what it draws depends on who draws, and on how many trials there were before."""
    library = _optuna()
    search, document = _read(folder)
    study: optuna.Study = library.create_study(
        storage=f"sqlite:///{folder / STUDY}",
        study_name=search.name,
        load_if_exists=True,
        direction="maximize" if search.greater else "minimize",
        pruner=library.pruners.MedianPruner(n_warmup_steps=_WARM_UP) if search.prune else library.pruners.NopPruner(),
    )
    seed = mix(search.seed, worker, len(study.get_trials(deepcopy=False)))
    samplers: dict[Sampler, Callable[[], Any]] = {
        "tpe": lambda: library.samplers.TPESampler(seed=seed),
        "random": lambda: library.samplers.RandomSampler(seed=seed),
        "grid": lambda: library.samplers.GridSampler(_grid(document), seed=seed),
    }
    study.sampler = samplers[search.sampler]()
    return study


def _read(folder: Path) -> tuple[Search, Document]:
    try:
        return Search(**json.loads((folder / SEARCH).read_bytes())), load(folder / DOCUMENT)
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{folder} holds no search ({error}).") from error


def _trial(frozen: optuna.trial.FrozenTrial) -> Trial:
    value = frozen.value
    if value is None and frozen.intermediate_values:
        value = frozen.intermediate_values[max(frozen.intermediate_values)]
    run = str(frozen.user_attrs.get("run", ""))
    return Trial(frozen.number, frozen.state.name.lower(), dict(frozen.params), run, value)


def _put(value: Any, path: list[str], new: Value) -> None:
    """Puts `new` at a path of `flat` into a JSON value."""
    for part in path[:-1]:
        value = value[int(part) - 1] if isinstance(value, list) else value[part]
    value[path[-1]] = new


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise RunError(
            "Searching needs the package optuna, which is not installed. "
            "Install it with: pip install 'layerloom[search]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # the run that is tried is stopped on the way out


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    with suppress(KeyboardInterrupt):
        work_on(Path(sys.argv[1]), worker=int(sys.argv[2]))
