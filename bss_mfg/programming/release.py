"""Keys released to the line: files put in place, then recorded in the ledger; each unit's key once.

A run that is killed has released what its finished files hold and no more: the same command goes on.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bss_mfg.core.files import (
    already_exists_error,
    is_complete,
    make_folder,
    read_bytes,
    sha256_of,
    write_atomically,
)
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Unit
from bss_mfg.programming.age_encryption import encrypted_to, recipients
from bss_mfg.programming.format import FileMark, Format
from bss_mfg.programming.index import IndexedFile, ProgrammingIndex
from bss_mfg.version import __version__

FILES_PER_EVENT = 500
"""Files of single units that one event records."""


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """How keys are to be released: to which age recipients (none: in clear), and, for a second time, why."""

    to: tuple[str, ...] = ()
    again: bool = False
    reason: str = ""
    layout: str | None = None
    """SHA-256 of the layout file."""


@dataclass(frozen=True, slots=True)
class ReleasedFiles:
    """What a release made: files, or the folder of many; `indexes` name each."""

    files: tuple[Path, ...]
    indexes: tuple[Path, ...]
    units: int


def release_keys(
    ledger: Ledger, vault: Vault, batch: Batch, form: Format, out: Path, options: ReleaseOptions = ReleaseOptions()
) -> ReleasedFiles:
    """Write the keys of a batch that were never released, or with `options.again` all, and record them.

    `out` is a folder; of a format that holds a whole batch it may name the file. Files are 0600 and never replace
    others (indexes do); one with the same bytes, which a killed run left, is taken as it is. `RefusedError` where
    nothing is left to release.
    """
    ledger.batches.refuse_retired(batch.id)
    if not options.again and not ledger.exports.count_unreleased(batch.id):
        raise RefusedError(
            "all its keys were released before",
            where=f"batch {batch.id}",
            way_out=f"`bss-mfg history {batch.id}` shows the files. To release them again, add --again --reason TEXT.",
        )
    release = _Release(ledger, batch, form, options)
    units = open_keys(ledger).units(batch.id, vault, unreleased=not options.again)
    return (
        release.write_batch_file(units, out) if form.one_file_per == "batch" else release.write_unit_files(units, out)
    )


class _Release:
    def __init__(self, ledger: Ledger, batch: Batch, form: Format, options: ReleaseOptions) -> None:
        self._ledger, self._batch, self._form, self._options = ledger, batch, form, options
        self._to = recipients(options.to) if options.to else []
        seq, digest = ledger.history.head()
        self._head = f"{seq}:{digest}"
        self._mark = FileMark(batch.id, batch.facts.get("pid", ""), self._head, __version__)

    @property
    def _suffix(self) -> str:
        return self._form.suffix + (".age" if self._to else "")

    def _encrypt(self, content: Iterable[bytes]) -> Iterable[bytes]:
        return encrypted_to(content, self._to) if self._to else content

    def write_batch_file(self, units: Iterator[Unit], out: Path) -> ReleasedFiles:
        """One file for the whole batch."""
        path = out
        if out.is_dir() or out.suffix == "":
            make_folder(out)
            path = self._free_path(out)
        numbers = array("q")

        def counted() -> Iterator[Unit]:
            for unit in units:
                numbers.append(unit.number)
                yield unit

        content = self._form.write(counted(), self._mark)
        if is_complete(path) and not self._to:
            sha256 = _digest_of_same(path, content)
        else:
            sha256 = write_atomically(path, self._encrypt(content), private=True)
        index = path.with_name(f"{path.name}.json")
        self._index(index, [IndexedFile(file=path.name, sha256=sha256)], len(numbers))
        self._record(numbers, KeysReleased(**self._facts(len(numbers)), file=path.name, sha256=sha256))
        return ReleasedFiles((path,), (index,), len(numbers))

    def _free_path(self, folder: Path) -> Path:
        """The name of this release: a run that goes on gets the same, as nothing was recorded in between."""
        number = 1 + sum(1 for _ in self._ledger.history.records(KeysReleased, self._batch.id))
        return folder / f"{self._batch.id}-keys-{number:03d}{self._suffix}"

    def write_unit_files(self, units: Iterator[Unit], out: Path) -> ReleasedFiles:
        """A file a unit, named after its serial."""
        make_folder(out)
        files: list[Path] = []
        indexes: list[Path] = []
        total = 0
        while group := list(islice(units, FILES_PER_EVENT)):
            listed = []
            for unit in group:
                path = out / f"{unit.serial}{self._suffix}"
                listed.append(IndexedFile(file=path.name, sha256=self._write_unit_file(unit, path), serial=unit.serial))
                files = [*files[:2], path]  # nobody wants a million paths
            index = out / f"{self._batch.id}-keys-{group[0].number:07d}.{self._form.name}.json"
            self._index(index, listed, len(group))
            indexes.append(index)
            total += len(group)
            self._record(
                [unit.number for unit in group],
                KeysReleased(**self._facts(len(group)), folder=out.name, first=group[0].serial, last=group[-1].serial),
            )
        return ReleasedFiles(tuple(files), tuple(indexes), total)

    def _write_unit_file(self, unit: Unit, path: Path) -> str:
        """The SHA-256 of a unit's file, put in place, or found there with the unit's data (its mark may be older)."""
        if not is_complete(path) or self._to:
            content = self._form.write([unit], self._mark)
            return write_atomically(path, self._encrypt(content), private=True)
        data = read_bytes(path, "programming file")
        try:
            (found,) = self._form.read(data)
        except InputError:
            raise already_exists_error(path) from None
        if (found.uuid, found.serial or unit.serial) != (unit.uuid, unit.serial) or found.key != unit.key:
            raise already_exists_error(path)
        return hashlib.sha256(data).hexdigest()

    def _index(self, path: Path, files: Sequence[IndexedFile], units: int) -> None:
        index = ProgrammingIndex(
            batch=self._batch.id,
            ledger_head=self._head,
            programming_format=self._form.name,
            layout=self._options.layout,
            sealed_to=self._options.to,
            units=units,
            files=tuple(files),
            bss_mfg=__version__,
        )
        write_atomically(path, [index.render()], replace=True, private=True)

    def _facts(self, units: int) -> dict[str, Any]:
        """What the history says of each release, of one file or of a folder."""
        return {
            "format": self._form.name,
            "sealed_to": list(self._options.to) or None,
            "reason": self._options.reason if self._options.again else None,
            "units": units,
        }

    def _record(self, numbers: Sequence[int], release: KeysReleased) -> None:
        self._ledger.exports.record_release(self._batch.id, numbers, release)


def _digest_of_same(path: Path, content: Iterable[bytes]) -> str:
    """The SHA-256 of a file that is there with the bytes that would be written; any other is in the way."""
    digest = hashlib.sha256()
    for block in content:
        digest.update(block)
    if digest.hexdigest() != sha256_of(path):
        raise already_exists_error(path)
    return digest.hexdigest()
