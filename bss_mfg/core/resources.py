"""Where the files that come with bss-mfg lie: inside the wheel, or beside the package in a source tree."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder `templates` or `sample_batches`."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / name
