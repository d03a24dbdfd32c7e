"""The check of one graph while it is being made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph_engine.blocks import TensorSpec
from graph_engine.check.report import Code, Fix, NodeReport, Problem, Severity, State
from graph_engine.document.graph import Graph


@dataclass(slots=True)
class Draft:
    """What is found so far of graph `name`, in which `values` stand for what formulas name."""

    graph: Graph
    name: str
    values: Mapping[str, Any]
    inputs: Mapping[str, TensorSpec]
    reports: dict[str, NodeReport] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    incomplete: dict[str, list[str]] = field(default_factory=dict)

    def fault(
        self,
        name: str,
        code: Code,
        message: str,
        *,
        port: str | None = None,
        parameter: str | None = None,
        expected: str = "",
        detail: str = "",
        extra: tuple[Fix, ...] = (),
        inputs: dict[str, TensorSpec] | None = None,
        tell: str = "",
    ) -> NodeReport:
        """Note an error at a node and give the report that shows it."""
        problem = Problem(Severity.ERROR, code, message, name, port, parameter, expected, detail, extra, self.name)
        self.problems.append(problem)
        return NodeReport(State.ERROR, inputs or {}, tell=tell, message=message)

    def is_bypassed(self, node: str) -> bool:
        return self.graph[node].bypassed
