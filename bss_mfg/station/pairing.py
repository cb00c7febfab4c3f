"""The packing table with a radio: a box's label is scanned, and the devices in the box prove their keys.

Each attempt is in the ledger before its key is opened. Units that were proven before are not asked again.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bss_mfg.core.code_patterns import CodePattern, matching_pattern
from bss_mfg.core.languages import SEMICOLON, counted, joined, phrase
from bss_mfg.core.text import printable
from bss_mfg.device.check import CheckFault, CheckOptions, CheckProgress, CheckStep
from bss_mfg.device.looking import Wanted, is_strong, look_for, shown_by, shows
from bss_mfg.device.nearby import Nearby, identify
from bss_mfg.device.radio import Radio, Sighting
from bss_mfg.device.unit_checks import CheckedUnit, KeySource, UnitToCheck, check_units
from bss_mfg.ledger.proofs import CHECKS_AND_FLASHES, LastChecks
from bss_mfg.model import Batch, Package
from bss_mfg.oob_information import OobInformation
from bss_mfg.station.answers import Tone
from bss_mfg.station.check_codes import check_read
from bss_mfg.station.device_words import check_words, missing_words, refused_words, weak_words
from bss_mfg.station.packing_answers import DeskAnswer, PackWord, tone_of_word
from bss_mfg.station.station import MAX_LINE, OTHER_CAUSES
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind, diagnose, known_specs
from bss_mfg.verify.scanned import WedgeLine


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """What was found of a unit's device. `found` is whether it was seen on air, `verdict` how the exchange ended (None:
    there was none), `faults` what else is wrong, `before` whether it was proven by an earlier check, and not asked
    now."""

    serial: str
    uuid: str
    passed: bool
    found: bool
    before: bool = False
    verdict: str | None = None
    faults: tuple[str, ...] = ()
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
        if self.serial:
            who = phrase("{serial} of batch {batch}", serial=self.serial, batch=self.batch)
        else:
            who = phrase("one that was not issued here, {uuid}", uuid=self.uuid)
        return who if self.signal is None else phrase("{who} ({signal} dBm)", who=who, signal=self.signal)


@dataclass(frozen=True, slots=True)
class PairAnswer(DeskAnswer):
    """The answer to a box, with its devices, the one that is there instead, and how many seconds it took. The fields
    are keys of JSON."""

    devices: tuple[PairedDevice, ...] = ()
    other: OtherDevice | None = None
    seconds: float | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the box isn't proven: the device that is there instead, then those that failed, alike ones together, and
        first those that gave the answer its word."""
        alike: dict[str, list[str]] = {}  # by phrases: they are their English
        for one in sorted((one for one in self.devices if not one.passed), key=_rank):
            alike.setdefault(one.detail, []).append(one.serial)
        failed = tuple(
            phrase("{serials}: {detail}", serials=", ".join(serials), detail=detail)
            for detail, serials in alike.items()
        )
        return (phrase("near is {device}", device=self.other.words), *failed) if self.other else failed


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Where the batch stands: its units that may leave, and how many of them are proven on air, whoever checked them;
    boxes of this session that were proven, and that failed, and the boxes of the last minute."""

    units: int
    proven: int
    boxes: int
    failed: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class PairOptions:
    """How a table works. `floor` in dBm: what is weaker isn't in the box. `oob_expected`: the OOB information that the
    product's devices show (None: any). `codes`: what is on its boxes beside our labels."""

    check: CheckOptions = field(default_factory=CheckOptions)
    floor: int | None = None
    oob_expected: OobInformation | None = None
    codes: Sequence[CodePattern] = ()
    clock: Callable[[], float] = time.monotonic


