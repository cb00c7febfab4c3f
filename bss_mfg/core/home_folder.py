"""Paths that begin with `~`, where no shell has put a home folder in its place: out of variables and files."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.errors import InputError


def expanded(path: str | Path) -> Path:
    """A path with the home folder for `~` or `~NAME`; `InputError` where that user is unknown, or has none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(
            "names the home folder of a user who has none here", where=str(path), way_out="Write the whole path."
        ) from None
