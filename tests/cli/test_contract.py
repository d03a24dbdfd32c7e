"""The command line is a contract: subcommands, arguments, options, and what is loaded for what."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from app.cli.main import app

if TYPE_CHECKING:
    from tests.cli.conftest import Call

CONTRACT: dict[str, tuple[str, set[str]]] = {
    "blocks": ("[NAME]", {"--json"}),
    "presets": ("[NAME]", {"--json"}),
    "check": ("{THING}", {"--trust-code", "--json"}),
    "summary": ("{THING}", {"--input", "--forecast", "--trust-code", "--json"}),
    "code": ("{THING}", {"-o", "--trust-code"}),
    "train": (
        "[THING]",  # may be left out with --resume
        {"--data", "--epochs", "--steps", "--batch-size", "--lr", "--device", "--precision", "--compile", "--shard"}
        | {"--seed", "--out", "--resume", "--trust-code", "--json"},
    ),
    "speed": ("{THING}", {"--data", "--batch-size", "--device", "--compile", "--trust-code", "--json"}),
    "search": (
        "{THING}",
        {"--range", "--trials", "--sampler", "--metric", "--prune", "--workers", "--epochs", "--seed", "--name", "-o"}
        | {"--trust-code", "--json"},
    ),
    "evaluate": ("{RUN}", {"--data", "--trust-code", "--json"}),
    "export": ("{THING}", {"--to", "-o", "--trust-code"}),
    "runs": ("", {"--json"}),
    "render": ("{THING}", {"-o", "--size", "--panel", "--theme"}),
    "doctor": ("", {"--json"}),
}
LATER = ("import", "experiment")
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def test_the_subcommands_are_those_of_the_contract() -> None:
    assert set(COMMANDS) == set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_every_option_is_there(name: str, layerloom: Call) -> None:
    argument, options = CONTRACT[name]
    found = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert options <= found
    usage = re.sub(r"\s+", " ", layerloom(name, "--help").out)
    assert f"layerloom {name} [OPTIONS] {argument}".rstrip() in usage


@pytest.mark.parametrize("name", CONTRACT)
def test_every_help_has_an_example(name: str, layerloom: Call) -> None:
    shown = layerloom(name, "--help")
    assert shown.status == 0
    assert f"Example: layerloom {name}" in re.sub(r"\s+", " ", shown.out)


def test_help_lists_what_there_is_and_nothing_else(layerloom: Call) -> None:
    shown = layerloom("--help").out
    listed = re.findall(r"^│ ([a-z]+)  ", shown, re.MULTILINE)
    assert listed == list(CONTRACT)
    for name in LATER:
        assert not re.search(rf"^│ {name} ", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "option", "choices"),
    [
        ("train", "device", ["auto", "cpu", "cuda"]),
        ("train", "precision", ["fp32", "bf16", "fp16"]),
        ("export", "to", ["python", "onnx", "pt2", "safetensors", "svg", "pdf", "png", "html"]),
        ("render", "theme", ["dark", "light"]),
    ],
)
def test_choices_are_those_of_the_contract(command: str, option: str, choices: list[str], layerloom: Call) -> None:
    refused = layerloom(command, "xor", f"--{option}", "nonsense")
    assert refused.status == 2
    assert re.findall(r"'([^']+)'", refused.err) == [f"--{option}", "nonsense", *choices]


_LOADED = """
import sys
from app.__main__ import main
status = main(sys.argv[1:])
heavy = {"torch", "numpy", "PySide6", "pyqtgraph", "networkx"} & set(sys.modules)
sys.stderr.write(",".join(sorted(heavy)))
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        (("--help",), set()),
        (("train", "--help"), set()),
        (("blocks",), {"networkx"}),
        (("blocks", "conv2d", "--json"), {"networkx"}),
        (("presets", "--json"), {"networkx"}),
        (("check", "lenet5"), {"networkx", "torch", "numpy"}),
        (("code", "xor"), {"networkx", "torch", "numpy"}),
    ],
    ids=lambda part: " ".join(sorted(part) if isinstance(part, set) else part),  # alike in every worker
)
def test_a_subcommand_loads_only_what_it_needs(call: tuple[str, ...], allowed: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED, *call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(filter(None, done.stderr.split(","))) <= allowed


def test_the_version_is_that_of_the_installation(layerloom: Call) -> None:
    from graph_engine.doctor.versions import layerloom_version

    assert layerloom("--version").out == f"layerloom {layerloom_version() or '(not installed)'}\n"
