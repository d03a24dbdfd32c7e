"""The table of runs in SQLite: how it is made, opened and filled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from graph_engine.runs.record import RunRecord, to_json

SCHEMA = 1
"""The version of the table; one of another version is made again."""
NOT_DAMAGED = ("full", "locked", "busy", "readonly", "unable to open", "disk I/O")
"""Words of errors that making the database again would not mend."""
_PATIENCE = 5.0  # s to wait for another process that writes

_MAKE = """
CREATE TABLE run (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, document TEXT NOT NULL, dataset TEXT NOT NULL, state TEXT NOT NULL,
    created TEXT NOT NULL, seconds REAL NOT NULL, record TEXT NOT NULL
);
CREATE INDEX run_created ON run (created);
CREATE INDEX run_state ON run (state);
"""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept when the block ends well."""
    with closing(sqlite3.connect(path, timeout=_PATIENCE)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.create_function("lower", 1, str.lower, deterministic=True)  # SQLite's own knows ASCII alone
        with db:
            yield db


def make(path: Path, records: Sequence[RunRecord]) -> None:
    """Make the database, whole or not at all, in place of what is there."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as db, db:
        db.executescript(_MAKE)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        insert(db, records)
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    fresh.replace(path)


def version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def insert(db: sqlite3.Connection, records: Sequence[RunRecord]) -> None:
    """Put in, or replace, what is known of runs."""
    db.executemany(
        "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(r.id, r.name, r.document, r.dataset, str(r.state), r.created, r.seconds, to_json(r)) for r in records],
    )
