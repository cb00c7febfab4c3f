"""Names that Windows keeps for devices."""

from __future__ import annotations

_DEVICES = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(10)), *(f"lpt{i}" for i in range(10))}


def is_windows_device(name: str) -> bool:
    """Whether Windows takes a file of this name, with any ending, for a device: what is written to it is gone."""
    return name.split(".")[0].lower() in _DEVICES
