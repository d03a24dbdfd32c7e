"""`layerloom check`, `summary` and `code`: what the engine says of a document without training it."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.errors import CallError, ThingError
from app.cli.options import JsonOption, ThingArgument, TrustOption
from app.cli.output import amount, counted, digits, duration, make_table, note, plain, print_json, say, show
from app.cli.things import first_error, open_thing, require_sound, require_trust

if TYPE_CHECKING:
    from graph_engine.blocks import TensorSpec
    from graph_engine.check import CheckResult, Problem
    from graph_engine.document import Document
    from graph_engine.train.forecast import Forecast


def check(
    thing: ThingArgument,
    trust_code: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Say whether a network fits together, and what is wrong where.

    Names of the training plan that mean nothing in the drawing are told as well. Exit status 1 when there are errors.

    Example: layerloom check digits.loom
    """
    from graph_engine.check import Checker
    from graph_engine.train.plan_problems import plan_problems

    found = open_thing(thing, trust_code=trust_code)
    if not json:
        require_trust(found)
    result = Checker().check(found.document)
    result = replace(result, problems=(*result.problems, *plan_problems(found.document, result)))
    if json:
        print_json([_problem_data(problem) for problem in result.problems])
    else:
        _show_problems(found.name, result)
    if not result.ok:
        raise typer.Exit(1)


