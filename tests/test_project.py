"""The project keeps its promises: README's commands, one version, pins, licences, no drift."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}
PACKAGES = ("app", "assets", "graph_engine", "presets")
CHECKS = ["ruff check .", "ruff format --check .", "mypy", "lint-imports"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def readme_command(name: str) -> str:
    answer = subprocess.run(
        [sys.executable, "scripts/readme_command.py", name],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_readme_gives_one_command_that_runs_the_program_and_one_that_tests_it() -> None:
    run, test = readme_command("run"), readme_command("test")

    for command in (run, test):
        assert "\n" not in command
        # set-up first, so that the command is all that a fresh clone needs
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert run.endswith("&& .venv/bin/layerloom")
    assert "-m pytest" in test.rpartition(" && ")[2]


def test_ci_runs_the_test_command_of_readme_and_nothing_else_as_tests() -> None:
    ci = read(".ci/run")

    assert "$(python3 scripts/readme_command.py test)" in ci
    assert ci.rstrip().endswith('bash -euo pipefail -c "$test_command"')
    assert not re.findall(r"^[^#]*\bpytest\b", ci, flags=re.MULTILINE)
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_ci_and_pre_commit_run_the_same_checks() -> None:
    hooks = re.findall(r"^ +entry: \.venv/bin/(.+)$", read(".pre-commit-config.yaml"), flags=re.MULTILINE)

    assert hooks == CHECKS
    lines = read(".ci/run").splitlines()
    assert [line for line in lines if line in CHECKS] == CHECKS


def test_the_version_is_in_one_place() -> None:
    version = PROJECT["version"]
    sources = [path for package in ("app", "graph_engine", "presets") for path in (ROOT / package).rglob("*.py")]

    assert metadata.version("layerloom") == version
    assert re.search(rf"^## {re.escape(version)}$", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert [path for path in sources if f'"{version}"' in path.read_text(encoding="utf-8")] == []


def test_torch_and_qt_are_pinned_to_what_was_tried() -> None:
    torch, qt = REQUIREMENTS["torch"].specifier, REQUIREMENTS["PySide6-Essentials"].specifier

    assert torch.contains("2.13.1")
    assert not torch.contains("2.14.0")
    assert qt.contains("6.11.3")
    assert not qt.contains("6.12.0")
    assert metadata.version("torch").startswith("2.13.")


def test_every_dependency_has_both_bounds() -> None:
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for requirement in map(Requirement, [*PROJECT["dependencies"], *extras]):
        if requirement.name in {"layerloom", "torch"}:
            continue
        operators = {each.operator for each in requirement.specifier}
        assert operators == {">=", "<"}, requirement


def test_the_program_is_installed_under_its_name() -> None:
    (script,) = metadata.entry_points(group="console_scripts", name="layerloom")

    assert script.value == "app.__main__:main"
    assert callable(script.load())


def test_what_is_installed_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Icons, fonts, data and licences too: README's run command installs a copy, not this folder."""
    answer = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    assert packed == {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}


def test_many_void_calls_do_not_abort_the_interpreter() -> None:
    """PySide6 6.12.0 drops a reference to None with each, and aborts Python 3.11 after about 5 000."""
    program = """
from PySide6.QtCore import QObject
thing = QObject()
for _ in range(20_000):
    thing.setObjectName("x")
print("alive")
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)

    assert (answer.returncode, answer.stdout.strip()) == (0, "alive"), answer.stderr


def test_the_licence_is_mit() -> None:
    assert read("LICENSE").startswith("MIT License")
    assert "Layerloom contributors" in read("LICENSE")
    assert PROJECT["license"] == "MIT"


def folders_of_assets() -> list[Path]:
    """The folders that hold assets: the files in them that are neither Python nor text about the others."""
    about = {".py", ".pyc", ".md", ".txt"}
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file() and path.suffix not in about]
    return sorted({path.parent for path in files})


@pytest.mark.parametrize("folder", folders_of_assets(), ids=lambda folder: folder.name)
def test_every_asset_has_its_source_and_licence_beside_it(folder: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix in {".md", ".txt"}]

    assert any(re.search(r"licen[cs]e", text, flags=re.IGNORECASE) for text in texts), (
        f"{folder} needs a .md or .txt that says where its files come from and under which licence"
    )
