"""The packing table with a radio: a box's label is scanned, and the devices in the box prove their keys.

Each attempt is in the ledger before its key is opened. Units that were proven before are not asked again.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bss_mfg.core.code_patterns import CodePattern, matching_pattern
from bss_mfg.core.text import count_words, printable
from bss_mfg.device.beacon import swapped
from bss_mfg.device.check import CheckedDevice, Patience
from bss_mfg.device.nearby import Nearby, identify, look
from bss_mfg.device.radio import Radio, Sighting
from bss_mfg.device.unit_checks import KeySource, UnitToCheck, check_unit
from bss_mfg.errors import RefusedError
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.model import Batch, Package
from bss_mfg.station.answers import Tone
from bss_mfg.station.check_codes import check_read
from bss_mfg.station.device_words import check_words
from bss_mfg.station.packing_answers import DeskAnswer, PackWord, tone_of_word
from bss_mfg.station.station import MAX_LINE, OTHER_CAUSES
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind, diagnose, known_specs
from bss_mfg.verify.scanned import WedgeLine


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """What was found of a unit's device. `found` is whether it was seen on air, `verdict` how the exchange ended (None:
    there was none), `before` whether it was proven by an earlier check, and not asked now."""

    serial: str
    uuid: str
    passed: bool
    found: bool
    before: bool = False
    verdict: str | None = None
    signal: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OtherDevice:
    """The strongest device that isn't one of the box; `batch` and `serial` of the unit that it is, None where it was
    not issued here. `signal` in dBm."""

    uuid: str
    batch: str | None
    serial: str | None
    signal: int | None

    @property
    def words(self) -> str:
        """Who it is."""
        who = f"{self.serial} of batch {self.batch}" if self.serial else f"one that was not issued here, {self.uuid}"
        return who if self.signal is None else f"{who} ({self.signal} dBm)"


@dataclass(frozen=True, slots=True)
class PairAnswer(DeskAnswer):
    """The answer to a box, with its devices, and the one that is there instead. The fields are keys of JSON."""

    devices: tuple[PairedDevice, ...] = ()
    other: OtherDevice | None = None


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Where the batch stands: its units that may leave, and how many of them are proven on air, whoever checked them;
    boxes of this session that were proven, and that failed, and the boxes of the last minute."""

    units: int
    proven: int
    boxes: int
    failed: int
    per_minute: int


