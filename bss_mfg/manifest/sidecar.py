"""The sidecar of a control log, `NAME.json`: what the file holds, and from which state of the ledger it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bss_mfg.core.files import already_exists_error, is_complete, read_bytes, sha256_of, write_atomically
from bss_mfg.core.models import FileModel
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, Location, RefusedError
from bss_mfg.manifest.documents import Contents, LogDocument
from bss_mfg.manifest.log_mapping import LogMapping

MAX_SIDECAR = LIMITS[Reader.SIDECAR].size
Count = Annotated[int, Field(ge=0)]


class Sidecar(FileModel, strict=True):
    """A sidecar; packages are numbered from 1 within the batch."""

    format: Literal[1] = 1
    file: str = Field(description="Name of the control log, in the same folder.")
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    octets: Count
    device_logs: Count
    bundle_logs: Count
    packages: Count = Field(description="Packages with a log of either kind in this file.")
    units: Count = Field(description="Units with a device log in this file.")
    first_package: Count
    last_package: Count
    batch: str
    ledger_head: Annotated[str, Field(pattern="^[0-9]+:[0-9a-f]{64}$")]
    checkpoint: str | None = Field(
        None, description="The newest signed checkpoint when it was made, as a note; null where none was signed."
    )
    mapping: str = Field(description="Name of the mapping file.")
    assumed: tuple[str, ...] = Field(description="Paths of the mapping that are marked assumed.")
    bss_mfg: str = Field(description="Version of bss-mfg.")


@dataclass(frozen=True, slots=True)
class LogOrigin:
    """Where logs come from: batch, ledger head (`NUMBER:DIGEST`), mapping, the version of bss-mfg, and the newest
    signed checkpoint as a note."""

    batch: str
    ledger_head: str
    mapping: LogMapping
    version: str
    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenLog:
    """A control log on disk, with its sidecar."""

    path: Path
    sha256: str
    contents: Contents
    made_before: bool = False
    """Whether it was counted before: the same logs, made again in the same folder."""


def sidecar_path(path: Path) -> Path:
    """The path of a control log's sidecar."""
    return path.with_name(f"{path.name}.json")


def render_sidecar(name: str, sha256: str, contents: Contents, origin: LogOrigin) -> bytes:
    """The sidecar of the finished file `name`."""
    sidecar = Sidecar(
        file=name,
        sha256=sha256,
        octets=contents.size,
        device_logs=contents.device_logs,
        bundle_logs=contents.bundle_logs,
        packages=contents.all_packages,
        units=sum(map(len, contents.units)),
        first_package=contents.first_package,
        last_package=contents.last_package,
        batch=origin.batch,
        ledger_head=origin.ledger_head,
        checkpoint=origin.checkpoint,
        mapping=origin.mapping.name,
        assumed=origin.mapping.assumed,
        bss_mfg=origin.version,
    )
    return (json.dumps(sidecar.model_dump(), indent=2) + "\n").encode("ascii")


def write_logs(
    folder: Path, documents: Iterable[LogDocument], names: Iterator[str], origin: LogOrigin
) -> Iterator[WrittenLog]:
    """Write each document and its sidecar, and yield what was written: a caller that counts it then counts only whole
    files. A kill may leave a control log without its sidecar, never a sidecar without its control log."""
    for document in documents:
        path = folder / next(names)
        if sidecar_path(path).exists():
            raise already_exists_error(sidecar_path(path))
        sha256 = write_atomically(path, document)
        write_atomically(sidecar_path(path), [render_sidecar(path.name, sha256, document.contents, origin)])
        yield WrittenLog(path, sha256, document.contents)


def adopt_log(path: Path, sha256: str, contents: Contents, origin: LogOrigin) -> WrittenLog:
    """Take a control log that is on disk already as written, and give it its sidecar where it has none."""
    if not is_complete(sidecar_path(path)):
        write_atomically(sidecar_path(path), [render_sidecar(path.name, sha256, contents, origin)])
    return WrittenLog(path, sha256, contents)


def parse_sidecar(path: Path) -> Sidecar:
    """The sidecar in the file `path`; pydantic's `ValidationError` where it is none."""
    return Sidecar.model_validate_json(read_bytes(path, "sidecar", MAX_SIDECAR))


def read_sidecar(path: Path) -> Sidecar:
    """The sidecar of the control log `path`, compared with the file.

    `InputError` where it is missing or no sidecar, `RefusedError` where the file is not the one it describes.
    """
    where = Location(str(sidecar_path(path)))
    try:
        sidecar = parse_sidecar(sidecar_path(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))[:80]
        raise InputError(
            f"is not the sidecar of a control log: {ascii(field)[1:-1] + ': ' if field else ''}{first['msg'][:200]}",
            where=where,
            way_out="Make the control log again, in another folder.",
        ) from None
    problems = []
    if sidecar.file != path.name:
        problems.append(f"it is the sidecar of {sidecar.file[:80]!a}")
    if sha256_of(path) != sidecar.sha256:
        problems.append("the file has another SHA-256")
    if (size := path.stat().st_size) != sidecar.octets:
        problems.append(f"the file has {size:,} bytes, not {sidecar.octets:,}")
    if problems:
        raise RefusedError(
            "the control log is not the one that was written",
            where=path,
            problems=problems,
            way_out="It was altered or renamed. Don't upload it; make it again.",
        )
    return sidecar
