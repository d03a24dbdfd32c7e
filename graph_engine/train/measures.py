"""Which series a plan measures, and whether greater values of them are better: the one place that knows."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from graph_engine.blocks import Role
from graph_engine.blocks.registry import all_blocks
from graph_engine.train.objectives import objectives_of

if TYPE_CHECKING:
    from graph_engine.document import Document

_SPLIT = re.compile(r"\A(?:train|val)_")
_NUMBER = re.compile(r"_\d+\Z")


def measures_of(document: Document) -> dict[str, bool]:
    """Every series that the plan of `document` measures (`val_loss`, `train_accuracy` …), those of the held-out samples
    first, and whether greater values are better.

    A loss is to be small, of a metric its block says; of the series that the plan judges by, the plan does.

    Raises: PlanError when the plan names what is not there, or has nothing to train.
    """
    plan, graph = document.plan, document.main
    held_out: dict[str, bool] = {}
    trained: dict[str, bool] = {}
    for stage in plan.stages:
        for each in objectives_of(document, stage):
            first = len(each.names) - len(each.metrics)
            metrics = dict(zip(each.names[first:], each.metrics, strict=True))
            for name in (*each.names, *each.penalties):
                block = graph.block(metrics[name][0]) if name in metrics else None
                greater = block is not None and block.greater
                if name == plan.judge.name:
                    greater = plan.judge.better == "greater"
                if plan.validation and name not in each.penalties:
                    held_out[f"val_{name}"] = greater
                if name not in each.judging:
                    trained[f"train_{name}"] = greater
    return held_out | trained


def judged_series(document: Document) -> str:
    """The series that the plan judges by: of the held-out samples, where there are such."""
    plan = document.plan
    return f"{'val' if plan.validation else 'train'}_{plan.judge.name}"


def usually_greater(series: str) -> bool:
    """Whether greater values of a series are better, by its name alone: for runs that do not say, and as a proposal.

    A name is that of a metric's output (`accuracy`), or of its node, which is usually called by its block (`f1_2`).
    """
    name = _SPLIT.sub("", series)
    return name in _great() or _NUMBER.sub("", name) in _great()


@cache
def _great() -> frozenset[str]:
    metrics = [block for block in all_blocks().values() if block.role is Role.METRIC and block.greater]
    return frozenset(name for block in metrics for name in (block.key(), block.outputs[0].name))
