"""The settings of a run as one flat table: what runs are grouped by, compared by and searched over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from graph_engine.blocks import ParameterError
from graph_engine.blocks.parameter import ParameterType
from graph_engine.document import MAIN, Document, EditRefused, SetParameter, SetPlan
from graph_engine.document.codec import FormatError, plan_from_json, plan_to_json
from graph_engine.runs.errors import RunError
from graph_engine.runs.plan_leaves import leaves_of

if TYPE_CHECKING:
    from graph_engine.document import Plan

Value = str | int | float | bool

MOST = 200
"""Settings that a record holds at most; those of the plan come first."""
SEED = "seed"
_SHORT = (
    "stages.1.updates.1.optimiser.",
    "stages.1.updates.1.schedule.",
    "stages.1.updates.1.",
    "stages.1.",
)
"""What is left out of a name where the plan has one stage of one update."""


def settings_of(document: Document) -> dict[str, str | float]:
    """`learning_rate`, `optimiser`, `batch_size`, `conv2d_1.channels` …: what is searched over, what the plan says, and
    parameters of nodes of the main drawing that were given a value.
    """
    plan = document.plan
    found = _searched(document)
    for path, value in flat(plan_to_json(plan)):
        if path.startswith("search."):
            continue
        if value is not None and value != "":
            found[short_name(path, plan)] = value
    for node in document.main:
        for path, value in flat(node.parameters):
            if value is not None:
                found[f"{node.id}.{path}"] = value
    return dict(list(found.items())[:MOST])


def _searched(document: Document) -> dict[str, str | float]:
    """The values of what is searched over: those inside composites are no other settings of a run."""
    found: dict[str, str | float] = {}
    leaves = {short_name(leaf.path, document.plan): leaf.value for leaf in leaves_of(document.plan)}
    for each in document.plan.search:
        address, _, parameter = each.of.partition(".")
        at = document.place(address)
        value = at[1].parameters.get(parameter) if at is not None else leaves.get(each.of)
        if isinstance(value, (str, int, float)):
            found[each.of] = value
    return found


def with_values(document: Document, values: Mapping[str, Value]) -> Document:
    """A copy of `document` with other settings: those of the plan by their names in `settings_of`, parameters of nodes
    as `conv2d_1.channels`, inside a composite `bottleneck:conv2d_1.channels`.

    Raises: RunError when there is no such setting, or it does not take the value.
    """
    copy = document.snapshot()
    for name, value in values.items():
        try:
            path = plan_path(copy.plan, name)
            if path is not None:
                said = complete(copy.plan)
                switches = {leaf.path for leaf in leaves_of(copy.plan) if leaf.type is bool}
                _put(said, path.split("."), _truth(value) if path in switches else value)
                copy.apply(SetPlan(plan_from_json(said)))
            else:
                _set_parameter(copy, name, value)
        except (EditRefused, FormatError, ParameterError) as error:
            raise RunError(f"{name} can't be {value!r}: {error}") from error
    return copy


def _set_parameter(document: Document, name: str, value: Value) -> None:
    """Raises: RunError, EditRefused, ParameterError."""
    address, _, parameter = name.partition(".")
    found = document.place(address)
    if found is None:
        several = [path for path, _ in flat(complete(document.plan)) if path.endswith(f".{name}")]
        if several:
            raise RunError(f"Several settings are called {name!r}. Name one of them: {', '.join(several[:4])}.")
        raise RunError(
            f"There is no setting called {name!r}: neither of the plan nor of a node. Nodes are named as in "
            "conv2d_1.channels, inside a composite as in bottleneck:conv2d_1.channels."
        )
    graph, node = found
    block = graph.block(node)
    spec = block.parameter(parameter) if block is not None else None
    if spec is not None:
        if spec.type is ParameterType.BOOL:
            value = _truth(value)
        spec.parse(value)
    document.apply(SetParameter(node.id, parameter, value, address.rpartition(":")[0] or MAIN))


def _truth(value: Value) -> Value:
    """Ranges are written in words: `true`, `off`."""
    return {"true": True, "on": True, "false": False, "off": False}.get(str(value).lower(), value)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON value with their paths; items of lists count from 1. A list of numbers is one leaf."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(part, (Mapping, list, tuple)) for part in value):
        for at, part in enumerate(value, 1):
            yield from flat(part, f"{path}.{at}" if path else str(at))
    elif isinstance(value, (list, tuple)):
        yield path, "×".join(map(str, value))
    else:
        yield path, value


def short_name(path: str, plan: Plan) -> str:
    """What the value at a path of the plan is called: `learning_rate` where there is but one."""
    if plan.is_simple:
        if path.endswith("optimiser.kind"):
            return "optimiser"
        if path.endswith("schedule.kind"):
            return "schedule"
        for head in _SHORT:
            if path.startswith(head):
                return path.removeprefix(head)
    return path


def plan_path(plan: Plan, name: str) -> str | None:
    """Where in the plan's JSON the setting `name` is: a path of `flat`, or to an item of a list (`betas.2`).

    None when it is none of the plan.
    """
    paths = [path for path, _ in flat(complete(plan))]
    paths += [leaf.path for leaf in leaves_of(plan)]
    return next((path for path in paths if name in (path, short_name(path, plan))), None)


def complete(value: Any) -> Any:
    """A plan as JSON, with what a file leaves out because it is as usual."""
    if is_dataclass(value):
        return {each.name: complete(getattr(value, each.name)) for each in fields(value)}
    return [complete(part) for part in value] if isinstance(value, tuple) else value


def _put(value: Any, path: list[str], new: Value) -> None:
    """Puts `new` at a path of `flat` into a JSON value."""
    for part in path[:-1]:
        value = value[int(part) - 1] if isinstance(value, list) else value[part]
    if isinstance(value, list):
        value[int(path[-1]) - 1] = new
    else:
        value[path[-1]] = new
