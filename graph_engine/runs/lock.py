"""Who is at work on a run: a lock that the system lets go of when its process ends, however it ends.

Some network file systems know no such locks, and on others each machine sees only its own: there, `works` says what the
folder itself tells.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 0.5  # s to wait for somebody who is only asking
_HELD = (errno.EWOULDBLOCK, errno.EACCES)


class RunLock:
    """The right to write a run's folder. Held by one process at a time, and by one place in it."""

    def __init__(self, path: Path, works: Callable[[bool | None], bool] | None = None) -> None:
        """`works` says whether somebody is at work although the lock is free (False), or can't be told (None)."""
        self._path = path
        self._works = works
        self._handle: int | None = None

    def take(self) -> bool:
        """Whether the lock is now ours.

        Raises: OSError when the file can't be made.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        until = time.monotonic() + _PATIENCE
        while True:
            held: bool | None = False
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                held = True if error.errno in _HELD else None
            if held:
                if time.monotonic() > until:
                    os.close(handle)
                    return False
                time.sleep(0.01)
            elif self._works is not None and self._works(held):
                os.close(handle)
                return False
            else:
                self._handle = handle
                return True

    @classmethod
    def inherited(cls, path: Path, handle: int) -> RunLock:
        """The lock that the process which began this one took for it and left open as `handle`."""
        lock = cls(path)
        lock._handle = handle
        fcntl.fcntl(handle, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        return lock

    @property
    def handle(self) -> int:
        """The open file that holds the lock, to be left to another process.

        Raises: ValueError when it is not held.
        """
        if self._handle is None:
            raise ValueError("the lock is not held")
        return self._handle

    def let_go(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock, as far as can be told."""
    return asked(path) is True


def asked(path: Path) -> bool | None:
    """Whether some process holds the lock; None where the file system knows no locks."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in _HELD else None
    finally:
        os.close(handle)
    return False
