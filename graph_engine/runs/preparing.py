"""What a run needs before its first step: the document checked and compiled, its data read, a device chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graph_engine.check.report import CheckResult
from graph_engine.data import Dataset, Samples, Served, load_samples, resolve, served_inputs, split
from graph_engine.document import Document
from graph_engine.runs.errors import RunError

if TYPE_CHECKING:
    import torch

    from graph_engine.compile import Program


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that training takes, found to fit together."""

    document: Document
    result: CheckResult
    program: Program
    samples: Samples
    inputs: dict[str, Served]
    device: torch.device
    threads: int


def prepare(document: Document, dataset: Dataset | None, threads: int | None = None) -> Prepared:
    """Raises: CompileError, DataError, TrainError, RunError as `start_run`."""
    from graph_engine.check import Checker
    from graph_engine.compile import compile_document
    from graph_engine.train.devices import choose_device, choose_threads

    snapshot = document.snapshot()
    result = Checker().check(snapshot)
    program = compile_document(snapshot, result)
    resolution = resolve(snapshot, dataset)
    inputs = dict(served_inputs(resolution))
    found = resolution.dataset
    if found is None:
        raise RunError(f"{snapshot.title} is bound to no data set. Choose one.")
    snapshot.binding = replace(snapshot.binding, dataset=found.name)  # a path is absolute now
    device = choose_device(snapshot.plan)
    samples = load_samples(found, inputs, split(found, snapshot.plan.validation, snapshot.plan.seed), device)
    threads = threads or choose_threads(result.total.macs, snapshot.plan.batch_size)
    return Prepared(snapshot, result, program, samples, inputs, device, threads)