class PairingTable:
    """One batch at one table. `read` takes what the scanner typed."""

    def __init__(
        self,
        source: KeySource,
        batch: Batch,
        radio: Radio,
        patience: Patience,
        *,
        expected: Sequence[CodePattern] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._ledger, self._batch, self._radio = source, source.ledger, batch, radio
        self._patience, self._expected, self._clock = patience, expected, clock
        self._specs = known_specs(self._ledger)
        self._times: deque[float] = deque(maxlen=1000)
        self._boxes = self._failed = self._seen = 0
        self._proven: set[int] = set()
        self._first_seen: dict[uuid.UUID, int] = {}
        """With which package a device was there first: what came with the box is more likely in it."""
        counts = self._ledger.batches.counts(batch.id)
        self._units = batch.units + counts["replaced"] - counts["scrapped"]

    @property
    def counts(self) -> PairCounts:
        """The counts of this moment, with what other tables have checked since."""
        for event in self._ledger.history.events_of((EventKind.DEVICE_CHECKED,), self._batch.id, after=self._seen):
            self._seen = event.seq
            (self._proven.add if event.data["passed"] else self._proven.discard)(event.data["unit"])
        now = self._clock()
        pace = sum(1 for moment in self._times if now - moment <= 60)
        return PairCounts(self._units, len(self._proven), self._boxes, self._failed, pace)

    async def read(self, line: str) -> PairAnswer | None:
        """Do what one line says; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        found = diagnose(WedgeLine(text[:MAX_LINE]), self._batch.id, self._ledger, self._specs)
        if not found.matches or found.package is None:
            return self._explain(text, found)
        self._times.append(self._clock())
        answer = await self._pair(self._ledger.packages.get(self._batch.id, found.package))
        self._boxes += answer.tone is Tone.GOOD
        self._failed += answer.tone is Tone.BAD
        return answer

    async def _pair(self, package: Package) -> PairAnswer:
        checks, batch = self._ledger.device_checks, self._batch.id
        units = [UnitToCheck(batch, unit.number, unit.serial, unit.uuid) for unit in package.units]
        left = [unit for unit in units if not checks.is_proven(batch, unit.number)]
        before = [PairedDevice(one.serial, str(one.uuid), True, False, True) for one in units if one not in left]
        if not left:
            return self._answer(PackWord.TWICE, "proven before: the same box, or two with one label?", package, before)
        near = await self._look(left, package)
        shown = {sighting.beacon.uuid for sighting in near}
        checked, refused = list(before), False
        for unit in left:
            if shown.isdisjoint((unit.uuid, *swapped(unit.uuid))):
                checked.append(_result(unit, CheckedDevice(None)))
                continue
            try:
                checked.append(_result(unit, await check_unit(self._radio, unit, self._source, self._patience)))
            except RefusedError as error:
                refused = True
                again = f"`bss-mfg device check {batch} {unit.serial} --again --reason TEXT`"
                words = f"{error.what}; find out what is wrong of it, then {again}"
                checked.append(PairedDevice(unit.serial, str(unit.uuid), False, True, detail=words))
        failed = [one for one in checked if not one.passed]
        if not failed:
            return self._answer(PackWord.PROVEN, f"{count_words(len(units), 'device')} proven", package, checked)
        other = self._other(near, package) if any(not one.found for one in failed) else None
        words = "; ".join(f"{one.serial}: {one.detail}" for one in failed)
        if other:
            return self._answer(PackWord.OTHER_DEVICE, f"{words}. Near is {other.words}", package, checked, other)
        missing = any(not one.found for one in failed)
        word = PackWord.NO_DEVICE if missing else PackWord.REFUSED if refused else PackWord.NOT_PROVEN
        return self._answer(word, words, package, checked)

    async def _look(self, units: Sequence[UnitToCheck], package: Package) -> tuple[Sighting, ...]:
        """What is near, until all of these units are."""
        wanted = [{unit.uuid, *swapped(unit.uuid)} for unit in units]
        shown: set[uuid.UUID] = set()

        def enough(sighting: Sighting) -> bool:
            shown.add(sighting.beacon.uuid)
            return all(names & shown for names in wanted)

        near = await look(self._radio, self._patience.find, enough)
        for sighting in near:
            self._first_seen.setdefault(sighting.beacon.uuid, package.number)
        return near

    def _other(self, near: Sequence[Sighting], package: Package) -> OtherDevice | None:
        """The strongest device that is not of this package and not proven already; one that came with it goes first."""
        own = {name for unit in package.units for name in (unit.uuid, *swapped(unit.uuid))}
        others = identify(self._ledger, [sighting for sighting in near if sighting.beacon.uuid not in own])
        came = [one for one in others if self._first_seen[one.sighting.beacon.uuid] == package.number]
        for one in (*came, *others):
            if not self._is_proven(one):
                shown = one.sighting
                return OtherDevice(str(shown.beacon.uuid), one.batch, one.serial, shown.signal)
        return None

    def _is_proven(self, one: Nearby) -> bool:
        if one.batch is None or one.serial is None:
            return False
        (unit,) = self._ledger.units.find(one.batch, "serial", [one.serial])
        return self._ledger.device_checks.is_proven(one.batch, unit.number)

    def _explain(self, text: str, found: Diagnosis) -> PairAnswer:
        """The answer to a read that is no barcode of the batch as it was issued."""
        if found.kind is DiagnosisKind.SCRAPPED:
            return self._read_answer(PackWord.SCRAPPED, found.detail, found)
        if check := check_read(text):
            return PairAnswer(check.tone, str(check.word), check.detail)
        said = WedgeLine(text[:MAX_LINE]).text
        of_none = found.batch is None and found.cause in OTHER_CAUSES
        if of_none and (pattern := matching_pattern(self._expected, said, None)):
            words = f"{pattern.name}, which the product expects: scan our label"
            return self._read_answer(PackWord.OTHER_CODE, words, found)
        return self._read_answer(PackWord.WRONG_LABEL, found.detail or printable(text, 60), found)

    def _read_answer(self, word: PackWord, detail: str, found: Diagnosis) -> PairAnswer:
        return PairAnswer(tone_of_word(word), word, detail, found.batch, found.package, found.serials)

    def _answer(
        self,
        word: PackWord,
        detail: str,
        package: Package,
        devices: Sequence[PairedDevice],
        other: OtherDevice | None = None,
    ) -> PairAnswer:
        return PairAnswer(
            tone_of_word(word), word, detail, self._batch.id, package.number, package.serials_text,
            devices=tuple(devices), other=other,
        )  # fmt: skip


def _result(unit: UnitToCheck, found: CheckedDevice) -> PairedDevice:
    sighting, verdict = found.sighting, found.verdict
    return PairedDevice(
        unit.serial,
        str(unit.uuid),
        found.passed,
        sighting is not None,
        verdict=verdict.kind.value if verdict else None,
        signal=sighting.signal if sighting else None,
        detail=check_words(found),
    )