def summary(
    thing: ThingArgument,
    size: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="N,C,H,W", help="The shape of the input instead of the drawn one.", show_default=False
        ),
    ] = None,
    trust_code: TrustOption = False,
    with_forecast: Annotated[
        bool, typer.Option("--forecast", help="Also take a few steps, and tell memory and time of a whole batch.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say how large a network is: shapes, parameters, multiply-adds, for one sample.

    Example: layerloom summary lenet5 --input N,1,32,32
    """
    from graph_engine.check import Checker

    found = open_thing(thing, trust_code=trust_code)
    require_trust(found)
    document = _resized(found.document, size) if size else found.document
    result = Checker().check(document)
    forecast = _forecast(document, result, found.name) if with_forecast and result.ok else None
    if json:
        print_json(_summary_data(document, result) | ({"forecast": _forecast_data(forecast)} if forecast else {}))
    else:
        _show_summary(document, result)
        if forecast is not None:
            _show_forecast(forecast)
    if not result.ok:
        errors = counted(len(result.errors), "error")
        note(f"layerloom: {errors} in {found.name}, so these figures are not all: {first_error(result)}")
        raise typer.Exit(1)


def code(
    thing: ThingArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write it to this file.", show_default=False)
    ] = None,
    trust_code: TrustOption = False,
) -> None:
    """Print a network as Python source that needs torch and nothing else.

    Example: layerloom code lenet5 -o lenet5.py
    """
    from graph_engine.compile import compile_document

    found = open_thing(thing, trust_code=trust_code)
    result = require_sound(found)
    if output is None:
        typer.echo(compile_document(found.document, result, for_export=True).source, nl=False)
        return
    from graph_engine.export import Target, export_document

    written = export_document(found.document, Target.PYTHON, output)
    say(f"{written.path} written; {written.checked}.")


def _problem_data(problem: Problem) -> dict[str, Any]:
    return {
        "severity": str(problem.severity),
        "node": problem.node,
        "port": problem.port,
        "message": problem.message,
        "fix": problem.fixes[0].label if problem.fixes else None,
    }


def _show_problems(name: str, result: CheckResult) -> None:
    colors = {"error": "red", "warning": "yellow", "info": "dim"}
    lines = []
    for problem in result.problems:
        where = ".".join(part for part in (problem.node, problem.port) if part) or "document"
        color = colors[problem.severity]
        lines.append(f"[{color}]{problem.severity:<7}[/]  [bold]{plain(where)}[/]  {plain(problem.message)}")
        if problem.fixes:
            lines.append(f"         fix: {plain(' · or: '.join(fix.label for fix in problem.fixes))}")
    if result.ok:
        size = f"{counted(len(result.nodes), 'node')}, {counted(result.total.params, 'parameter')}"
        lines.append(f"{plain(name)} fits together: {size}.")
    else:
        lines.append(f"{counted(len(result.errors), 'error')} in {plain(name)}.")
    show(*lines)


def _summary_data(document: Document, result: CheckResult) -> dict[str, Any]:
    total = result.total
    return {
        "params": total.params,
        "trainable_params": total.trainable,
        "buffers": total.buffers,
        "macs": total.macs,
        "activations": total.activation_bytes,
        "inputs": _inputs(document, result),
        "outputs": _outputs(document, result),
        "nodes": [
            {
                "id": node,
                "block": document.main[node].block,
                "params": report.cost.params,
                "macs": report.cost.macs,
                "outputs": {port: _shape(spec) for port, spec in report.outputs.items()},
            }
            for node, report in result.nodes.items()
        ],
    }


def _inputs(document: Document, result: CheckResult) -> dict[str, list[int | str]]:
    """The shape of every input of the network, by its name; those that are wrong are left out."""
    from graph_engine.blocks.library.borders import Input
    from graph_engine.check.values import evaluated

    nodes = [node for node in document.main if node.block == Input.key() and result.nodes[node.id].outputs]
    names = {node.id: Input.make(evaluated(node.parameters, {})).name for node in nodes}
    return {name: _shape(result.nodes[node].outputs["y"]) for node, name in names.items()}


def _outputs(document: Document, result: CheckResult) -> dict[str, list[int | str]]:
    """The shape of every output of the network, by its name; those that nothing reaches are left out."""
    from graph_engine.blocks.library.borders import Output
    from graph_engine.check.values import evaluated

    nodes = [node for node in document.main if node.block == Output.key() and result.nodes[node.id].state == "ok"]
    names = {node.id: Output.make(evaluated(node.parameters, {})).name for node in nodes}
    return {name: _shape(result.nodes[node].inputs["x"]) for node, name in names.items()}


def _shape(spec: TensorSpec) -> list[int | str]:
    return [dim if isinstance(dim, int) else str(dim) for dim in spec.shape]


def _show_summary(document: Document, result: CheckResult) -> None:
    table = make_table("node", "block", "", "output", "parameters", "MACs", right=("parameters", "MACs"))
    for node, report in result.nodes.items():
        shapes = " ".join(str(spec) for spec in report.outputs.values()) or report.message
        cost = report.cost
        table.add_row(
            node,
            document.main[node].block,
            plain(report.tell),
            plain(shapes),
            digits(cost.params) if cost.params else "–",
            digits(cost.macs) if cost.macs else "–",
        )
    total = result.total
    frozen = f" ({digits(total.trainable)} trainable)" if total.trainable != total.params else ""
    buffers = f" · {digits(total.buffers)} buffers" if total.buffers else ""
    show(
        f"[bold]{plain(document.title)}[/]",
        table,
        f"{digits(total.params)} parameters{frozen}, {amount(total.parameter_bytes, 'B')}{buffers} · "
        f"{amount(total.macs, 'MACs')} and {amount(total.activation_bytes, 'B')} of activations a sample",
        *(plain(line) for line in _plan(document, result)),
    )


def _plan(document: Document, result: CheckResult) -> list[str]:
    """How it is trained, in words; nothing where that is not said in the document."""
    from graph_engine.train import PlanError
    from graph_engine.train.words import plan_in_words

    try:
        return plan_in_words(document, result) if result.ok else []
    except PlanError:
        return []


def _forecast(document: Document, result: CheckResult, name: str) -> Forecast:
    """Raises: ThingError when a step can't be taken."""
    from graph_engine.compile import compile_document
    from graph_engine.train import PlanError
    from graph_engine.train.forecast import forecast

    try:
        return forecast(document, compile_document(document, result), result)
    except (PlanError, RuntimeError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ThingError(f"{name}: nothing can be foretold, since a step can't be taken. {why}") from error


def _forecast_data(found: Forecast) -> dict[str, Any]:
    """Bytes, and s a step."""
    return {
        "device": found.device,
        "batch_size": found.batch_size,
        "memory": {**asdict(found.memory), "total": found.memory.total},
        "step_seconds": found.step_seconds,
        "largest_batch": found.largest_batch,
    }


def _show_forecast(found: Forecast) -> None:
    memory = found.memory
    parts = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "optimiser": memory.optimiser,
        "activations": memory.activations + memory.batch,
    }
    told = ", ".join(f"{name} {amount(size, 'B')}" for name, size in parts.items())
    show(
        f"A step on {digits(found.batch_size)} samples on {plain(found.device)} takes "
        f"{amount(memory.total, 'B')} ({told}) and {duration(found.step_seconds)}; "
        f"at most {digits(found.largest_batch)} samples fit."
    )


_LENGTH = re.compile(r"0*[1-9][0-9]{0,9}")
"""A whole number from 1 on; `str.isdigit` would also pass `²`, of which `int` makes nothing."""


def _resized(document: Document, size: str) -> Document:
    """A copy of `document` whose input has the shape `size` (`N,C,H,W`; the batch may be `N` or a number).

    Raises: CallError when that is no shape, or there is not one input to give it to.
    """
    from graph_engine.document import SetParameter

    batch, *lengths = [part.strip() for part in size.split(",")]
    good = all(map(_LENGTH.fullmatch, lengths)) and lengths
    if not good or not (batch.isidentifier() or _LENGTH.fullmatch(batch)):
        raise CallError(f"--input takes the lengths of all axes, batch first, such as N,1,28,28; got {size!r}.")
    inputs = [node for node in document.main if node.block == "input" and node.parameters.get("dtype") != "int64"]
    if len(inputs) != 1:
        count = "no input" if not inputs else f"{len(inputs)} inputs"
        raise CallError(f"--input needs a network with one input that is not a label; {document.title} has {count}.")
    copy = document.snapshot()
    copy.apply(SetParameter(inputs[0].id, "shape", [int(part) for part in lengths]))
    return copy
