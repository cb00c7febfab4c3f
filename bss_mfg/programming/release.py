"""Keys released to the line, each once: what is to leave is recorded first, then written, then recorded as done.

A release that was cut off counts as released; the same command goes on with it, and no other gets its units.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bss_mfg.core.files import (
    already_exists_error,
    is_complete,
    leftover_of,
    read_bytes,
    remove_leftover,
    sha256_of,
    write_atomically,
)
from bss_mfg.core.ranges import RangeBuilder, consecutive_ranges
from bss_mfg.errors import BssError, InputError, RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.keys import KeyStore, open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.releases import Release, ReleaseTarget
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Unit
from bss_mfg.programming.age_encryption import encrypted_to, recipients
from bss_mfg.programming.format import FileMark, Format
from bss_mfg.programming.index import IndexedFile, ProgrammingIndex
from bss_mfg.programming.open_releases import release_command, release_text
from bss_mfg.programming.release_place import SEALED_SUFFIX, Place, find_place, is_sealed
from bss_mfg.version import __version__

_CLAIM_PATIENCE_S = 60.0
"""Flashers share a batch: each waits for the other's claim."""
FILES_PER_EVENT = 500
"""Files of single units that one event records."""


@dataclass(frozen=True, slots=True)
class FlasherClaim:
    """What a flasher claims: at most so many units that nobody has; again only those that were claimed before a moment
    (UTC) and that nobody has reported."""

    flasher: str
    most: int
    unreported_since: str


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """How keys are to be released: to which age recipients (none: in clear), and, for a second time, why; why they
    leave in clear, where the settings seal them."""

    to: tuple[str, ...] = ()
    again: bool = False
    reason: str = ""
    layout: str | None = None
    """SHA-256 of the layout file."""
    into_folder: bool = False
    """The place is a folder, even if its name looks like a file's."""
    claim: FlasherClaim | None = None
    """Only so many units, for one flasher, whose key is in `to`."""
    clear_reason: str | None = None
    consent: Consent = None
    """What two persons signed, where they have to."""


@dataclass(frozen=True, slots=True)
class ReleasedFiles:
    """What a release made: files, or the folder of many; `indexes` name each. `resumed`: it went on with a release that
    was cut off."""

    files: tuple[Path, ...]
    indexes: tuple[Path, ...]
    units: int
    resumed: bool = False


def release_keys(
    ledger: Ledger, vault: Vault, batch: Batch, form: Format, out: Path, options: ReleaseOptions = ReleaseOptions()
) -> ReleasedFiles:
    """Write the keys of a batch that were never released, or with `options.again` all; a release to the same place that
    was cut off is gone on with.

    `out` is a folder; of a format that holds a whole batch it may name the file. A folder outside of the workspace must
    be there. Files are 0600 and never replace others (indexes do); one with the same bytes is taken as it is.
    `RefusedError` where nothing is left to release, `LedgerError` where another command releases keys of the batch.
    """
    to = recipients(options.to) if options.to else []
    place = find_place(out, form, sealed=bool(to), folder=options.into_folder)
    with ledger.locked(batch.id, BatchWork.KEYS, _CLAIM_PATIENCE_S if options.claim else 0.0):
        ledger.batches.refuse_retired(batch.id)
        work = _Work(ledger, vault, batch, form, options, lambda content: encrypted_to(content, to) if to else content)
        return work.write_batch_file(place) if form.one_file_per == "batch" else work.write_unit_files(place)


@dataclass(slots=True)
class _Intent:
    """A release that is begun when its first byte can be written, or was begun before."""

    target: ReleaseTarget
    units: tuple[range, ...]
    head: str
    begin_now: Callable[[], Release] | None = None
    begun: Release | None = None

    def begin(self) -> None:
        """Record it, unless that was done."""
        if self.begun is None and self.begin_now:
            self.begun = self.begin_now()
            self.head = self.begun.ledger_head

    @property
    def release(self) -> Release:
        """The release; it has begun."""
        assert self.begun is not None  # noqa: S101  (a file of it was written)
        return self.begun


