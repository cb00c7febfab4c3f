"""What the ledger says of a batch, fetched in chunks: nobody holds a batch's units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.units import UnitRecord
from bss_mfg.model import Actor, Batch
from bss_mfg.payload import parse
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.payload.unit_order import in_order, sort_source

_HEX = re.compile(r"[0-9A-F]{32}")
MAX_LINE_SEARCHED = 1 << 16
"""Bytes of a broken line in which a unit's name is looked for."""


@dataclass(frozen=True, slots=True)
class RecordsHandle:
    """Where a process finds a batch's records."""

    ledger: LedgerPlace
    actor: Actor
    batch: str

    @contextmanager
    def open(self) -> Iterator[BatchRecords]:
        """The records, for one task."""
        with Ledger.open(self.ledger, self.actor) as ledger:
            yield BatchRecords(ledger, ledger.batches.get(self.batch), may_walk_batch=False)


class BatchRecords:
    """A batch by the ledger: every unit that it ever had.

    `look_up` fetches what a chunk of a file names, with a few queries, and forgets what was fetched before; what it
    did not fetch is fetched singly. Only with `may_walk_batch` are there look-ups that need the whole batch.
    """

    def __init__(self, ledger: Ledger, batch: Batch, *, may_walk_batch: bool = True) -> None:
        self.batch = batch
        self.spec = _spec(batch.spec_text, f"spec of batch {batch.id}")
        self.ledger = ledger
        self._serials: dict[str, UnitRecord | None] = {}
        self._uuids: dict[str, UnitRecord | None] = {}
        self._units_by_package: dict[int, tuple[UnitRecord, ...]] = {}
        self._may_walk_batch, self._indexed = may_walk_batch, False

    @property
    def handle(self) -> RecordsHandle:
        """For the tasks of other processes."""
        return RecordsHandle(self.ledger.place, self.ledger.actor, self.batch.id)

    # --- units --------------------------------------------------------------------------------------------------------

    def look_up(self, serials: Iterable[str] = (), uuids: Iterable[str] = (), packages: Iterable[int] = ()) -> None:
        """Fetch the units with some serials or Device UUIDs (hex digits), and those of some packages."""
        self._serials, self._uuids, self._units_by_package = {}, {}, {}
        self._fetch_serials(serials)
        known = {unit.uuid for unit in self._serials.values() if unit}
        self._fetch_uuids(value for value in uuids if value not in known)
        self.look_up_packages(packages)

    def look_up_packages(self, packages: Iterable[int]) -> None:
        """Fetch the units of some packages too."""
        found: dict[int, list[UnitRecord]] = {
            package: [] for package in packages if package not in self._units_by_package
        }
        for unit in self.ledger.units.find_in_packages(self.batch.id, found):
            if unit.payload is not None:
                found[unit.package].append(unit)
        self._units_by_package.update((package, tuple(units)) for package, units in found.items())

    def _fetch_serials(self, serials: Iterable[str]) -> None:
        # A text from a file may hold anything; a serial is ASCII.
        wanted = {serial for serial in serials if serial.isascii()}
        self._serials.update(dict.fromkeys(wanted))
        for unit in self.ledger.units.find(self.batch.id, "serial", wanted):
            self._serials[unit.serial] = self._uuids[unit.uuid] = unit

    def _fetch_uuids(self, uuids: Iterable[str]) -> None:
        wanted = {value for value in uuids if _HEX.fullmatch(value)}
        self._uuids.update(dict.fromkeys(wanted))
        for unit in self.ledger.units.find(self.batch.id, "uuid", [bytes.fromhex(value) for value in wanted]):
            self._serials[unit.serial] = self._uuids[unit.uuid] = unit

    def unit(self, serial: str) -> UnitRecord | None:
        """The unit of this batch with a serial."""
        if serial not in self._serials:
            self._fetch_serials([serial])
        return self._serials.get(serial)

    def unit_of_uuid(self, value: str) -> UnitRecord | None:
        """The unit of this batch with a Device UUID (32 upper-case hex digits)."""
        if value not in self._uuids:
            self._fetch_uuids([value])
        return self._uuids.get(value)

    def unit_named_in(self, line: bytes) -> UnitRecord | None:
        """The first unit that a line of a broken file names, by serial or Device UUID."""
        words = re.findall(r"[A-Za-z0-9._-]+", line[:MAX_LINE_SEARCHED].decode("ascii", "replace"))
        self.look_up(words, [word.upper() for word in words])
        for word in words:
            if unit := self.unit(word) or self.unit_of_uuid(word.upper()):
                return unit
        return None

    def unit_by_number(self, number: int) -> UnitRecord:
        """The unit of this batch with a number."""
        (unit,) = self.ledger.units.find(self.batch.id, "number", [number])
        return unit

    def other_batch_words(self, serial: str) -> str:
        """In words in which other batch a serial that a file names was issued; empty where in none."""
        found = self.ledger.units.find_by_serial(serial) if serial.isascii() else []
        return next(
            (f"it is a unit of batch {name}, package {package}" for name, package, _ in found if name != self.batch.id),
            "",
        )

    # --- packages -----------------------------------------------------------------------------------------------------

    def units_of(self, package: int) -> tuple[UnitRecord, ...]:
        """The units that are in a package now, in their order, with scrapped ones that were not replaced. None where
        there is no such package."""
        if package not in self._units_by_package:
            self.look_up_packages([package])
        return self._units_by_package[package]

    def may_leave(self, package: int) -> bool:
        """Whether a package may leave the factory: no unit in it was scrapped."""
        return all(unit.shippable for unit in self.units_of(package))

    def serials_of(self, package: int) -> str:
        """The serials of a package as people write them."""
        return ", ".join(unit.serial for unit in self.units_of(package))

    def encrypted_field(self, payload: str) -> str:
        """The encrypted field of a barcode string of this batch; empty where it has none."""
        fields = parse.split_fields(payload, self.spec)
        return next((item.value for item in fields if item.field and item.field.source == "encrypted"), "")

    def package_of_encrypted(self, value: str) -> int | None:
        """The package whose encrypted field this is. The first time, it walks the batch; None where it may not."""
        if not value or not self._may_walk_batch:
            return None
        if not self._indexed:
            self.ledger.packages.index_field(self.batch.id, self.encrypted_field)
            self._indexed = True
        return self.ledger.packages.find_by_field(value)

    def barcode_faults(self, package: int) -> list[str]:
        """In what the clear fields of a package's barcode string differ from the units that the ledger has in it."""
        units = self.units_of(package)
        try:
            fields = parse.split_fields(units[0].payload or "", self.spec)
            found = parse.find_faults(fields, self.spec)
            uuids = [value.hex.upper() for value in parse.device_uuids(fields, self.spec)]
        except InputError as error:
            return [error.what]
        members = self.as_in_barcode(units, uuids)
        values = {"unit.uuid": uuids} if uuids else {}
        for item in fields:
            if item.field and item.field.source in ("unit.serial", "unit.mac"):
                values[item.field.source] = [value.upper() for value in parse.unit_values(item, self.spec)]
        for source, words in (("unit.uuid", "Device UUIDs"), ("unit.serial", "serials"), ("unit.mac", "MACs")):
            if source in values and values[source] != [getattr(unit, source[5:]).upper() for unit in members]:
                found.append(f"the {words} in its barcode string are not those of its units in the ledger")
        return found

    def as_in_barcode(self, units: Sequence[UnitRecord], uuids: Sequence[str]) -> Sequence[UnitRecord]:
        """The units of a package in the order of its barcode string, which lists these Device UUIDs (upper-case hex
        digits), or none. What is sorted by OOB keys is told by the UUIDs alone."""
        order = self.spec.unit_order
        if sort_source(order) != "unit.oob":
            return in_order(units, order, _sort_value)
        places = {value: place for place, value in enumerate(uuids)}
        return sorted(units, key=lambda unit: places.get(unit.uuid, len(places)))


def _sort_value(unit: UnitRecord, source: str) -> bytes:
    value: str = getattr(unit, source.removeprefix("unit."))
    return value.encode() if source == "unit.serial" else bytes.fromhex(value)


@lru_cache(maxsize=8)
def _spec(text: str, name: str) -> Spec:
    return spec_from_text(text, name).spec
