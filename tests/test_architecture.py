"""The house stands as it is drawn: import contracts hold and bite, and start-up stays light."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "assets", "graph_engine", "presets")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

HEAVY = {"torch", "numpy", "pyqtgraph", "pydantic"}
QT = {"PySide6", "shiboken6"}

# For each contract: a module that breaks it, what that module says, what the linter must answer.
BREACHES = {
    "house": [
        ("graph_engine/blocks/intruder.py", "import presets", "graph_engine.blocks.intruder -> presets"),
        ("presets/intruder.py", "import app", "presets.intruder -> app"),
        ("assets/intruder.py", "import graph_engine", "assets.intruder -> graph_engine"),
    ],
    "engine": [
        ("graph_engine/nn/intruder.py", "import graph_engine.blocks", "nn.intruder -> graph_engine.blocks"),
        (
            "graph_engine/blocks/intruder.py",
            "import graph_engine.document",
            "intruder -> graph_engine.document",
        ),
        ("graph_engine/document/intruder.py", "import graph_engine.check", "intruder -> graph_engine.check"),
        ("graph_engine/check/intruder.py", "import graph_engine.compile", "intruder -> graph_engine.compile"),
        ("graph_engine/data/intruder.py", "import graph_engine.train", "intruder -> graph_engine.train"),
        ("graph_engine/train/intruder.py", "import graph_engine.runs", "intruder -> graph_engine.runs"),
        ("graph_engine/runs/intruder.py", "import graph_engine.export", "intruder -> graph_engine.export"),
    ],
    "no-window-in-the-engine": [
        ("graph_engine/train/intruder.py", "import PySide6.QtCore", "graph_engine.train.intruder -> PySide6"),
        ("graph_engine/probe/intruder.py", "import pyqtgraph", "graph_engine.probe.intruder -> pyqtgraph"),
        ("presets/intruder.py", "from PySide6 import QtGui", "presets.intruder -> PySide6"),
    ],
    "no-window-in-the-command-line": [
        ("app/cli/intruder.py", "from PySide6 import QtWidgets", "app.cli.intruder -> PySide6"),
        ("app/cli/detour.py", "import app.middleman", "app.cli.detour -> app.middleman"),
        ("app/middleman.py", "import pyqtgraph", "app.middleman -> pyqtgraph"),
    ],
}


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """import-linter over the packages in `folder`, with this project's contracts."""
    program = "from importlinter.cli import lint_imports_command as main; main()"
    # PYTHONPATH, not the installation, decides which copy of the packages is looked at.
    return subprocess.run(
        [sys.executable, "-c", program, "--config", str(ROOT / "pyproject.toml"), "--no-cache", *options],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        text=True,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the packages, to be broken."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.svg"))
    return tmp_path


def test_the_import_contracts_hold() -> None:
    answer = lint(ROOT)

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_contract_is_broken_on_purpose_below() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_found_and_named(house: Path, contract: str) -> None:
    for path, line, _ in BREACHES[contract]:
        (house / path).write_text(line + "\n", encoding="utf-8")

    answer = lint(house, "--contract", contract)

    assert answer.returncode == 1, answer.stdout + answer.stderr
    missed = [named for _, _, named in BREACHES[contract] if named not in answer.stdout]
    assert not missed, answer.stdout


def test_a_package_without_a_floor_is_refused(house: Path) -> None:
    (house / "graph_engine" / "utils.py").touch()

    answer = lint(house, "--contract", "engine")

    assert answer.returncode == 1
    assert "utils" in answer.stdout


def loaded_by(statement: str) -> set[str]:
    """The top-level modules in a fresh interpreter after `statement`."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, check=False, cwd=ROOT, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "module",
    [
        "app",
        "app.__main__",
        "app.cli.main",
        "presets",
        "graph_engine",
        "graph_engine.blocks",
        "graph_engine.document",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & HEAVY


@pytest.mark.parametrize(
    "module",
    [
        "app",
        "app.__main__",
        "app.cli.main",
        "presets",
        *(
            f"graph_engine.{path.name}"
            for path in (ROOT / "graph_engine").iterdir()
            if (path / "__init__.py").is_file()
        ),
    ],
)
def test_importing_does_not_load_qt(module: str) -> None:
    assert not loaded_by(f"import {module}") & QT


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--json"]])
def test_a_subcommand_does_not_load_qt(arguments: list[str]) -> None:
    run = f"""
import sys
from app.__main__ import main
sys.argv = ["layerloom", *{arguments!r}]
try:
    main()
except SystemExit:
    print()
"""
    assert not loaded_by(run) & QT


@pytest.mark.parametrize("name", sorted(HEAVY))
@pytest.mark.parametrize("path", ["app/window.py", "graph_engine/check/rules.py", "presets/lenet.py"])
def test_a_heavy_import_at_module_level_is_refused(name: str, path: str) -> None:
    assert banned(f"import {name}\n", path)


def test_a_heavy_import_inside_a_function_or_where_it_belongs_is_fine() -> None:
    assert not banned("def f():\n    import torch\n", "graph_engine/check/rules.py")
    assert not banned("import torch\n", "graph_engine/nn/highway.py")


def banned(source: str, path: str) -> bool:
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--stdin-filename",
            path,
            "--output-format=concise",
            "-",
        ],
        capture_output=True,
        check=False,
        cwd=ROOT,
        input=source,
        text=True,
    )
    assert answer.returncode in (0, 1), answer.stderr
    return "TID253" in answer.stdout
