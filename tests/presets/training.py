"""Presets trained in tests, over fewer epochs than they come with."""

from __future__ import annotations

from dataclasses import replace

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.train import RunState, Trainer
from presets import open_preset


def accuracy(preset: str, *, epochs: int, seed: int = 0) -> float:
    """The accuracy on the validation split of a preset, `name:key=value`, after `epochs` of its plan."""
    document = open_preset(preset)
    stage = document.plan.stages[0]
    assert stage.epochs > epochs
    document.plan = replace(document.plan.with_first(stage=replace(stage, epochs=epochs)), seed=seed)
    found = resolve(document)
    assert not found.problems
    dataset = open_dataset(document.binding.dataset)
    samples = load_samples(dataset, found.inputs, split(dataset, document.plan.validation, seed))
    progress = Trainer(document, compile_document(document), samples, threads=1).run().progress
    assert progress.state is RunState.FINISHED, progress
    return float(progress.metrics["val_accuracy"])


def trained(preset: str, *lengths: int, seed: int = 0) -> Trainer:
    """A preset, `name:key=value`, trained: the steps of each stage, in their order; none: as it comes."""
    document = open_preset(preset)
    stages = document.plan.stages
    if lengths:
        stages = tuple(replace(stage, steps=steps) for stage, steps in zip(stages, lengths, strict=True))
    document.plan = replace(document.plan, stages=stages, seed=seed)
    found = resolve(document)
    assert not found.problems
    dataset = open_dataset(document.binding.dataset)
    samples = load_samples(dataset, found.inputs, split(dataset, document.plan.validation, seed))
    run = Trainer(document, compile_document(document), samples, threads=1)
    progress = run.run().progress
    assert progress.state is RunState.FINISHED, progress
    return run
