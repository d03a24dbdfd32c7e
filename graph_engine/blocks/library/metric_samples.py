"""Metrics of generators: whether all of what is imitated is made, and whether what is made could be of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.collected import CollectedMetric, Collector
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_POINT, _IMAGE = TensorSpec((N, 4)), TensorSpec((N, 2, 5, 6))


class _AmongNeighbours(CollectedMetric):
    """Shared by metrics that compare a set of made samples with a set of real ones."""

    greater: ClassVar = True
    keywords: ClassVar = ("gan", "generative", "mode collapse", "diversity", "quality", "neighbours")
    inputs: ClassVar = (
        Input("made", (Kind.VECTOR, Kind.IMAGE), "samples of the generator"),
        Input("real", (Kind.VECTOR, Kind.IMAGE), "samples of what it imitates"),
    )
    examples: ClassVar = (
        ({}, {"made": _POINT, "real": _POINT}),
        ({"neighbours": 1}, {"made": _IMAGE, "real": _IMAGE}),
    )
    at_each_step: ClassVar = False  # all distances between all pairs: more than the step of a small network

    neighbours: Annotated[
        int,
        Param("Neighbours", "k: a real sample reaches as far as its k-th neighbour among the real ones.", ge=1),
    ] = 5

    def tell(self) -> str:
        return f"{self.neighbours} neighbours"

    def _compare(self, function: str, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "made", "real")
        return Function.of(function, Ref("made"), Ref("real"), neighbours=self.neighbours)

    def _collector(self, name: str) -> Collector:
        return Collector.of(f"graph_engine.train.sample_metrics.{name}", neighbours=self.neighbours)


class Coverage(_AmongNeighbours):
    """How much of what is imitated the generator makes: the share of real samples with a made one in reach.

    made, real: (N, C) or (N, C, H, W) -> y: scalar between 0 and 1; low when modes are missing. It is
    computed in evaluations, over all their samples.
    """

    title: ClassVar = "Coverage"
    reference: ClassVar = Reference(
        "Naeem, Oh, Uh, Choi, Yoo", 2020, "Reliable fidelity and diversity metrics for generative models"
    )
    outputs: ClassVar = (Output("coverage", Kind.SCALAR),)

    def build(self, inputs: Specs) -> Expression:
        return self._compare("coverage", inputs)

    def collector(self, inputs: Specs) -> Collector:
        return self._collector("CollectedCoverage")


class Fidelity(_AmongNeighbours):
    """How much of what the generator makes could be real: the share of made samples in the reach of a real one.

    made, real: (N, C) or (N, C, H, W) -> y: scalar between 0 and 1; low when samples lie between or beside the real
    ones. It is computed in evaluations, over all their samples.
    """

    title: ClassVar = "Fidelity"
    reference: ClassVar = Reference(
        "Kynkäänniemi, Karras, Laine, Lehtinen, Aila",
        2019,
        "Improved precision and recall metric for assessing generative models",
    )
    outputs: ClassVar = (Output("fidelity", Kind.SCALAR),)

    def build(self, inputs: Specs) -> Expression:
        return self._compare("fidelity", inputs)

    def collector(self, inputs: Specs) -> Collector:
        return self._collector("CollectedFidelity")
