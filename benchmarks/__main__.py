"""`python -m benchmarks [--json] [--quick] [--only NAME]`: measures, and prints figure, budget and whether it holds."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from typing import Any

from benchmarks import BENCHMARKS, Figure


def main() -> int:
    """Exit status 1 when a budget does not hold or a benchmark fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: a first look, not a measurement")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process, as each one runs
    arguments = parser.parse_args()
    names = arguments.only or BENCHMARKS
    if arguments.here:
        (name,) = names
        figures: dict[str, Figure] = importlib.import_module(f"benchmarks.{name}").run(arguments.quick)
        print(json.dumps({key: figure.as_data() for key, figure in figures.items()}))
        return 0
    results: dict[str, dict[str, Any]] = {}
    failed = False
    for name in names:
        measured = _measure(name, quick=arguments.quick)
        failed = failed or measured is None or any(figure["ok"] is False for figure in measured.values())
        results[name] = measured or {}
        if not arguments.json:
            _show(name, measured)
    if arguments.json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    return 1 if failed else 0


def _measure(name: str, *, quick: bool) -> dict[str, Any] | None:
    """The figures of one benchmark, measured in a process of its own; None when it fails (its words go to stderr)."""
    command = [sys.executable, "-m", "benchmarks", "--here", "--only", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return None
    # The last line: a library may have printed before it.
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def _show(name: str, measured: dict[str, Any] | None) -> None:
    if measured is None:
        print(f"{name}: failed, see above", flush=True)
        return
    print(name if measured else f"{name}: there is none here, nothing is measured")
    for key, data in measured.items():
        figure = Figure(data["value"], data["unit"], data["budget"], data["least"])
        mark = {True: "ok", False: "OVER", None: ""}[figure.ok]
        print(f"  {key:<58} {figure.text:>12}  {figure.budget_text:>12}  {mark}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