class PairingTable:
    """One batch at one table. `read` takes what the scanner typed."""

    def __init__(self, source: KeySource, batch: Batch, radio: Radio, options: PairOptions) -> None:
        self._source, self._ledger, self._batch, self._radio = source, source.ledger, batch, radio
        self._options, self._clock = options, options.clock
        self._specs = known_specs(self._ledger)
        self._times: deque[float] = deque(maxlen=1000)
        self._boxes = self._failed = self._seen = 0
        self._checks = LastChecks()
        self._first_seen: dict[uuid.UUID, int] = {}
        """With which package a device was there first: what came with the box is more likely in it."""
        counts = self._ledger.batches.counts(batch.id)
        self._units = batch.units + counts["replaced"] - counts["scrapped"]

    @property
    def counts(self) -> PairCounts:
        """The counts of this moment, with what other tables have checked since."""
        for event in self._ledger.history.events_of(CHECKS_AND_FLASHES, self._batch.id, after=self._seen):
            self._seen = event.seq
            self._checks.follow(event)
        now = self._clock()
        pace = sum(1 for moment in self._times if now - moment <= 60)
        return PairCounts(self._units, len(self._checks.proven), self._boxes, self._failed, pace)

    async def read(self, line: str) -> PairAnswer | None:
        """Do what one line says; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        found = diagnose(WedgeLine(text[:MAX_LINE]), self._batch.id, self._ledger, self._specs)
        if not found.matches or found.package is None:
            return self._explain(text, found)
        begun = self._clock()
        self._times.append(begun)
        answer = await self._pair(self._ledger.packages.get(self._batch.id, found.package))
        answer = replace(answer, seconds=round(self._clock() - begun, 2))
        self._boxes += answer.tone is Tone.GOOD
        self._failed += answer.tone is Tone.BAD
        return answer

    async def _pair(self, package: Package) -> PairAnswer:
        checks, batch, oob = self._ledger.device_checks, self._batch.id, self._options.oob_expected
        units = [UnitToCheck(batch, unit.number, unit.serial, unit.uuid, oob) for unit in package.units]
        left = [unit for unit in units if not checks.is_proven(batch, unit.number)]
        before = [PairedDevice(one.serial, str(one.uuid), True, False, True) for one in units if one not in left]
        if not left:
            words = phrase("proven before: the same box, or two with one label?")
            return self._answer(PackWord.TWICE, words, package, before)
        near = await self._look(left, package)
        here = [unit for unit in left if any(self._is_here(one) for one in shown_by(unit.uuid, near))]
        checked = await check_units(self._radio, here, near, self._source, self._options.check)
        found = {one.unit: one for one in checked}
        devices = [*before, *(_paired(unit, found.get(unit), near) for unit in left)]
        failed = [one for one in devices if not one.passed]
        if not failed:
            return self._answer(
                PackWord.PROVEN,
                counted("{count:,} device proven", "{count:,} devices proven", len(units)),
                package,
                devices,
            )
        missing = any(not one.found for one in failed)
        other = self._other([one for one in near if self._is_here(one)], package) if missing else None
        word = PackWord.OTHER_DEVICE if other else _word_of(failed, checked)
        answer = self._answer(word, "", package, devices, other)
        return replace(answer, detail=joined(SEMICOLON, answer.reasons))

    async def _look(self, units: Sequence[UnitToCheck], package: Package) -> tuple[Sighting, ...]:
        """What is near, until all of these units are."""
        check, whole = self._options.check, len(units)

        def progress(seen: int) -> None:
            check.progress(CheckProgress(CheckStep.LOOKING, seen, whole))

        progress(0)
        wanted = [unit.uuid for unit in units]
        patience = check.patience
        near = await look_for(
            self._radio, Wanted(wanted, patience.find, patience.settle, self._options.floor, progress)
        )
        for sighting in filter(self._is_here, near):
            self._first_seen.setdefault(sighting.beacon.uuid, package.number)
        return near

    def _is_here(self, sighting: Sighting) -> bool:
        return is_strong(sighting, self._options.floor)

    def _other(self, near: Sequence[Sighting], package: Package) -> OtherDevice | None:
        """The strongest device that is not of this package and not proven already; one that came with it goes first."""
        own = [unit.uuid for unit in package.units]
        others = identify(self._ledger, [one for one in near if not any(shows(one, device) for device in own)])
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
        if of_none and (pattern := matching_pattern(self._options.codes, said, None)):
            words = phrase("{code}, which the product expects: scan our label", code=pattern.name)
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


def _rank(failed: PairedDevice) -> tuple[bool, bool]:
    """What comes first of a box: twins, then what isn't there."""
    return CheckFault.TWIN not in failed.faults, failed.found


def _word_of(failed: Sequence[PairedDevice], checked: Sequence[CheckedUnit]) -> PackWord:
    """What a box is called whose devices are not all proven, and where no other is there instead."""
    if any(CheckFault.TWIN in one.faults for one in failed):
        return PackWord.TWINS
    if any(not one.found for one in failed):
        return PackWord.NO_DEVICE
    return PackWord.REFUSED if any(one.refused for one in checked) else PackWord.NOT_PROVEN


def _paired(unit: UnitToCheck, checked: CheckedUnit | None, near: Sequence[Sighting]) -> PairedDevice:
    if checked is None:
        weak = next(iter(shown_by(unit.uuid, near)), None)
        detail = missing_words() if weak is None else weak_words(weak)
        return PairedDevice(
            unit.serial, str(unit.uuid), False, False, signal=weak.signal if weak else None, detail=detail
        )
    found, sighting, verdict = checked.found, checked.found.sighting, checked.found.verdict
    return PairedDevice(
        unit.serial,
        str(unit.uuid),
        found.passed,
        sighting is not None,
        verdict=verdict.kind.value if verdict else None,
        faults=tuple(fault.value for fault in found.faults),
        signal=sighting.signal if sighting else None,
        detail=refused_words(unit, checked.refused) if checked.refused else check_words(found),
    )
