"""What the engine says of a document without running it. Names are loaded on first use: `checker` needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph_engine.check.report import CheckResult, Code, Cost, Fix, NodeReport, Problem, Severity, State, TrustCode

if TYPE_CHECKING:
    from graph_engine.check.checker import Checker

__all__ = ["CheckResult", "Checker", "Code", "Cost", "Fix", "NodeReport", "Problem", "Severity", "State", "TrustCode"]


def __getattr__(name: str) -> Any:
    if name == "Checker":
        from graph_engine.check.checker import Checker

        return Checker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
