"""Where a user's data lives: runs, the crash journal, settings. `LAYERLOOM_HOME` names the folder, if set."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "LAYERLOOM_HOME"


class HomeError(OSError):
    """The folder for user data cannot be made or written; the message says which, why and what to do."""


def place() -> Path:
    """The absolute path of the home folder, whether or not it exists. Touches nothing on disk."""
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("layerloom", appauthor=False)


def home() -> Path:
    """The folder of all user data, made if it is not there.

    Raises:
        HomeError: it cannot be made, is not a folder, or cannot be written.
    """
    return _made(place())


def runs_folder() -> Path:
    """The folder that holds one folder for each run, and the run store.

    Raises:
        HomeError: as `home`.
    """
    return _made(home() / "runs")


def journal_folder() -> Path:
    """The folder of the crash journals of open documents.

    Raises:
        HomeError: as `home`.
    """
    return _made(home() / "journal")


def versions_folder() -> Path:
    """The folder of earlier versions of documents, a folder for each.

    Raises:
        HomeError: as `home`.
    """
    return _made(home() / "versions")


def settings_folder() -> Path:
    """The folder of preferences, key maps and the window's layout.

    Raises:
        HomeError: as `home`.
    """
    return _made(home() / "settings")


def library_folder() -> Path:
    """The folder of the user's own blocks, a file each.

    Raises:
        HomeError: as `home`.
    """
    return _made(home() / "library")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise _error(folder, "it is a file, not a folder") from None
    except OSError as error:
        raise _error(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _error(folder, "it cannot be written")
    return folder


def _error(folder: Path, why: str) -> HomeError:
    return HomeError(
        f"Layerloom cannot keep its data in {folder}: {why[:1].lower()}{why[1:]}. "
        f"Make that folder writable, or set {VARIABLE} to one that is."
    )
