"""The whole examination: what it finds here, and what it says of what is wrong."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from graph_engine.doctor import examine, report, versions
from graph_engine.doctor.libraries import LibrariesUnknown, MissingLibrary


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """System libraries complete, whatever this machine lacks."""
    monkeypatch.setattr(report, "missing_libraries", lambda platforms: ())
    return monkeypatch


def test_it_finds_what_is_here(healthy: pytest.MonkeyPatch, layerloom_home: Path) -> None:
    import torch

    found = examine()

    assert found.ok, found.problems
    data = json.loads(json.dumps(found.as_data()))
    assert data["versions"]["python"] == platform.python_version()
    for name in ("layerloom", "torch", "numpy", "networkx", "pyside6-essentials"):
        assert data["versions"][name] == metadata.version(name)
    assert data["devices"][0]["name"] == "cpu"
    assert data["devices"][0]["threads"] == torch.get_num_threads()
    assert data["devices"][0]["memory"] > 10**8
    assert len(data["devices"]) == 1 + torch.cuda.device_count()
    missing = {extra["name"]: extra["missing"] for extra in data["extras"]}
    assert set(missing) == {"bench", "data", "onnx", "search", "tensorboard"}
    assert all(not missing[name] for name in ("data", "onnx", "search", "tensorboard"))  # the extra `dev` brings them
    assert (data["libraries"], data["command"]) == ([], None)
    assert data["display"]["platform"] == "offscreen"
    assert data["home"]["path"] == str(layerloom_home)
    assert data["home"]["free"] > 0


def test_a_package_that_is_missing_or_too_new_is_a_problem_with_a_command(
    healthy: pytest.MonkeyPatch,
) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "rich":
            raise metadata.PackageNotFoundError(name)
        return "2.14.0" if name == "torch" else real(name)

    healthy.setattr(versions.metadata, "version", version)
    found = examine()

    assert not found.ok
    rich, torch = found.problems
    assert rich.startswith("rich is not installed; Layerloom needs >=")
    assert torch.startswith("torch 2.14.0 is installed; Layerloom needs ==2.13.*")
    assert torch.endswith(f"{sys.executable} -m pip install 'torch==2.13.*'")


def test_another_python_is_a_problem(healthy: pytest.MonkeyPatch) -> None:
    healthy.setattr(platform, "python_version", lambda: "3.10.4")

    assert examine().problems == ("Python 3.10.4 runs here; Layerloom needs >=3.11,<3.14.",)


def test_a_missing_extra_is_no_problem_but_has_its_command(healthy: pytest.MonkeyPatch) -> None:
    needed = ["torch==2.13.*", "onnx<2,>=1.23; extra == 'onnx'", "no-such-thing<2,>=1; extra == 'onnx'"]
    healthy.setattr(versions.metadata, "requires", lambda name: needed)
    found = examine()

    assert found.ok
    (onnx,) = [extra for extra in found.extras if extra.name == "onnx"]
    assert onnx.missing == ("no-such-thing",)
    assert onnx.command == f"{sys.executable} -m pip install 'no-such-thing>=1,<2'"
    assert [version.name for version in found.versions] == ["python", "layerloom", "torch"]


def test_not_installed_at_all_is_said(healthy: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    for name in ("version", "requires", "metadata"):
        healthy.setattr(versions.metadata, name, nothing)

    assert examine().problems == (
        f"Layerloom is not installed, only present. In its folder, run: {sys.executable} -m pip install -e .",
    )


def test_missing_libraries_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = (MissingLibrary("libEGL.so.1", "libegl1"), MissingLibrary("libnew.so.9", None))
    monkeypatch.setattr(report, "missing_libraries", lambda platforms: lacking)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "ubuntu"})
    found = examine()

    assert not found.ok
    assert "libEGL.so.1, libnew.so.9" in found.problems[0]
    data = found.as_data()
    assert data["libraries"] == [
        {"library": "libEGL.so.1", "package": "libegl1"},
        {"library": "libnew.so.9", "package": None},
    ]
    assert data["command"].endswith("apt-get install -y libegl1")


def test_what_it_could_not_look_at_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(platforms: object) -> tuple[MissingLibrary, ...]:
        raise LibrariesUnknown("there is no ldd")

    monkeypatch.setattr(report, "missing_libraries", unknown)
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    found = examine()

    assert found.ok
    assert found.notes == ("there is no ldd", report.NO_DISPLAY)
    assert found.as_data()["display"] == {"present": False}


def test_a_torch_that_does_not_load_is_a_problem_not_a_traceback(healthy: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[object, ...]:
        raise OSError("libcudart.so.12: cannot open shared object file")

    healthy.setattr(report, "find_devices", broken)
    found = examine()

    assert found.devices == ()
    assert found.problems == ("torch cannot be used: OSError: libcudart.so.12: cannot open shared object file",)


def test_a_home_that_cannot_be_used_is_a_problem(healthy: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    healthy.setenv("LAYERLOOM_HOME", str(file))
    found = examine()

    assert not found.ok
    assert f"cannot keep its data in {file}" in found.problems[0]
    assert found.home.free is None


def test_a_full_disk_is_a_problem(healthy: pytest.MonkeyPatch, layerloom_home: Path) -> None:
    healthy.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=34_000_000))

    assert examine().problems == (f"Only 34 MB are free in {layerloom_home}. Make room for runs.",)


def test_the_requirements_are_those_of_the_project() -> None:
    names = {Requirement(line).name for line in metadata.requires("layerloom") or [] if "extra ==" not in line}

    assert {version.name for version in versions.find_versions()} == {"python", "layerloom", *names}
