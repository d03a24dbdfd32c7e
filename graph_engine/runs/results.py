"""What a run leaves: a trained network, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from graph_engine.data import Dataset, Split, load_samples, open_dataset, resolve, served_inputs, split
from graph_engine.document import Document, Stage
from graph_engine.runs.errors import RunError
from graph_engine.runs.store import RunStore, StoredRun

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.compile import Program
    from graph_engine.train.checkpoints import Checkpoint

Which = Literal["best", "last"]
"""The weights of the epoch with the best validation loss, or the newest."""


BEGUN_WITH = "begun_with.safetensors"
"""In the folder of a run that was begun anew: the weights that it begins with. A plan names them by the run's id and
this name, so that they are found wherever the runs are.
"""


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network with the weights of a run after `step` steps, in evaluation mode on the CPU."""

    document: Document
    program: Program
    network: nn.Module
    step: int
    epoch: int


def load_weights(run: str | StoredRun, which: Which = "best", store: RunStore | None = None) -> dict[str, Tensor]:
    """The state dict of a run.

    Raises: RunError when there is no such run, or no whole checkpoint of it.
    """
    return _stored(run, store).folder.checkpoint(which).weights


def weights_from(store: RunStore) -> Callable[[str], Mapping[str, Tensor]]:
    """What finds the weights that a plan names: those of a run, those that a run was begun anew with, or of a
    safetensors file.

    What it gives raises: PlanError when there are none.
    """

    def find(source: str) -> Mapping[str, Tensor]:
        from graph_engine.train.beginnings import weights_of_file
        from graph_engine.train.errors import PlanError

        stored = store.find(source)
        if stored is None:
            run, slash, name = source.rpartition("/")
            begun = store.find(run) if slash and name == BEGUN_WITH else None
            return weights_of_file(source if begun is None else str(begun.folder.path / BEGUN_WITH))
        try:
            return load_weights(stored)
        except RunError as error:
            raise PlanError(str(error)) from error

    return find


def load_network(run: str | StoredRun, which: Which = "best", store: RunStore | None = None) -> TrainedNetwork:
    """The network of a run with its weights.

    Raises: RunError; CompileError when the document no longer compiles.
    """
    from graph_engine.compile import compile_document

    stored = _stored(run, store)
    found = stored.folder.checkpoint(which)
    document = stored.document()
    program = compile_document(document)
    network = program.make(document.plan.seed)
    try:
        network.load_state_dict(found.weights)
    except RuntimeError as error:
        raise RunError(
            f"The weights of the run {stored.id} do not fit its document as this Layerloom compiles it "
            f"({str(error).splitlines()[-1].strip()})."
        ) from error
    return TrainedNetwork(document, program, network.eval(), found.step, found.epoch)


def evaluate_run(
    run: str | StoredRun,
    data: str | Dataset | None = None,
    which: Which = "best",
    store: RunStore | None = None,
) -> dict[str, Any]:
    """How good a run's network is: on the samples that were held out from it, as it was judged, or on all of another
    data set.

    Returns `{run, weights, step, data, samples, split, metrics: {loss, accuracy, …}}`.

    Raises: RunError, CompileError, DataError, PlanError.
    """
    import torch

    from graph_engine.train.changes import read_changes, with_changes
    from graph_engine.train.course import arguments, held_out_of
    from graph_engine.train.evaluation import BATCHES, evaluate
    from graph_engine.train.measuring import Measurement
    from graph_engine.train.objectives import objectives_of

    stored = _stored(run, store)
    trained = load_network(stored, which)
    document, plan = trained.document, trained.document.plan
    made = [each for each in read_changes(stored.folder.path) if each.step < trained.step]
    judged = with_changes(stored.folder.first_document(), made)  # with the weights of losses as they were then
    dataset = open_dataset(data) if isinstance(data, str) else data
    own = dataset is None or dataset.name == document.binding.dataset
    resolution = resolve(document, dataset)
    inputs = served_inputs(resolution)
    found = resolution.dataset
    if found is None:
        raise RunError(f"The run {stored.id} is bound to no data set.")
    chosen = split(found, plan.validation, plan.seed) if own else _all_of(found)
    samples = load_samples(found, inputs, chosen)
    stage = _stage_of(stored.folder.checkpoint(which), judged)
    columns, length = held_out_of(stage, trained.program, samples) if own else ({}, 0)
    held_out = length > 0
    if not held_out:
        columns, length = arguments(trained.program, samples.train), samples.train_length
    device = torch.device("cpu")
    whole = replace(plan, precision="fp32")
    measurements = [
        Measurement(objective, trained.program, trained.network, whole, device)
        for objective in objectives_of(judged, stage)
    ]
    metrics = evaluate(measurements, columns, length, BATCHES * plan.batch_size)
    return {
        "run": stored.id,
        "weights": which,
        "step": trained.step,
        "data": found.name,
        "samples": length,
        "split": "validation" if held_out else "all",
        "metrics": metrics,
    }


def _stage_of(found: Checkpoint, judged: Document) -> Stage:
    """The stage that weights are of: of the best ones, which know what was measured with them, the last stage that
    measures this. A run may have been stopped before its last.
    """
    from graph_engine.train.objectives import series_of_epochs

    stages = judged.plan.stages
    if found.state:
        at: int = found.state["position"]["stage"]
        return stages[at]
    told = {name for name in found.metrics if name.startswith("train_")}
    alike = (stage for stage in reversed(stages) if set(series_of_epochs(judged, stage, held_out=False)) == told)
    return next(alike, stages[-1])


def _stored(run: str | StoredRun, store: RunStore | None) -> StoredRun:
    return (store or RunStore()).get(run) if isinstance(run, str) else run


def _all_of(dataset: Dataset) -> Split:
    return split(dataset, 0.0, 0)
