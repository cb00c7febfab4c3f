"""Files for libraries that take paths only: gone when they were used."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bss_mfg.core.files import write_atomically


@contextmanager
def temporary_files(contents: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with these files, private to this user. Nothing secret goes here: what a library still has open on
    Windows stays."""
    with tempfile.TemporaryDirectory(prefix="bss-mfg-", ignore_cleanup_errors=sys.platform == "win32") as folder:
        for name, data in contents.items():
            write_atomically(Path(folder) / name, [data])
        yield Path(folder)
