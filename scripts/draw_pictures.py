"""Draws the pictures of README.md with the command line: trains what they show, then `layerloom render`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from graph_engine.document import Connect, Document, RemoveNodes, Wire
from graph_engine.document.file import save
from graph_engine.document.layout import arrange
from presets import open_preset

ROOT = Path(__file__).parents[1]
WIDE, NARROW, TALL = "1680x1050", "1440x900", "1440x960"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs/images", help="default: %(default)s")
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        save(_without_flatten(), Path(home, "mistake.loom"))
        for trained in ("small_resnet", "gan"):
            _layerloom(home, "train", trained, "--seed", "0")
        pictures = {
            "training": ("small-residual-net-1", WIDE, "dark", "--panel", "charts", "--select", "conv2d_3"),
            "feature-maps": ("small-residual-net-1", WIDE, "dark", "--panel", "feature_maps", "--select", "conv2d_1"),
            "gan": ("gan-1", TALL, "dark", "--panel", "plan"),
            "problem": ("mistake.loom", NARROW, "dark", "--panel", "problems", "--select", "linear_1"),
            "code": ("lenet5", WIDE, "light", "--panel", "code", "--select", "conv2d_1"),
            "composites": ("resnet:depth=50", NARROW, "light", "--panel", "code", "--select", "bottleneck_stage_2"),
        }
        for name, (thing, size, theme, *more) in pictures.items():
            path = str(folder / f"{name}.png")
            _layerloom(home, "render", thing, "-o", path, "--size", size, "--theme", theme, *more)
    return 0


def _layerloom(home: str, *arguments: str) -> None:
    environment = {**os.environ, "LAYERLOOM_HOME": home, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "app", *arguments], env=environment, cwd=home, check=True)


def _without_flatten() -> Document:
    """A net whose linear layer gets an image."""
    document = open_preset("slides_cnn")
    document.apply(RemoveNodes(("flatten_1",)))
    document.apply(Connect(Wire("max_pool2d_2", "y", "linear_1", "x")))
    document.apply(arrange(document.main))
    return document


if __name__ == "__main__":
    sys.exit(main())
