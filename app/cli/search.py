"""`layerloom search`: other settings tried, the best of them kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.errors import CallError
from app.cli.options import JsonOption, ThingArgument, TrustOption
from app.cli.output import figure, make_table, note, plain, print_json, say, show
from app.cli.plans import Wishes
from app.cli.things import open_thing, require_sound

if TYPE_CHECKING:
    from graph_engine.document import Range
    from graph_engine.runs.search import Trial


class SamplerName(StrEnum):
    """What `--sampler` takes."""

    TPE = "tpe"
    RANDOM = "random"
    GRID = "grid"


def search(
    thing: ThingArgument,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="SETTING=VALUES",
            help="low..high, low..high:log, low..high:STEP, or a,b,c; beside those that the document marks.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[int, typer.Option("--trials", metavar="N", min=1, help="How many sets of values to try.")] = 20,
    sampler: Annotated[SamplerName, typer.Option("--sampler", help="How values are chosen.")] = SamplerName.TPE,
    metric: Annotated[
        str,
        typer.Option(
            "--metric",
            metavar="M",
            help="Any series that is measured, such as val_accuracy; default: what the plan judges by.",
            show_default=False,
        ),
    ] = "",
    prune: Annotated[bool, typer.Option("--prune/--no-prune", help="Give up runs that do badly.")] = True,
    workers: Annotated[int, typer.Option("--workers", metavar="W", min=1, help="Processes that try values.")] = 1,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="E", min=1, help="Passes over the data.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Of the values chosen.")] = 0,
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Of the search; the same search of this name is gone on with. Default: a new name.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="Save the best document there (.loom).", show_default=False),
    ] = None,
    trust_code: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Search for better settings with Optuna; every trial is a run with the name of the search as its tag.

    Example: layerloom search lenet5 --range learning_rate=1e-4..0.1:log --range batch_size=16,32,64 --trials 20
    """
    from graph_engine.runs import search as searching

    if out is not None and not out.expanduser().absolute().parent.is_dir():
        raise CallError(f"-o: there is no folder {out.expanduser().absolute().parent}. Make it, or name another file.")
    found = open_thing(thing, trust_code=trust_code)
    require_sound(found)
    document = found.document
    plan = Wishes(epochs=epochs).changed(document.plan)
    given = tuple(_range(text) for text in ranges or ())
    marked = tuple(each for each in plan.search if each.of not in {other.of for other in given})
    document.plan = replace(plan, search=(*marked, *given))
    folder = searching.begin_search(
        document,
        searching.Search(name=name, sampler=sampler.value, trials=trials, metric=metric, prune=prune, seed=seed),
    )
    chosen, _ = searching.read_search(folder)
    before = len(searching.trials_of(folder))
    _work(folder, workers, lambda trial: None if json else note(_line(trial, chosen.metric)))
    all_trials = searching.trials_of(folder)
    if before and len(all_trials) == before:
        note(f"The search {chosen.name} has {before} trials already: ask for more with --trials.")
    _tell(folder, chosen.metric, all_trials, out=out, json=json)


def _work(folder: Path, workers: int, on_trial: Callable[[Trial], None]) -> None:
    """Tries values, with processes beside this one; they end when it is interrupted."""
    from graph_engine.runs.search import work_on
    from graph_engine.runs.search_places import end_search, troubles_of
    from graph_engine.runs.search_workers import start_workers

    beside = start_workers(folder, workers - 1)
    try:
        work_on(folder, on_trial)
    except BaseException:
        end_search(folder)
        raise
    finally:
        for process in beside:
            process.wait()
        for trouble in troubles_of(folder):
            note(trouble)


def _tell(folder: Path, metric: str, trials: list[Trial], *, out: Path | None, json: bool) -> None:
    """Raises: RunError when no trial ended well, FileError when the best can't be saved: after what the trials came to
    is told.
    """
    from graph_engine.document.file import FileError, save
    from graph_engine.runs import RunError
    from graph_engine.runs.search import best_of

    best: Trial | None = None
    wrong: RunError | FileError | None = None
    saved = None
    try:
        best, document = best_of(folder)
        if out is not None:
            save(document, out)
            saved = str(out)
    except (RunError, FileError) as error:
        wrong = error
    if json:
        print_json(
            {
                "search": folder.name,
                "metric": metric,
                "trials": [_data(trial) for trial in trials],
                "best": _data(best) if best is not None else None,
                "document": saved,
            }
        )
    else:
        _show(trials, metric)
        if best is not None:
            say(f"The best is trial {best.number}: the run {best.run}. The search is called {folder.name}.")
    if wrong is not None:
        raise wrong


def _range(text: str) -> Range:
    """`learning_rate=1e-4..0.1:log`, `batch_size=16,32`. Raises: CallError when it is none."""
    from graph_engine.runs import RunError
    from graph_engine.runs.ranges import read_range

    of, sign, values = text.partition("=")
    if not sign or not of or not values:
        raise CallError(f"--range takes SETTING=VALUES, such as learning_rate=1e-4..0.1:log; got {text!r}.")
    try:
        return read_range(of, values)
    except RunError as error:
        raise CallError(f"--range: {error}") from error


def _data(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "state": trial.state,
        "values": dict(trial.values),
        "run": trial.run,
        "score": trial.score,
        "reason": trial.reason,
    }


def _line(trial: Trial, metric: str) -> str:
    values = "  ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in trial.values.items()
    )
    score = "" if trial.score is None else f"  {metric} {figure(metric, trial.score)}"
    reason = f"  {trial.reason}" if trial.reason else ""
    return f"trial {trial.number}  {trial.state}{score}  {values}{reason}"


def _show(trials: list[Trial], metric: str) -> None:
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    why = ["why"] if any(trial.reason for trial in trials) else []
    table = make_table("trial", "run", "state", metric, *names, *why, right=("trial", metric))
    for trial in trials:
        score = "" if trial.score is None else figure(metric, trial.score)
        values = [trial.values.get(name, "") for name in names]
        cells = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]
        cells += [trial.reason] if why else []
        table.add_row(str(trial.number), plain(trial.run), trial.state, score, *map(plain, cells))
    show(table)
