"""`layerloom doctor`: one JSON document or a table, and an exit status that a script can use."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

import graph_engine.doctor
from app.cli.doctor import doctor
from graph_engine.doctor.devices import Device
from graph_engine.doctor.display import Display
from graph_engine.doctor.libraries import MissingLibrary
from graph_engine.doctor.report import Home, Report
from graph_engine.doctor.versions import Extra, Version

COMMAND = "sudo apt-get update && sudo apt-get install -y libegl1"


def report(*problems: str, libraries: tuple[MissingLibrary, ...] = ()) -> Report:
    return Report(
        versions=(
            Version("python", "3.11.7", ">=3.11,<3.14", good=True),
            Version("torch", "2.14.0", "==2.13.*", good=False),
            Version("rich", None, ">=15,<16", good=False),
        ),
        devices=(
            Device("cpu", "Some [processor]", 16_000_000_000, 8, bf16=False),
            Device("cuda:0", "H200", 150_000_000_000, None, bf16=True),
        ),
        extras=(Extra("onnx", ("onnx",), "python -m pip install 'onnx>=1.23,<2'"), Extra("data", (), None)),
        libraries=libraries,
        display=Display("xcb", ":0"),
        home=Home("/home/ada/[layerloom]", 42_000_000_000),
        problems=problems,
        notes=("a note",),
    )


def call(monkeypatch: pytest.MonkeyPatch, found: Report, *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(doctor)
    monkeypatch.setattr(graph_engine.doctor, "examine", lambda: found)
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout


def test_a_table_says_it_all_and_leaves_brackets_and_long_commands_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = f"The window needs a system library. Install with: {COMMAND} " + "libxcb-cursor0 " * 12
    status, text = call(monkeypatch, report(long, libraries=(MissingLibrary("libEGL.so.1", "libegl1"),)))

    assert status == 1
    for said in (
        "==2.13.*",
        "wrong",
        "missing",
        "Some [processor] · 16.0 GB · 8 threads",
        "H200 · 150.0 GB · bf16",
        "python -m pip install 'onnx>=1.23,<2'",
        "missing: libEGL.so.1",
        ":0 (xcb)",
        "/home/ada/[layerloom] · 42.0 GB free",
        "a note",
        long.strip(),
        "1 problem.",
    ):
        assert said in text, said


def test_exit_status_0_when_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = call(monkeypatch, report())

    assert status == 0
    assert "Everything that Layerloom needs is here." in text


@pytest.mark.parametrize("problems", [(), ("something is missing",)])
def test_json_is_one_document(problems: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = call(monkeypatch, report(*problems), "--json")

    data = json.loads(text)
    assert {"ok", "versions", "devices", "extras", "libraries", "command", "display", "home"} <= set(data)
    assert data["ok"] is not bool(problems)
    assert status == len(problems)
    assert data["problems"] == list(problems)
