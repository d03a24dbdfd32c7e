"""Which code a user trusts: kept in the user's home by the fingerprint of each source, never in a document.

A document is trusted when every source in it is. Code that was changed elsewhere has another fingerprint, and asks
again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from graph_engine.blocks.custom import fingerprint
from graph_engine.document.document import Document
from graph_engine.home import home, place

_FILE = "trusted-code"
_LINE = re.compile(r"[0-9a-f]{64}\Z")


def is_trusted(source: str) -> bool:
    """Whether the user of this home has said that `source` may run. Makes nothing on disk."""
    return fingerprint(source) in _trusted()


def untrusted(document: Document) -> list[str]:
    """The custom blocks of a document that may not run yet, by name."""
    if not document.customs:
        return []
    known = _trusted()
    return [name for name, code in sorted(document.customs.items()) if fingerprint(code.source) not in known]


def trust(sources: Iterable[str]) -> None:
    """Remember that these sources may run.

    Raises: HomeError, OSError when that can't be kept; then they may not.
    """
    known = _trusted()
    new = [each for each in dict.fromkeys(map(fingerprint, sources)) if each not in known]
    if not new:
        return
    descriptor = os.open(home() / _FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        text = "".join(f"\n{each}\n" for each in new)  # a line that was cut short spoils no other
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def trust_document(document: Document) -> None:
    """Remember that all code of a document may run.

    Raises: HomeError, OSError.
    """
    trust(code.source for code in document.customs.values())


def _trusted() -> frozenset[str]:
    file = place() / _FILE
    try:
        state = file.stat()
    except OSError:
        return frozenset()
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int, _size: int) -> frozenset[str]:
    try:
        text = file.read_text("ascii", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(line for line in text.split("\n") if _LINE.match(line))
