"""The returns desk: whatever is scanned is looked up, in all batches, and told with its whole way; with a reason it is
taken back, and if asked its label counts as read again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.languages import SEMICOLON, counted, joined, moment, phrase
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.logistic_codes import named_logistic_unit
from bss_mfg.ledger.named_units import named_unit
from bss_mfg.ledger.package_way import WayStep, way_of
from bss_mfg.ledger.packing_records import LogisticUnit, Place
from bss_mfg.ledger.read_effects import SCANNER
from bss_mfg.station.answers import ScanWord, Tone
from bss_mfg.station.check_codes import check_read
from bss_mfg.station.packing import unit_on_pallet
from bss_mfg.station.packing_answers import DeskAnswer, PackWord, desk_answer
from bss_mfg.station.station import MAX_LINE, OTHER_CAUSES
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind, diagnose_anywhere, known_specs
from bss_mfg.verify.scanned import WedgeLine

_UTC = TimeZone()
_STATES = {
    "issued": phrase("ISSUED"),
    "printed": phrase("PRINTED"),
    "verified": phrase("VERIFIED"),
    "shipped": phrase("SHIPPED"),
    "scrapped": phrase("SCRAPPED"),
}
"""What a unit's state is called on the screen."""


@dataclass(frozen=True, slots=True)
class ReturnsRequest:
    """What a desk does besides looking up: takes back, for a reason; counts labels that it reads as read again."""

    reason: str = ""
    verify: bool = False


@dataclass(frozen=True, slots=True)
class ReturnCounts:
    """The reads of a session: looked up, taken back, read again, and not known here."""

    reads: int = 0
    returned: int = 0
    verified: int = 0
    unknown: int = 0


class ReturnsDesk:
    """One desk. `read` takes what the scanner typed."""

    def __init__(self, ledger: Ledger, request: ReturnsRequest, zone: TimeZone = _UTC) -> None:
        self._ledger, self._request, self._zone = ledger, request, zone
        self._specs = known_specs(ledger)
        self.counts = ReturnCounts()

    def read(self, line: str) -> DeskAnswer | None:
        """Look one line up, and do what the desk is for; None for an empty line."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        self._ledger.home.refuse_moved()
        self.counts = replace(self.counts, reads=self.counts.reads + 1)
        if unit := named_logistic_unit(self._ledger, text):
            return self._tell_unit(unit)
        found = diagnose_anywhere(WedgeLine(text[:MAX_LINE]), self._ledger, self._specs)
        if found.batch and found.package and found.kind in (DiagnosisKind.MATCH, DiagnosisKind.SCRAPPED):
            return self._tell_package((found.batch, found.package), found)
        if check := check_read(text):
            return DeskAnswer(check.tone, str(check.word), check.detail)
        of_none = found.batch is None and found.cause in OTHER_CAUSES
        if of_none and (named := named_unit(self._ledger, WedgeLine(text[:MAX_LINE]).text)):
            return self._tell_package((named.batch, named.package), None)
        self.counts = replace(self.counts, unknown=self.counts.unknown + 1)
        return desk_answer(PackWord.WRONG_LABEL, found.detail, None, found.serials)

    def _tell_unit(self, unit: LogisticUnit) -> DeskAnswer:
        contents = self._ledger.packing.contents(unit)
        shipped = {batch: self._ledger.packages.shipped(batch) for batch in {batch for batch, _ in contents}}
        gone = sum(number in shipped[batch] for batch, number in contents)
        holds = counted(
            "{count} package of {batches}", "{count} packages of {batches}", len(contents),
            batches=", ".join(sorted(shipped)) or phrase("no batch"),
        )  # fmt: skip
        closed = moment(self._zone.shown(unit.closed_at)) if unit.closed_at else ""
        state = (
            phrase("closed {moment}", moment=closed) if closed else phrase("open at {station}", station=unit.station)
        )
        detail = phrase("{unit}: {held}, {state}", unit=unit_on_pallet(unit), held=holds, state=state)
        way = way_of(self._ledger, *contents[0]) if contents else []
        return DeskAnswer(
            Tone.GOOD,
            phrase("SHIPPED") if gone else phrase("PALLET") if unit.kind == "pallet" else phrase("CARTON"),
            detail,
            way=tuple(way),
        )

    def _tell_package(self, place: Place, found: Diagnosis | None) -> DeskAnswer:
        """A package: by its own barcode (`found`), or by a code of a unit in it, which proves no label."""
        batch_id, number = place
        serials = self._ledger.packages.get(batch_id, number).serials_text
        verify = self._request.verify and found is not None and found.matches
        with self._ledger.transaction() if self._request.reason or verify else nullcontext():
            word = self._take_back(place) if self._request.reason else None
            if verify and word is not PackWord.NOT_SHIPPED:
                word = self._read_again(place, word)
        way = tuple(way_of(self._ledger, batch_id, number))
        last = self._words(way[-1])
        if word is None:
            state = next(iter(self._ledger.units.states(batch_id, [serials.split(", ")[0]]).values()))
            why = found.detail if found else ""
            return DeskAnswer(
                Tone.GOOD, _STATES.get(state, state.upper()), joined(SEMICOLON, (why, last)), *place, serials, way
            )
        return replace(desk_answer(word, last, place, serials), way=way)

    def _take_back(self, place: Place) -> PackWord:
        batch_id, number = place
        if number not in self._ledger.packages.shipped(batch_id):
            return PackWord.NOT_SHIPPED
        serial = self._ledger.packages.get(batch_id, number).units[0].serial
        self._ledger.packages.ship(batch_id, [serial], self._request.reason, returned=True)
        self.counts = replace(self.counts, returned=self.counts.returned + 1)
        return PackWord.RETURNED

    def _read_again(self, place: Place, before: PackWord | None) -> PackWord | None:
        """Record the right read of a label that is to be read again; that of a shipped or a verified one proves nothing
        new."""
        batch_id, number = place
        if number in self._ledger.packages.shipped(batch_id):
            return before
        if self._ledger.reads.times_verified(batch_id, number):
            return before
        read = LabelRead(
            verdict=ScanWord.OK.lower(), package=number, file=SCANNER, page=None, x_mm=None, y_mm=None, of="print"
        )
        self._ledger.reads.record(batch_id, [read])
        self.counts = replace(self.counts, verified=self.counts.verified + 1)
        return PackWord.VERIFIED_AGAIN

    def _words(self, step: WayStep) -> str:
        return phrase("{step}, {moment}", step=step.words, moment=moment(self._zone.shown(step.at)))
