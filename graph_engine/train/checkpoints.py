"""Checkpoints: folders that appear whole or not at all, with the sha256 of every file in them.

`step_000000120` holds weights and all that is needed to go on; `best_000000095` the weights that did best. Weights are
safetensors, with the keys of the state dict.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graph_engine.train.errors import DamagedCheckpoint

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["step", "best"]

WEIGHTS, STATE, MANIFEST = "weights.safetensors", "state.pt", "manifest.json"
KEPT: Mapping[Kind, int] = {"step": 2, "best": 2}
"""How many of each kind are kept: two, so that a damaged one loses little. Best weights are kept as well for as long
as a checkpoint is there until which they were the best.
"""
EARLIER = 8
"""How many more to go back to are kept, spread over the run."""
EARLIER_BYTES = 1 << 28
"""Bytes that these take at most."""
_MARK = "keep"  # a file in a checkpoint that stays as long as the run
_VERSION = 1
_NAME = re.compile(r"(step|best)_(\d{9})")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that is whole. `state` is empty for the best weights."""

    step: int
    epoch: int
    metrics: Mapping[str, float]
    weights: dict[str, Tensor]
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a checkpoint says of itself."""

    step: int
    epoch: int
    metrics: Mapping[str, float]


class Checkpoints:
    """The checkpoints in a folder, which is made when the first is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(
        self,
        kind: Kind,
        weights: Mapping[str, Tensor],
        state: Mapping[str, Any] | None = None,
        *,
        step: int,
        epoch: int,
        metrics: Mapping[str, float],
        best: int | None = None,
    ) -> None:
        """Write a checkpoint and make it durable, then let older ones go. Nothing is done when it is there already.
        `best` is the step whose weights are the best until this one (0: there are none yet).

        Raises: OSError when the disk is full; then what was there is untouched and nothing half-written is left.
        """
        import safetensors.torch
        import torch

        place = self.place(kind, step)
        if place.exists() and self._is_whole(place):
            return
        files = {WEIGHTS: safetensors.torch.save(_for_file(weights))}
        if state is not None:
            buffer = io.BytesIO()
            torch.save(dict(state), buffer)
            files[STATE] = buffer.getvalue()
        manifest = {
            "version": _VERSION,
            "step": step,
            "epoch": epoch,
            "metrics": dict(metrics),
            "best": best,
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        files[MANIFEST] = json.dumps(manifest, indent=1).encode()
        self._put(place, files)
        self._let_go()

    def newest(self, kind: Kind = "step") -> Checkpoint | None:
        """The newest checkpoint that is whole; None when there is none."""
        for place in self._places(kind):
            try:
                return _read(place)
            except DamagedCheckpoint:
                continue
        return None

    def summaries(self) -> list[Summary]:
        """The checkpoints that can be gone back to, the newest first, without their weights."""
        return self._summaries("step")

    def best_summary(self) -> Summary | None:
        """The best weights so far, without them; None where none were kept."""
        return next(iter(self._summaries("best")), None)

    def _summaries(self, kind: Kind) -> list[Summary]:
        found = []
        for place in self._places(kind):
            try:
                said = json.loads((place / MANIFEST).read_bytes())
                found.append(Summary(int(said["step"]), int(said["epoch"]), said["metrics"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def steps(self) -> list[int]:
        """The steps that can be gone back to, the newest first; one of them may turn out to be damaged."""
        return [_step(place) for place in self._places("step")]

    def at(self, step: int, kind: Kind = "step") -> Checkpoint | None:
        """The checkpoint of a step; None when there is none that is whole."""
        try:
            return _read(self.place(kind, step))
        except DamagedCheckpoint:
            return None

    def keep(self, step: int) -> None:
        """Never let the checkpoint of `step` go.

        Raises: OSError when the disk is full.
        """
        place = self.place("step", step)
        if place.is_dir():
            (place / _MARK).touch()

    def best(self) -> Checkpoint | None:
        """The best weights, or the newest ones when no best were found yet."""
        return self.newest("best") or self.newest("step")

    def _places(self, kind: Kind) -> list[Path]:
        """The folders of a kind, newest first."""
        if not self.folder.is_dir():
            return []
        found = [(match, place) for place in self.folder.iterdir() if (match := _NAME.fullmatch(place.name))]
        return [place for _, place in sorted(((int(m[2]), p) for m, p in found if m[1] == kind), reverse=True)]

    def _put(self, place: Path, files: Mapping[str, bytes]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{place.name}.{os.getpid()}"
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir()
            for name, data in files.items():
                write_durably(beside / name, data)
            _sync_folder(beside)
            if place.exists():
                shutil.rmtree(place)  # it was damaged
            beside.rename(place)
            _sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    def _let_go(self) -> None:
        older = self._places("step")[KEPT["step"] :]
        kept = _spread(older)
        for place in older:
            if place not in kept:
                shutil.rmtree(place, ignore_errors=True)
        bests = self._places("best")
        wanted = {self._best_until(place, bests) for place in self._places("step")}
        for place in bests[KEPT["best"] :]:
            if _step(place) not in wanted:
                shutil.rmtree(place, ignore_errors=True)
        for left in self.folder.glob(".*_*.*"):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed

    def _best_until(self, place: Path, bests: list[Path]) -> int:
        """The step whose weights are the best until a checkpoint, of `bests` (newest first)."""
        try:
            said = json.loads((place / MANIFEST).read_bytes())["best"]
        except (OSError, ValueError, KeyError, TypeError):
            said = None  # as saved by an older version
        if said is not None:
            return int(said)
        return next((_step(each) for each in bests if _step(each) <= _step(place)), 0)

    def go_back(self, step: int, best: int) -> bool:
        """Remove what is of a future that is run again: checkpoints of later steps than `step`, best weights of later
        ones than `best`, which were the best until then (0: there were none).

        False when those of `best` are gone or damaged: then no best weights are left, rather than others.
        """
        lasts: Mapping[Kind, int] = {"step": step, "best": best}
        for kind, last in lasts.items():
            for place in self._places(kind):
                if _step(place) > last:
                    shutil.rmtree(place, ignore_errors=True)
        is_there = not best or self._is_whole(self.place("best", best))
        for place in () if best and is_there else self._places("best"):
            shutil.rmtree(place, ignore_errors=True)
        return is_there

    def place(self, kind: Kind, step: int) -> Path:
        """The folder of a checkpoint."""
        return self.folder / f"{kind}_{step:09}"

    @staticmethod
    def _is_whole(place: Path) -> bool:
        try:
            _read(place)
        except DamagedCheckpoint:
            return False
        return True


def _step(place: Path) -> int:
    return int(place.name[-9:])


def _spread(places: list[Path]) -> list[Path]:
    """Which of the older checkpoints, newest first, are kept: those marked, and some others evenly over the run."""
    marked = [place for place in places if (place / _MARK).exists()]
    others = [place for place in places if place not in marked]
    size = sum(each.stat().st_size for each in others[0].iterdir()) if others else 0
    most = min(EARLIER, EARLIER_BYTES // max(size, 1))
    while len(others) > most:
        ends = [*map(_step, others), 0]
        # the one whose neighbours are the nearest to each other; the newest has none on one side and stays for now
        gaps = [ends[at - 1] - ends[at + 1] for at in range(1, len(others))]
        others.pop(1 + gaps.index(min(gaps)) if gaps else 0)
    return [*marked, *others]


def write_durably(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk.

    Raises: OSError.
    """
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read(place: Path) -> Checkpoint:
    """Raises: DamagedCheckpoint."""
    import safetensors.torch
    import torch

    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        if manifest["version"] > _VERSION:
            raise DamagedCheckpoint(f"{place} was saved by a newer Layerloom. Update Layerloom to use it.")
        files = {}
        for name, digest in manifest["sha256"].items():
            files[name] = (place / name).read_bytes()
            if hashlib.sha256(files[name]).hexdigest() != digest:
                raise DamagedCheckpoint(f"{place / name} is damaged: it is not what was saved.")
        state: dict[str, Any] = {}
        if STATE in files:
            state = torch.load(io.BytesIO(files[STATE]), weights_only=True, map_location="cpu")  # noqa: TID251
        weights = safetensors.torch.load(files[WEIGHTS])
        return Checkpoint(int(manifest["step"]), int(manifest["epoch"]), manifest["metrics"], weights, state)
    except DamagedCheckpoint:
        raise
    except Exception as error:  # whatever readers say of a file that is not as we wrote it
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DamagedCheckpoint(f"{place} is damaged ({why}).") from error


def _for_file(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """On the CPU, each with memory of its own: shared weights are written under each of their names."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in weights.items()}


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
