"""What the ledger says of a batch, and what a file was found to say otherwise. Plain records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from bss_mfg.errors import InputError
from bss_mfg.model import Batch
from bss_mfg.payload import parse
from bss_mfg.payload.spec import Spec
from bss_mfg.scan.diagnose import printable, visible

Kind = Literal["programming", "labels", "control logs"]


@dataclass(frozen=True, slots=True)
class Issued:
    """A unit as the ledger has it. `uuid` are 32 upper-case hex digits; `payload` is its package's barcode string, None
    where another unit has taken its place; `manifest` names the newest control log that lists it."""

    number: int
    serial: str
    uuid: str
    mac: str
    package: int
    payload: str | None
    revision: int
    scrapped: bool
    released: bool
    manifest: str | None

    @property
    def current(self) -> bool:
        """Whether it may still leave the factory."""
        return not self.scrapped


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a file says otherwise than the ledger. `unit` is a serial, or those of a package; empty, with no
    `package`, where the file as a whole differs."""

    kind: Kind
    unit: str
    package: int | None
    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of a file that is no difference; `file` is empty for all of a kind."""

    kind: Kind
    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one kind: the files that were read, and how many units (of labels: packages) were compared."""

    kind: Kind
    files: tuple[str, ...]
    compared: int
    differences: tuple[Difference, ...]
    notes: tuple[Note, ...]


@dataclass(slots=True)
class Ledgered:
    """An account while it is being made."""

    kind: Kind
    folder: Path
    files: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    altered: bool = False
    """Whether a file is not the one that was written."""

    def name(self, path: Path) -> str:
        """A file's path below the folder, harmless to show."""
        return visible(path.relative_to(self.folder).as_posix())

    def differs(self, what: str, path: Path | str = "", unit: str = "", package: int | None = None) -> None:
        """Write down a difference."""
        file = self.name(path) if isinstance(path, Path) else path
        self.differences.append(Difference(self.kind, unit, package, file, what))

    def note(self, what: str, path: Path | str = "") -> None:
        """Write down something that is no difference."""
        self.notes.append(Note(self.kind, self.name(path) if isinstance(path, Path) else path, what))

    def outdated(self, serials: Iterable[str], path: Path) -> None:
        """Note the units of a file that stand there as they were before a unit was scrapped or replaced."""
        if found := list(dict.fromkeys(serials)):
            self.note(f"outdated: says what was right before a unit was scrapped or replaced, of {some(found)}", path)

    def account(self, compared: int) -> Account:
        """The finished account."""
        return Account(self.kind, tuple(self.files), compared, tuple(self.differences), tuple(self.notes))


@dataclass(frozen=True)
class Books:
    """A batch by the ledger: every unit that it ever had, by serial. `elsewhere` says in words where else a serial was
    issued."""

    batch: Batch
    spec: Spec
    units: Mapping[str, Issued]
    elsewhere: Callable[[str], str]

    @cached_property
    def by_uuid(self) -> Mapping[str, Issued]:
        """Units by Device UUID."""
        return {unit.uuid: unit for unit in self.units.values()}

    @cached_property
    def members(self) -> Mapping[int, tuple[Issued, ...]]:
        """The units that are in each package now, in their order; scrapped ones in whose place nobody came, too."""
        found: dict[int, list[Issued]] = {}
        for unit in self.units.values():
            if unit.payload is not None:
                found.setdefault(unit.package, []).append(unit)
        return {package: tuple(units) for package, units in found.items()}

    def unit_in(self, line: bytes) -> Issued | None:
        """The first unit that a line of a broken file names, by serial or Device UUID."""
        for word in re.findall(r"[A-Za-z0-9._-]+", line.decode("ascii", "replace")):
            if unit := self.units.get(word) or self.by_uuid.get(word.upper()):
                return unit
        return None

    def leaving(self, package: int) -> bool:
        """Whether a package may leave the factory: no unit in it was scrapped."""
        return all(unit.current for unit in self.members[package])

    def serials(self, package: int) -> str:
        """The serials of a package as people write them."""
        return ", ".join(unit.serial for unit in self.members[package])

    @cached_property
    def _encrypted(self) -> Mapping[str, int]:
        return {self.encrypted(units[0].payload or ""): package for package, units in self.members.items()}

    def encrypted(self, payload: str) -> str:
        """The encrypted field of a barcode string of this batch; empty where it has none."""
        fields = parse.split(payload, self.spec)
        return next((item.value for item in fields if item.field and item.field.source == "encrypted"), "")

    def package_of_encrypted(self, value: str) -> int | None:
        """The package whose encrypted field this is."""
        return self._encrypted.get(value) if value else None

    def barcode_faults(self, package: int) -> list[str]:
        """What the barcode string of a package says in clear otherwise than the units that the ledger has in it."""
        units = self.members[package]
        try:
            fields = parse.split(units[0].payload or "", self.spec)
            found = parse.findings(fields, self.spec)
            uuids = [value.hex.upper() for value in parse.uuids(fields, self.spec)]
        except InputError as error:
            return [error.what]
        said = {"unit.uuid": uuids} if uuids else {}
        for item in fields:
            if item.field and item.field.source in ("unit.serial", "unit.mac"):
                said[item.field.source] = [value.upper() for value in parse.values(item, self.spec)]
        for source, words in (("unit.uuid", "Device UUIDs"), ("unit.serial", "serials"), ("unit.mac", "MACs")):
            if source in said and said[source] != [getattr(unit, source[5:]).upper() for unit in units]:
                found.append(f"the {words} in its barcode string are not those of its units in the ledger")
        return found


def some(serials: Iterable[str], most: int = 5) -> str:
    """The first few of some serials, and how many more."""
    listed = list(serials)
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(printable(serial, 60) for serial in listed[:most]) + more


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
