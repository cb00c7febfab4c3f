"""The index of programming files, `NAME.json`: which files a release made, of which batch, in which format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bss_mfg.core.files import iter_files, read_bytes
from bss_mfg.core.models import FileModel
from bss_mfg.core.named_paths import is_plain_name
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import BssError, InputError

MAX_INDEX = LIMITS[Reader.INDEX].size


class IndexedFile(FileModel, strict=True):
    """One file, in the index's own folder."""

    file: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    serial: str | None = Field(None, description="Of the one unit in it, where a file holds one.")


class ProgrammingIndex(FileModel, strict=True):
    """An index; it holds no key."""

    format: Literal[1] = 1
    kind: Literal["programming"] = "programming"
    batch: str
    ledger_head: str = Field(description="NUMBER:DIGEST of the ledger before the release.")
    programming_format: str
    layout: str | None = Field(None, description="SHA-256 of the layout file that was given.")
    sealed_to: tuple[str, ...] = Field(description="age recipients; none: the files are in clear.")
    units: int
    files: tuple[IndexedFile, ...]
    bss_mfg: str = Field(description="Version of bss-mfg.")

    def render(self) -> bytes:
        """The file's bytes."""
        return (json.dumps(self.model_dump(), indent=1) + "\n").encode("ascii")


def find_indexes(folder: Path, batch: str | None = None) -> Iterator[tuple[Path, ProgrammingIndex]]:
    """All indexes of a batch, or of all, anywhere below a folder; JSON files of other kinds are passed over.

    `InputError` for an index that names a file outside of its own folder.
    """
    for path in sorted(path for path in iter_files(folder) if path.suffix == ".json"):
        try:
            found = ProgrammingIndex.model_validate_json(read_bytes(path, "index", MAX_INDEX))
        except (ValidationError, BssError):
            continue
        if batch in (None, found.batch):
            for item in found.files:
                if not is_plain_name(item.file):
                    raise InputError(
                        f"names {item.file[:80]!a}, which is not the name of a file beside it",
                        where=path,
                        way_out="bss-mfg writes no such index. Move it away; nothing was changed.",
                    )
            yield path, found
