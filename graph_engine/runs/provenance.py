"""What it takes to do a run again."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import Any

from graph_engine.data import Samples
from graph_engine.document.plan import Plan


def provenance(plan: Plan, samples: Samples, device: str, threads: int, *, compiled: bool) -> dict[str, Any]:
    """Versions, machine, seed and data. `threads` decides the last bits of sums on a CPU."""
    return {
        "versions": versions(),
        "system": platform.platform(),
        "device": device,
        "threads": threads,
        "precision": plan.precision,
        "compiled": compiled,
        "seed": plan.seed,
        "data": {
            "name": samples.dataset.name,
            "fingerprint": samples.dataset.fingerprint,
            "train": samples.train_length,
            "validation": samples.validation_length,
        },
    }


def versions() -> dict[str, str]:
    """What the numbers of a run depend on."""
    return {name: _version(name) for name in ("layerloom", "torch", "numpy")} | {"python": platform.python_version()}


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # only here: they load much that the window waits for

    try:
        return version(name)
    except PackageNotFoundError:
        return ""
