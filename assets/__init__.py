"""Icons, fonts and sample data as files, each with its licence beside it."""

from __future__ import annotations

from pathlib import Path


def path(*parts: str) -> Path:
    """Where an asset lies on disk, for example `path("data", "digits.npz")`.

    Raises:
        FileNotFoundError: there is no such asset, so the installation is incomplete.
    """
    found = Path(__file__).parent.joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(
            f"Layerloom's own file {found} is missing, so the installation is incomplete. Install it again."
        )
    return found
