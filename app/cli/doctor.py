"""`layerloom doctor`: versions, devices, missing system libraries and the command that installs them."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from graph_engine.doctor.report import Report


def doctor(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say what this machine has and lacks, and the command that installs what is missing.

    Exit status 1 when something that is needed is missing. Example: layerloom doctor
    """
    from graph_engine.doctor import examine

    report = examine()
    if json:
        typer.echo(json_format.dumps(report.as_data(), indent=2))
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(1)


def _show(report: Report) -> None:
    from rich.console import Console

    # Paths and commands are for copying: neither wrapped nor coloured by guess.
    console = Console(highlight=False, soft_wrap=True)
    console.print(_versions(report))
    console.print()
    console.print(_facts(report))
    for note in report.notes:
        console.print(f"[yellow]note[/]     {_plain(note)}")
    for problem in report.problems:
        console.print(f"[red]problem[/]  {_plain(problem)}")
    console.print()
    if report.ok:
        console.print("[green]Everything that Layerloom needs is here.[/]")
    else:
        count = len(report.problems)
        console.print(f"[red]{count} problem{'s' if count > 1 else ''}.[/]")


def _versions(report: Report) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("package", "installed", "needed", ""):
        table.add_column(title)
    for version in report.versions:
        mark = "[green]ok[/]" if version.good else "[red]wrong[/]" if version.installed else "[red]missing[/]"
        table.add_row(version.name, version.installed or "–", _plain(version.needed), mark)
    for extra in report.extras:
        present = "[green]ok[/]" if not extra.missing else "[dim]optional[/]"
        lacking = f"without {', '.join(extra.missing)}" if extra.missing else "present"
        table.add_row(f"extra {extra.name}", lacking, "", present)
    return table


def _facts(report: Report) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for device in report.devices:
        facts = [
            device.title,
            f"{device.memory / 1e9:.1f} GB" if device.memory else "",
            f"{device.threads} threads" if device.threads else "",
            "bf16" if device.bf16 else "no bf16 in hardware",
        ]
        table.add_row(device.name, _plain(" · ".join(fact for fact in facts if fact)))
    libraries = ", ".join(each.library for each in report.libraries)
    table.add_row("libraries", f"missing: {libraries}" if libraries else "all that the window needs")
    display = report.display
    table.add_row("display", f"{display.name} ({display.platform})" if display else "none")
    free = report.home.free
    table.add_row("home", _plain(f"{report.home.path}" + (f" · {free / 1e9:.1f} GB free" if free else "")))
    for extra in report.extras:
        if extra.command:
            table.add_row(f"for {extra.name}", _plain(extra.command))
    return table


def _plain(text: str) -> str:
    """Text in which square brackets are only brackets."""
    from rich.markup import escape

    return escape(text)
