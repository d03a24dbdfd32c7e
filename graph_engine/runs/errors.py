"""What keeps a run from being started, resumed or read, in sentences for people."""

from __future__ import annotations


class RunError(Exception):
    """A run that can't be found, read or gone on with; the message says which, why and what to do."""
