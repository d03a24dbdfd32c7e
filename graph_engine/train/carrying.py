"""What an optimiser remembers, carried over when a run goes on by another plan or with other nodes frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph_engine.train.optimisers import begin_parts

if TYPE_CHECKING:
    from graph_engine.train.updates import ActiveUpdate


def carry_over(before: ActiveUpdate, after: ActiveUpdate) -> None:
    """Give `after` what `before` remembers of the weights that both train.

    Learning rates and the like are those of `after`; weights that were not trained before begin afresh, and so does
    everything when the optimiser is of another kind.
    """
    if type(before.optimiser) is not type(after.optimiser):
        return
    fresh = [{key: value for key, value in each.items() if key != "params"} for each in after.optimiser.param_groups]
    old, new = before.state_dict(), after.state_dict()
    state = {**new, **{key: value for key, value in old.items() if key in ("scaler", "plateau") and key in new}}
    state["optimiser"] = {**new["optimiser"], "state": _remembered(before, after, old, new)}
    after.load_state_dict(state)
    for group, values in zip(after.optimiser.param_groups, fresh, strict=True):
        group.update(values)
    begin_parts(after.optimiser)
    if before.average is not None and after.average is not None:
        known = dict(zip(map(id, before.average.parameters), before.average.means, strict=True))
        after.average.steps = before.average.steps
        for parameter, mean in zip(after.average.parameters, after.average.means, strict=True):
            if id(parameter) in known:
                mean.copy_(known[id(parameter)])


def _remembered(
    before: ActiveUpdate, after: ActiveUpdate, old: dict[str, Any], new: dict[str, Any]
) -> dict[int, dict[str, Any]]:
    """By the numbers that `after` gives its parameters."""
    parts = old["optimiser"]["state"]
    known = {id(parameter): number for parameter, number in _numbered(before, old)}
    return {
        number: parts[known[id(parameter)]]
        for parameter, number in _numbered(after, new)
        if known.get(id(parameter)) in parts
    }


def _numbered(update: ActiveUpdate, state: dict[str, Any]) -> list[tuple[Any, int]]:
    """The parameters of an optimiser, each with its number in the state dict."""
    pairs = zip(update.optimiser.param_groups, state["optimiser"]["param_groups"], strict=True)
    return [pair for live, saved in pairs for pair in zip(live["params"], saved["params"], strict=True)]
