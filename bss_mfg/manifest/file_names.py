"""The file names of control logs: by the time of the run, never one that is taken."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path


def control_log_names(start: datetime, folder: Path, used_names: Container[str] = frozenset()) -> Iterator[str]:
    """File names by Amazon's pattern, `C_CONTROL_LOG_<yyyyMMddhhmmss>.txt`, from the second `start` (in UTC) on.

    A name that is in `used_names`, or on disk (or whose sidecar is), is passed over for the next second's. The
    iterator is endless; a name is looked for when it is asked for.
    """
    second = start.astimezone(UTC).replace(microsecond=0)
    while True:
        name = f"C_CONTROL_LOG_{second:%Y%m%d%H%M%S}.txt"
        if name not in used_names and not (folder / name).exists() and not (folder / f"{name}.json").exists():
            yield name
        second += timedelta(seconds=1)
