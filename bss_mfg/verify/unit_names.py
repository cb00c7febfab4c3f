"""What a person types or scans to name units: a serial, a Device UUID, a package's barcode."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bss_mfg.core.text import UUID_TEXT, count_words, first_problems, printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_history import history_of
from bss_mfg.model import Event
from bss_mfg.payload.spec import Spec
from bss_mfg.verify.diagnosis import DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.scanned import WedgeLine, strip_scanner_marks

MOST_NAMED = 10
"""Names that are wrong and told one by one."""


@dataclass(frozen=True, slots=True)
class GivenName:
    """A text that names a unit, and where it stands, in words: `line 3 of pallet.txt`; empty where it was typed."""

    text: str
    where: str = ""


class UnitNames:
    """The names of units of one batch."""

    def __init__(self, ledger: Ledger, batch_id: str) -> None:
        ledger.batches.get(batch_id)
        self._ledger, self._batch = ledger, batch_id
        self._specs: list[Spec] | None = None

    def units(self, names: Sequence[GivenName]) -> list[str]:
        """The serial of the unit that each names, every one once, in their order. `InputError` for all that name none
        of this batch, with why, and for a package of several units."""
        return self._resolve(names, several=False)

    def packages(self, names: Sequence[GivenName]) -> list[str]:
        """The serials that each names, every one once, in their order: of a package's barcode those of all its units.
        `InputError` as of `units`."""
        return self._resolve(names, several=True)

    def _resolve(self, names: Sequence[GivenName], *, several: bool) -> list[str]:
        found: dict[str, None] = {}
        problems: list[str] = []
        for name in names:
            serials, why = self._serials(name.text)
            if not why and len(serials) > 1 and not several:
                why = f"a package of several units was named: {', '.join(serials)}; name one of them"
            if why:
                problems.append(f"{name.where}: {why}" if name.where else why)
            found.update(dict.fromkeys(serials))
        if problems:
            raise InputError(
                f"{len(problems):,} of {count_words(len(names), 'name')} can't be used",
                where=f"batch {self._batch}",
                problems=first_problems(problems, MOST_NAMED),
                way_out="Nothing was done. A unit is named by its serial, its Device UUID, or its package's barcode; "
                "upper and lower case differ.",
            )
        return list(found)

    def _serials(self, given: str) -> tuple[Sequence[str], str]:
        """The serials that a text names in this batch, and if it can't name any, why."""
        ledger, text = self._ledger, strip_scanner_marks(given.strip(" "))[0].strip()
        shown = printable(text, 60)
        if ledger.units.positions(self._batch, [text]):
            return [text], ""
        if UUID_TEXT.fullmatch(text) and (known := ledger.units.find_by_uuid(uuid.UUID(text))):
            batch, _, serial = known
            return ([serial], "") if batch == self._batch else ((), f"{shown} is {serial} of batch {batch}")
        if (owner := ledger.packages.find_by_payload(text)) and owner[0] == self._batch:
            return [unit.serial for unit in ledger.packages.get(*owner).units], ""
        if old := ledger.packages.find_superseded(text):
            taken = ", ".join(f"{serial} took the place of {gone}" for gone, serial in old.successors.items())
            return (), f"{shown} is an older barcode of package {old.package} of batch {old.batch_id}: {taken}"
        if elsewhere := ledger.units.find_by_serial(text):
            return (), f"{shown} is a serial of batch {elsewhere[0][0]}"
        found = diagnose(WedgeLine(given.strip(" ")), self._batch, ledger, self._known_specs())
        if found.cause is DiagnosisCause.OTHER_FAMILY:
            return (), ledger.units.other_meaning(text).rstrip(".") or f"there is no serial '{shown}' in it"
        return (), f"{shown} {found.detail}"

    def _known_specs(self) -> list[Spec]:
        if self._specs is None:
            self._specs = known_specs(self._ledger)
        return self._specs


def serials_of_payload(ledger: Ledger, text: str) -> list[str]:
    """The serials of a scanned barcode of any batch, of an older one those that stood on its label; empty where it is
    none of ours."""
    stripped = strip_scanner_marks(text.strip(" "))[0].strip()
    if owner := ledger.packages.find_by_payload(stripped):
        return [unit.serial for unit in ledger.packages.get(*owner).units]
    old = ledger.packages.find_superseded(stripped)
    return list(old.serials) if old else []


def serials_named(ledger: Ledger, text: str) -> list[str]:
    """The serials that a text names in any batch: itself, that of a Device UUID, those of a barcode, also an older one.
    A text that names none is handed back, for who knows what else it may be."""
    stripped = strip_scanner_marks(text.strip(" "))[0].strip()
    if ledger.units.find_by_serial(stripped):
        return [stripped]
    if UUID_TEXT.fullmatch(stripped) and (known := ledger.units.find_by_uuid(uuid.UUID(stripped))):
        return [known[2]]
    return serials_of_payload(ledger, text) or [stripped]


def payloads_of_unit(ledger: Ledger, text: str) -> list[str]:
    """The barcodes, as they are now, of the packages with the unit of a serial or Device UUID: one of each product that
    has it; empty where there is none, or another unit has its place."""
    stripped = text.strip()
    batches = [batch for batch, _, _ in ledger.units.find_by_serial(stripped)]
    serial = stripped
    if not batches and UUID_TEXT.fullmatch(stripped) and (known := ledger.units.find_by_uuid(uuid.UUID(stripped))):
        batches, serial = [known[0]], known[2]
    units = [unit for batch in batches for unit in ledger.units.find(batch, "serial", [serial])]
    return [unit.payload for unit in units if unit.payload]


def history_of_named(ledger: Ledger, names: Sequence[str]) -> Iterator[Event]:
    """The events of all that is named (units, or a batch by its id), each once, in order. `InputError` where a name is
    none of this ledger."""
    subjects = [serials_of_payload(ledger, name) or [strip_scanner_marks(name.strip())[0]] for name in names]
    newest = 0
    for event in heapq.merge(*(history_of(ledger, one) for some in subjects for one in some), key=lambda one: one.seq):
        if event.seq != newest:
            yield event
        newest = event.seq
