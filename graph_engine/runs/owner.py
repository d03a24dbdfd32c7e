"""Who is, or was, at work on a run: its machine and process, in the folder, for where the lock can't tell."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

OWNER = "owner.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Owner:
    """`host` and `boot` name a machine since it was switched on, `pid` and `began` a process there; `by` and
    `by_began` the process that wanted the run: a window, or the command line.
    """

    host: str
    boot: str
    pid: int
    began: str
    by: int
    by_began: str

    @property
    def is_here(self) -> bool:
        """Whether its machine is this one, since it was last switched on."""
        return (self.host, self.boot) == _machine()

    @property
    def is_alive(self) -> bool:
        """Whether its process is there; only to be asked where it `is_here`."""
        return _is_alive(self.pid, self.began)

    @property
    def is_ours(self) -> bool:
        """Whether this process wanted the run, or nobody who is still there did."""
        return self.is_here and (self.by == os.getpid() or not _is_alive(self.by, self.by_began))


def claim(folder: Path, *, by: int | None = None) -> None:
    """Say that this process is at work on the run in `folder`, for process `by` (None: as was said before, else this).

    Raises: OSError.
    """
    me = os.getpid()
    known = read_owner(folder)
    if by is None and known is not None and known.is_here and (known.pid, known.began) == (me, _began(me)):
        return
    wanted_by = me if by is None else by
    owner = Owner(*_machine(), me, _began(me), wanted_by, _began(wanted_by))
    beside = folder / f".{OWNER}.{me}"
    beside.write_text(json.dumps(asdict(owner)), "utf-8")
    beside.replace(folder / OWNER)


def read_owner(folder: Path) -> Owner | None:
    """Who was at work last; None where that is not known, as of runs of earlier versions."""
    try:
        return Owner(**json.loads((folder / OWNER).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


@cache
def _machine() -> tuple[str, str]:
    try:
        boot = _BOOT.read_text("ascii").strip()
    except OSError:
        boot = ""
    return platform.node(), boot


def _began(pid: int) -> str:
    """When a process began, as the system counts; numbers of processes are used again. Empty when it is not known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_alive(pid: int, began: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is there, and somebody else's
    return not began or _began(pid) == began
