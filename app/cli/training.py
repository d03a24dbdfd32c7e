"""`layerloom train` and `evaluate`: a run from the first step to its figures."""

from __future__ import annotations

import math
import os
from enum import StrEnum
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.errors import INTERRUPTED, THING_WRONG, CallError
from app.cli.options import JsonOption, TrustOption
from app.cli.output import counted, duration, figure, note, print_json, say
from app.cli.plans import Wishes
from app.cli.progress import follow
from app.cli.things import Thing, get_run, open_thing, require_sound, require_trust
from app.cli.workers import assist, begun_before
from graph_engine.train.distributed import is_worker, joined, leave

if TYPE_CHECKING:
    from graph_engine.data import Dataset
    from graph_engine.document import Document, Plan
    from graph_engine.runs import RunHandle, StoredRun
    from graph_engine.train.team import Team


class Device(StrEnum):
    """What `--device` takes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Precision(StrEnum):
    """What `--precision` takes."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


def train(
    thing: Annotated[
        str | None,
        typer.Argument(
            metavar="THING",
            help="A .loom file, a preset, or a run to train anew; not with --resume.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="D", help="A built-in data set or a path.", show_default=False)
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="E", min=1, help="Passes over the data.", show_default=False)
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", metavar="S", min=1, help="Steps instead of epochs.", show_default=False)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="B", min=1, help="Samples in a step.", show_default=False)
    ] = None,
    lr: Annotated[
        float | None, typer.Option("--lr", metavar="X", help="The learning rate.", show_default=False)
    ] = None,
    device: Annotated[Device | None, typer.Option("--device", help="Where to compute.", show_default=False)] = None,
    precision: Annotated[
        Precision | None, typer.Option("--precision", help="Of products; sums are fp32.", show_default=False)
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option("--compile", metavar="", help="Faster steps after a first one of half a minute (torch.compile)."),
    ] = False,
    cuda_graphs: Annotated[
        bool,
        typer.Option("--cuda-graphs", metavar="", help="With --compile on a GPU: replay each step's kernels as one."),
    ] = False,
    shard: Annotated[
        bool,
        typer.Option("--shard", metavar="", help="Under torchrun: each worker holds a part of the weights (FSDP2)."),
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", min=0, help="Of weights, order and dropout.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Keep the run in this new or empty folder.", show_default=False),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with a run; --epochs may give it more.", show_default=False
        ),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(
            "--again",
            metavar="RUN",
            help="Do a run again: same document, data, seed, device, threads and changes on the way.",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Train a network by its plan; options change the plan for this run alone.

    Ctrl C stops it with a checkpoint of that very step, from which --resume goes on. Under torchrun this is one of
    several workers that share every batch.

    Example: layerloom train lenet5 --data digits --epochs 15 --seed 0
    """
    if lr is not None and not (lr > 0 and math.isfinite(lr)):
        raise CallError(f"--lr takes a number above 0; got {lr:g}.")
    _require_possible(compiled=compiled, cuda_graphs=cuda_graphs)
    wishes = Wishes(
        epochs=epochs,
        steps=steps,
        batch_size=batch_size,
        learning_rate=lr,
        device=device.value if device else None,
        precision=precision.value if precision else None,
        seed=seed,
        sharded=shard or None,
        cuda_graphs=cuda_graphs or None,
    )
    if again is not None:
        given = thing is not None or data is not None or out is not None or resume is not None or compiled
        if given or wishes != Wishes():
            raise CallError(f"--again does {again} again as it was; leave out all else.")
        _again(again, trust_code=trust_code, as_json=json)
        return
    if resume is not None:
        if thing is not None:
            raise CallError(f"--resume goes on with {resume} as it was begun; leave out {thing}.")
        if out is not None:
            raise CallError("--out can't be given with --resume: a run stays where it is.")
    elif thing is None:
        raise CallError("Name what to train: a .loom file, a preset or a run; or give --resume RUN or --again RUN.")
    with joined() as team:
        begun = begun_before(out, team) if resume is None else None
        if begun is not None:
            wishes = Wishes()  # they are in the plan that it has
        resume = resume or begun
        handle = (
            _resume(resume, wishes, data, team, compiled=compiled, trust_code=trust_code)
            if resume is not None
            else _start(thing or "", wishes, data, out, team, compiled=compiled, trust_code=trust_code)
        )
        if handle is not None:
            follow(handle, quiet=json)
            _report(handle, as_json=json)
    if team is not None:
        leave()


def _require_possible(*, compiled: bool, cuda_graphs: bool) -> None:
    """Raises: CallError where `torch.compile` can't do what is asked for."""
    if compiled:
        require_compiler()
    elif cuda_graphs:
        raise CallError("--cuda-graphs needs --compile: what is compiled becomes CUDA graphs.")


def require_compiler() -> None:
    """Raises: CallError where `torch.compile` can't work."""
    if not any(map(which, filter(None, (os.environ.get("CXX"), "g++", "clang++")))):
        raise CallError("--compile needs a C++ compiler, and there is none here. Install g++, or leave --compile out.")


def evaluate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run, by its id, name or folder.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="D", help="All of this data set instead of what was held out.", show_default=False
        ),
    ] = None,
    trust_code: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Say how good a trained network is: on the samples held out from it, with its best weights.

    Example: layerloom evaluate lenet5-1
    """
    from graph_engine.runs import evaluate_run

    stored = get_run(run)
    _require_trust(stored, trust_code=trust_code)
    found = evaluate_run(stored, open_data(data))
    if json:
        print_json(found)
        return
    samples = counted(found["samples"], "held-out sample" if found["split"] == "validation" else "sample")
    say(f"{found['run']}, {found['weights']} weights (step {found['step']}), {samples} of {found['data']}:")
    say(_figures(found["metrics"]))


def _start(
    thing: str,
    wishes: Wishes,
    data: str | None,
    out: Path | None,
    team: Team | None,
    *,
    compiled: bool,
    trust_code: bool,
) -> RunHandle | None:
    """A new run; None when another worker leads it: then it has ended."""
    from graph_engine.runs import start_run

    found = open_thing(thing, data, trust_code=trust_code)
    require_sound(found)
    dataset = open_data(data)
    document = found.document
    document.plan = wishes.changed(document.plan)
    if team is not None and not team.leads:
        assist(team, document, dataset, compiled=compiled)
        return None
    return start_run(document, dataset=dataset, out=out, compiled=compiled, team=team)


def _again(run: str, *, trust_code: bool, as_json: bool) -> None:
    """Does a run again from its provenance; what is not as it was is told."""
    from graph_engine.runs import differences, rerun

    if is_worker():
        raise CallError("--again works in one process. Give torchrun the run as THING, or --resume.")
    stored = get_run(run)
    _require_trust(stored, trust_code=trust_code)
    found = differences(stored)
    if found:
        note(f"layerloom: not as it was when {stored.id} ran: {', '.join(found)}. The numbers may differ.")
    repeated = rerun(stored)
    follow(repeated, quiet=as_json)
    _report(repeated, as_json=as_json)


def _require_trust(stored: StoredRun, *, trust_code: bool) -> Document:
    """Raises: ThingError when a run came from elsewhere with code that the user does not trust."""
    from graph_engine.check.trust import trust_document

    document = stored.document()
    if trust_code:
        trust_document(document)
    require_trust(Thing(stored.id, document))
    return document


def _resume(
    run: str, wishes: Wishes, data: str | None, team: Team | None, *, compiled: bool, trust_code: bool
) -> RunHandle | None:
    """A run gone on with; None when another worker leads it: then it has ended."""
    from graph_engine.runs import resume_run

    stored = get_run(run) if team is None else team.from_first(lambda: get_run(run))
    document = _require_trust(stored, trust_code=trust_code)
    plan = wishes.prolonged(document.plan)
    dataset = open_data(data)
    if team is not None and not team.leads:
        _assist_on(stored, plan, dataset, team, compiled=compiled)
        return None
    return resume_run(stored, plan=plan, dataset=dataset, compiled=compiled, team=team)


def _assist_on(stored: StoredRun, plan: Plan | None, dataset: Dataset | None, team: Team, *, compiled: bool) -> None:
    """Takes part in a run that the first worker goes on with."""
    from graph_engine.train.changes import equipped

    known = stored.document().plan
    document = stored.folder.first_document()
    threads = stored.record.provenance.get("threads")
    begun = bool(stored.folder.checkpoints.steps())
    if plan is not None and not begun:
        document.plan = plan
    document = equipped(document, plan or known)
    chosen = plan if begun and plan != known else None
    assist(team, document, dataset, resume=True, plan=chosen, compiled=compiled, threads=threads)


def open_data(name: str | None) -> Dataset | None:
    """The data set that `--data` names.

    Raises:
        CallError: there is none of this name.
        DataError: it is there, but can't be read.
    """
    if name is None:
        return None
    from graph_engine.data import DataError, open_dataset

    try:
        return open_dataset(name)
    except DataError as error:
        if not Path(name).expanduser().exists():
            raise CallError(f"--data: {error}") from error
        raise


def _report(handle: RunHandle, *, as_json: bool) -> None:
    """Say how the run ended.

    Raises: typer.Exit with the status of a run that failed or was stopped.
    """
    result = handle.result()
    if as_json:
        print_json(result)
    else:
        _show(result)
    match result["state"]:
        case "failed":
            note(f"layerloom: the run {result['run']} failed. {result.get('message', '')}".rstrip())
            raise typer.Exit(THING_WRONG)
        case "stopped":
            note(f"Stopped after step {result['steps']}. Go on with: layerloom train --resume {result['run']}")
            if not is_worker():  # torchrun would take it for a failure, and begin anew
                raise typer.Exit(INTERRUPTED)


def _show(result: dict[str, Any]) -> None:
    work = f"{counted(result['epochs'], 'epoch')}, {counted(result['steps'], 'step')}"
    say(f"{result['run']} {result['state']}: {work} in {duration(result['seconds'])}.")
    if result["state"] == "finished" and "message" in result:
        say(result["message"])
    if result["metrics"]:
        say(f"last  {_figures(result['metrics'])}")
    best = {name: value for name, value in result["best"].items() if name not in ("epoch", "step")}
    if best:
        say(f"best  {_figures(best)}  (epoch {result['best'].get('epoch', '?')})")


def _figures(metrics: dict[str, float]) -> str:
    """`val_loss 0.083  val_accuracy 97.50 %`."""
    return "  ".join(f"{name} {figure(name, value)}" for name, value in metrics.items())