@dataclass(frozen=True, slots=True)
class _Work:
    ledger: Ledger
    vault: Vault
    batch: Batch
    form: Format
    options: ReleaseOptions
    encrypt: Callable[[Iterable[bytes]], Iterable[bytes]]

    # --- what is to be released -----------------------------------------------------------------------------------

    def _intent(self, place: Place) -> tuple[_Intent, bool]:
        """What this command releases: a release to this place that was cut off, whether it is that, or a new one."""
        for release in self.ledger.releases.open(self.batch.id):
            if self._is_same(release.target, place):
                self.ledger.two_persons.refuse_asking(self.options.consent)
                self.ledger.releases.check_begun(release)
                place.require_folder(self.ledger.place.folder)
                place.make_folder()
                return _Intent(release.target, release.units, release.ledger_head, begun=release), True
        units = self._wanted_units()
        if not units and not self.options.again:
            raise self._nothing_left()
        place.require_folder(self.ledger.place.folder)
        target = self._target(place)
        self._refuse_taken(target)
        self.ledger.releases.check_consent(self.batch.id, target, units, self.options.consent)
        seq, digest = self.ledger.history.head()
        begin = partial(self.ledger.releases.begin, self.batch.id, target, units, self.options.consent)
        return _Intent(target, units, f"{seq}:{digest}", begin), False

    def _wanted_units(self) -> tuple[range, ...]:
        again, claim = self.options.again, self.options.claim
        if claim is None:
            return self.ledger.releases.waiting(self.batch.id, again=again)
        if not again:
            return self.ledger.flash.to_claim(self.batch.id, claim.most)
        units = self.ledger.flash.to_claim_again(self.batch.id, claim.most, claim.unreported_since)
        if not units:
            raise RefusedError(
                f"none of its units was claimed before {claim.unreported_since} and not reported since",
                where=f"batch {self.batch.id}",
                way_out=f"`bss-mfg flash list {self.batch.id}` shows all claims.",
            )
        return units

    def _is_same(self, target: ReleaseTarget, place: Place) -> bool:
        how = (target.each, target.format, target.layout, set(target.sealed_to), target.reason is not None)
        options = self.options
        return place.is_of(target) and how == (
            self.form.one_file_per, self.form.name, options.layout, set(options.to), options.again
        )  # fmt: skip

    def _target(self, place: Place) -> ReleaseTarget:
        path = place.path or place.folder
        if self.form.one_file_per == "batch" and place.path is None:
            path /= f"{self.batch.id}-keys-{self.ledger.releases.count(self.batch.id) + 1:03d}{self._suffix}"
        options = self.options
        reason = options.reason if options.again else None
        flasher = options.claim.flasher if options.claim else ""
        return ReleaseTarget(
            path,
            self.form.one_file_per,
            self.form.name,
            options.layout,
            options.to,
            reason,
            flasher,
            options.clear_reason,
        )

    def _refuse_taken(self, target: ReleaseTarget) -> None:
        """Where another release to the same file was cut off, the two could not be told apart."""
        for release in self.ledger.releases.open():
            if target.each == "batch" and release.target.path == target.path:
                raise RefusedError(
                    f"a release to this place was not completed: {release_text(release)}",
                    where=target.path,
                    way_out=f"Continue it: `{release_command(release)}`. Or choose another name or folder.",
                )

    def _nothing_left(self) -> RefusedError:
        cut_off = self.ledger.releases.open(self.batch.id)
        go_on = f" To complete what was not: `{release_command(cut_off[0])}`." if cut_off else ""
        return RefusedError(
            "all its keys were released before",
            where=f"batch {self.batch.id}",
            problems=[f"not completed: {release_text(release)}" for release in cut_off],
            way_out=f"`bss-mfg history {self.batch.id}` shows the files.{go_on} To release them again, add --again "
            "--reason TEXT.",
        )

    # --- writing --------------------------------------------------------------------------------------------------

    def write_batch_file(self, place: Place) -> ReleasedFiles:
        """One file for the whole batch."""
        intent, resumed = self._intent(place)
        path = intent.target.path
        written = _Written()
        if not resumed:
            self._try_out(intent)
            place.make_folder()

        def content(*, scrapped: bool = False) -> Iterator[bytes]:
            units = written.noting(self._units(intent, scrapped=scrapped))
            yield from self.form.write(units, self._mark(intent))

        with _counted(intent):
            if not is_complete(path):
                sha256 = write_atomically(path, self.encrypt(content()), private=self._is_private, begin=intent.begin)
            elif self.options.to:
                sha256 = self._seal_anew(path, content(), intent)
            else:
                sha256 = _digest_of_same(path, (content(scrapped=also) for also in (False, True)))
                intent.begin()
            units = sum(map(len, written.ranges))
            index = self._index(intent, f"{path.name}.json", [IndexedFile(file=path.name, sha256=sha256)], units)
            facts = {**self._facts(intent, written.ranges, index), "file": path.name, "sha256": sha256}
            last = intent.units[-1][-1] if intent.units else 0
            self.ledger.releases.record(intent.release, KeysReleased(**facts), last)
        return ReleasedFiles((path,), (index.path,), units, resumed)

    def write_unit_files(self, place: Place) -> ReleasedFiles:
        """A file a unit, named after its serial."""
        intent, resumed = self._intent(place)
        folder = intent.target.path
        if not resumed:
            self._try_out(intent)
            place.make_folder()
            self._refuse_foreign(folder, intent)
        files: list[Path] = []
        indexes: list[Path] = []
        total, left = 0, sum(map(len, intent.units))
        units = self._units(intent, scrapped=True)
        with _counted(intent):
            while group := list(islice(units, FILES_PER_EVENT)):
                listed: dict[int, IndexedFile] = {}
                for unit in group:
                    path = folder / f"{unit.serial}{self._suffix}"
                    if sha256 := self._write_unit_file(unit, path, intent):
                        listed[unit.number] = IndexedFile(file=path.name, sha256=sha256, serial=unit.serial)
                        files = [*files[:2], path]  # nobody wants a million paths
                intent.begin()  # where all of them were scrapped, nothing was written
                name = f"{self.batch.id}-keys-{group[0].number:07d}.{self.form.name}.json"
                index = self._index(intent, name, list(listed.values()), len(listed))
                indexes.append(index.path)
                total, left = total + len(listed), left - len(group)
                facts = self._facts(intent, tuple(consecutive_ranges(listed)), index)
                facts |= {"folder": folder.name, "first": group[0].serial, "last": group[-1].serial, "left": left}
                self.ledger.releases.record(intent.release, KeysReleased(**facts), group[-1].number)
        return ReleasedFiles(tuple(files), tuple(indexes), total, resumed)

    def _write_unit_file(self, unit: Unit, path: Path, intent: _Intent) -> str | None:
        """The SHA-256 of a unit's file, put in place, or found there with the unit's data (its mark may be older); None
        of a unit that was scrapped before it had one."""

        def content() -> Iterator[bytes]:
            yield from self.form.write([unit], self._mark(intent))

        if not is_complete(path):
            if unit.scrapped:
                if left := leftover_of(path):
                    remove_leftover(left)
                return None
            return write_atomically(path, self.encrypt(content()), private=self._is_private, begin=intent.begin)
        if self.options.to:
            return self._seal_anew(path, content(), intent)
        sha256 = self._digest_of_unit_file(unit, path)
        intent.begin()
        return sha256

    def _seal_anew(self, path: Path, content: Iterable[bytes], intent: _Intent) -> str:
        """Put a sealed file in the place of one that a cut-off release left: nobody here can compare them."""
        if intent.begun is None or not is_sealed(path):
            raise already_exists_error(path)
        return write_atomically(path, self.encrypt(content), replace=True, private=self._is_private)

    def _digest_of_unit_file(self, unit: Unit, path: Path) -> str:
        """The SHA-256 of a file that is there with a unit's data; any other is in the way."""
        data = read_bytes(path, "programming file")
        try:
            (found,) = self.form.read(data)
        except InputError:
            raise already_exists_error(path) from None
        if (found.uuid, found.serial or unit.serial) != (unit.uuid, unit.serial) or found.key != unit.key:
            raise already_exists_error(path)
        return hashlib.sha256(data).hexdigest()

    # --- before anything is recorded ------------------------------------------------------------------------------

    def _try_out(self, intent: _Intent) -> None:
        """Make everything once and drop it: a unit that a format has no room for is found before the release begins."""
        units, mark = self._units(intent), self._mark(intent)
        for some in [units] if self.form.one_file_per == "batch" else ([unit] for unit in units):
            for _ in self.form.write(some, mark):
                pass

    def _refuse_foreign(self, folder: Path, intent: _Intent) -> None:
        """Refuse a folder with a file in the way of one of the units'."""
        there = {path.name for path in folder.iterdir()}
        for unit in self._units(intent) if there else ():
            path = folder / f"{unit.serial}{self._suffix}"
            if path.name in there and is_complete(path):
                if self.options.to:
                    raise already_exists_error(path)
                self._digest_of_unit_file(unit, path)

    # --- what files and history say -------------------------------------------------------------------------------

    @property
    def _suffix(self) -> str:
        return self.form.suffix + (SEALED_SUFFIX if self.options.to else "")

    @property
    def _is_private(self) -> bool:
        """Whether no group reads the files: a sealed one is for who fetches it, by another account than ours."""
        return not self.options.to

    def _units(self, intent: _Intent, *, scrapped: bool = False) -> Iterator[Unit]:
        keys: KeyStore = open_keys(self.ledger)
        for some in intent.units:
            yield from keys.units(self.batch.id, self.vault, some, scrapped=scrapped)

    def _mark(self, intent: _Intent) -> FileMark:
        version = intent.begun.version if intent.begun else __version__
        return FileMark(self.batch.id, self.batch.facts.get("pid", ""), intent.head, version)

    def _index(self, intent: _Intent, name: str, files: Sequence[IndexedFile], units: int) -> _IndexFile:
        index = ProgrammingIndex(
            batch=self.batch.id,
            ledger_head=intent.head,
            programming_format=self.form.name,
            layout=self.options.layout,
            sealed_to=self.options.to,
            units=units,
            files=tuple(files),
            bss_mfg=__version__,
        )
        path = intent.target.folder / name
        return _IndexFile(path, write_atomically(path, [index.render()], replace=True, private=self._is_private))

    def _facts(self, intent: _Intent, numbers: Sequence[range], index: _IndexFile) -> dict[str, Any]:
        """What the history says of each part of a release, of one file or of a folder."""
        return {
            "format": self.form.name,
            "sealed_to": list(self.options.to) or None,
            "reason": intent.target.reason,
            "units": sum(map(len, numbers)),
            "intent": intent.release.number,
            "path": str(intent.target.path),
            "numbers": [[some[0], some[-1]] for some in numbers],
            "index": index.path.name,
            "index_sha256": index.sha256,
        }


@dataclass(frozen=True, slots=True)
class _IndexFile:
    path: Path
    sha256: str


@dataclass(slots=True)
class _Written:
    """The numbers of the units that stand in a file."""

    ranges: tuple[range, ...] = ()

    def noting(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The same units; at their end `ranges` are theirs."""
        numbers = RangeBuilder()
        for unit in units:
            numbers.add(unit.number)
            yield unit
        self.ranges = numbers.ranges


@contextmanager
def _counted(intent: _Intent) -> Iterator[None]:
    """A failure after a release has begun says that it counts."""
    try:
        yield
    except BssError as error:
        if intent.begun is None:
            raise
        counts = f"These keys count as released to {intent.target.path}: the same command continues."
        error.way_out = f"{error.way_out} {counts}".strip()
        raise


def _digest_of_same(path: Path, contents: Iterable[Iterable[bytes]]) -> str:
    """The SHA-256 of a file that is there with the bytes that would be written; any other is in the way."""
    there = sha256_of(path)
    for content in contents:
        digest = hashlib.sha256()
        for block in content:
            digest.update(block)
        if digest.hexdigest() == there:
            return there
    raise already_exists_error(path)
