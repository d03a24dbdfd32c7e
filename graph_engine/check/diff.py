"""What a change of a document costs: parameters, multiply-adds and memory, in all and for each node."""

from __future__ import annotations

from dataclasses import dataclass

from graph_engine.check.report import CheckResult, Cost


@dataclass(frozen=True, slots=True)
class CostChange:
    """What something costs before and after; a cost of nothing where it is not there."""

    before: Cost
    after: Cost

    @property
    def params(self) -> int:
        """How many parameters more (less, if negative)."""
        return self.after.params - self.before.params

    @property
    def macs(self) -> int:
        """How many multiply-adds a sample more."""
        return self.after.macs - self.before.macs

    @property
    def memory(self) -> int:
        """How many bytes of parameters, and of what leaves the ports for a sample, more."""
        return _memory(self.after) - _memory(self.before)

    def __bool__(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class CostDifference:
    """The change in all, and of every node of the main drawing that costs something else."""

    total: CostChange
    nodes: dict[str, CostChange]


def cost_difference(before: CheckResult, after: CheckResult) -> CostDifference:
    """What the checks of two documents say of their costs. A node in error counts as free: it has no cost yet."""
    changes = {}
    for node in dict.fromkeys((*before.nodes, *after.nodes)):
        old, new = before.nodes.get(node), after.nodes.get(node)
        change = CostChange(old.cost if old is not None else Cost(), new.cost if new is not None else Cost())
        if change:
            changes[node] = change
    return CostDifference(CostChange(before.total, after.total), changes)


def _memory(cost: Cost) -> int:
    return cost.parameter_bytes + cost.activation_bytes
