"""The hand-scanner station: one scanned line after another, each judged, recorded and answered at once.

Every read is in the ledger before its verdict is shown, so a station that is killed goes on with its counts intact.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bss_mfg.core.text import one_or, printable
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.read_effects import SCANNER, ReadEffect, effect_of
from bss_mfg.model import Batch, Package, Unit
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind, diagnose, known_specs
from bss_mfg.verify.scanned import SymbolContent, WedgeLine

_LAST = 10
MAX_LINE = 4_000
"""A scanned line is cut here: no symbol holds more."""


class Tone(StrEnum):
    """How an answer is shown, and what it counts as; the values are those of JSON."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class ScanWord(StrEnum):
    """What a read is called, as the screen shows it; the history has it in lower case."""

    OK = "OK"
    COMPLETE = "COMPLETE"
    NOW_THE_UNITS = "NOW THE UNITS"
    UNIT_OK = "UNIT OK"
    ALREADY = "ALREADY"
    TWICE = "TWICE"
    OTHER_LABEL = "OTHER LABEL"
    WRONG_LABEL = "WRONG LABEL"
    SCRAPPED = "SCRAPPED"
    NOT_A_LABEL = "NOT A LABEL"
    INCOMPLETE = "INCOMPLETE"
    NOT_IN_THIS_BOX = "NOT IN THIS BOX"


_TONES = {
    ScanWord.OK: Tone.GOOD,
    ScanWord.COMPLETE: Tone.GOOD,
    ScanWord.NOW_THE_UNITS: Tone.GOOD,
    ScanWord.UNIT_OK: Tone.GOOD,
    ScanWord.ALREADY: Tone.NOTE,
    ScanWord.TWICE: Tone.NOTE,
}
"""Tones by their words; all others are bad, those of an unknown version too."""

_WORDS = {DiagnosisKind.FOREIGN: ScanWord.OTHER_LABEL, DiagnosisKind.SCRAPPED: ScanWord.SCRAPPED}
"""Words for what is no match; all others are wrong labels."""


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """The answer to one read: `word` is what the screen shows large (a string where another version recorded it),
    `detail` says why and what to do. The fields are keys of JSON."""

    tone: Tone
    word: ScanWord | str
    detail: str
    package: int | None = None
    serials: str = ""


def _answer(word: ScanWord, detail: str, package: int | None = None, serials: str = "") -> ScanAnswer:
    return ScanAnswer(tone_of(word), word, detail, package, serials)


@dataclass(frozen=True, slots=True)
class PrintedSymbol:
    """A symbol that a camera sees: its bytes, all of them, the reader's symbology identifier (ISO/IEC 15424), and
    whether it is printed mirrored, or light on dark."""

    content: bytes
    symbology: str = ""
    mirrored: bool = False
    inverted: bool = False

    @property
    def print_fault(self) -> str:
        """What is wrong with how it is printed, in words; empty where nothing is."""
        if self.mirrored:
            return "its symbol is printed mirrored: scanners may refuse it"
        return "its symbol is printed light on dark: scanners may refuse it" if self.inverted else ""


@dataclass(frozen=True, slots=True)
class StationCounts:
    """Where the station stands: packages of the batch (those with a scrapped unit get no label and are left out), those
    verified so far (the newest printed label was read right), and the scanner's reads and faults, those of earlier
    sessions included; `per_minute` are the reads of the last minute."""

    packages: int
    verified: int
    reads: int
    wrong: int
    per_minute: int

    @property
    def missing(self) -> int:
        """Packages whose printed label was not read right."""
        return self.packages - self.verified


class Station:
    """One batch at one station. `read` takes what the scanner typed, `read_symbol` what a camera sees."""

    def __init__(
        self, ledger: Ledger, batch: Batch, *, with_units: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._batch, self._clock = ledger, batch, clock
        self._with_units = with_units
        self._specs = known_specs(ledger)
        self._times: deque[float] = deque(maxlen=1000)
        self._open_package: Package | None = None
        self._unscanned: list[str] = []
        packages = ledger.batches.counts(batch.id)
        self._packages = packages["packages"] - packages["scrapped_packages"]
        self._verified = packages["print_verified"]
        counts, newest = ledger.reads.counts_by_scanner(batch.id, _LAST)
        self.reads = sum(counts.values())
        self.wrong = sum(number for word, number in counts.items() if tone_of(word.upper()) is Tone.BAD)
        self.earlier = tuple(self._recorded_answer(data) for data in newest)
        """The newest reads of earlier sessions, the newest first."""

    def _recorded_answer(self, data: Mapping[str, Any]) -> ScanAnswer:
        """A recorded read as the answer that it got."""
        number = data["package"]
        serials = self._serials(number)
        word = data["verdict"].upper()
        return ScanAnswer(tone_of(word), word, data.get("detail", ""), number, serials)

    @property
    def counts(self) -> StationCounts:
        """The running counts."""
        now = self._clock()
        recent = sum(1 for moment in self._times if now - moment <= 60)
        return StationCounts(self._packages, self._verified, self.reads, self.wrong, recent)

    def read(self, line: str) -> ScanAnswer | None:
        """Judge and record one line; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        self._times.append(self._clock())
        self.reads += 1
        answer = self._check_unit(text) if self._open_package else None
        if answer is None:
            answer = self._check_package(self._diagnose(text[:MAX_LINE]))
        if len(text) > MAX_LINE:
            answer = _answer(ScanWord.NOT_A_LABEL, f"a text of {len(text):,} characters")
        self._record(answer)
        self.wrong += answer.tone is Tone.BAD
        return answer

    def read_symbol(self, symbol: PrintedSymbol) -> ScanAnswer:
        """Judge and record a symbol that a camera sees: byte for byte, since no scanner has added anything."""
        self._times.append(self._clock())
        self.reads += 1
        found = diagnose(SymbolContent(symbol.content, symbol.symbology), self._batch.id, self._ledger, self._specs)
        if found.matches and symbol.print_fault:
            serials = self._serials(found.package)
            answer = _answer(ScanWord.WRONG_LABEL, symbol.print_fault, found.package, serials)
        else:
            answer = self._check_package(found)
        self._record(answer)
        self.wrong += answer.tone is Tone.BAD
        return answer

    def _serials(self, package: int | None) -> str:
        return next(self._ledger.packages.stream(self._batch.id, package, 1)).serials_text if package else ""

    def _record(self, answer: ScanAnswer) -> None:
        """Write a read into the ledger: a right one proves its package's label, a wrong one takes the proof back."""
        read = LabelRead(
            verdict=answer.word.lower(),
            package=answer.package,
            file=SCANNER,
            page=None,
            x_mm=None,
            y_mm=None,
            detail=answer.detail,
            of="print",
        )
        before = self._is_verified(answer.package)
        self._ledger.reads.record(self._batch.id, [read])
        self._verified += self._is_verified(answer.package) - before

    def _is_verified(self, package: int | None) -> bool:
        """Whether a package is among those that the counts call verified."""
        ledger, batch = self._ledger, self._batch.id
        return (
            package is not None
            and ledger.reads.times_verified(batch, package) > 0
            and not ledger.packages.is_scrapped(batch, package)
        )

    def _diagnose(self, text: str) -> Diagnosis:
        return diagnose(WedgeLine(text), self._batch.id, self._ledger, self._specs)

    def _check_package(self, found: Diagnosis) -> ScanAnswer:
        if not found.matches or found.package is None:
            word = _WORDS.get(found.kind, ScanWord.WRONG_LABEL)
            return _answer(word, found.detail, found.package, found.serials)
        package = next(self._ledger.packages.stream(self._batch.id, found.package, 1))
        known = package.number, package.serials_text
        if self._ledger.reads.times_verified(self._batch.id, package.number):
            detail = "this printed label was read before: the same label twice, or two boxes with one label?"
            return _answer(ScanWord.ALREADY, detail, *known)
        if self._with_units:
            self._open_package, self._unscanned = package, [unit.serial for unit in package.units]
            return _answer(ScanWord.NOW_THE_UNITS, _units_words(len(package.units)), *known)
        return _answer(ScanWord.OK, f"after {found.marks.description}" if found.marks else "", *known)

    def _check_unit(self, text: str) -> ScanAnswer | None:
        """A device's own label after its package's; None where the text is a package's label again."""
        package = self._open_package
        if package is None:
            return None
        if unit := _unit_named(text, package):
            if text.startswith(package.payload[:12]):
                return None
            return self._take_unit(unit, package)
        known = package.number, package.serials_text
        if self._diagnose(text).matches:
            left = ", ".join(self._unscanned[:4])
            self._open_package, self._unscanned = None, []
            detail = f"the package before was not complete ({left} missing): scan it again from its package label"
            return _answer(ScanWord.INCOMPLETE, detail, *known)
        return _answer(ScanWord.NOT_IN_THIS_BOX, f"{printable(text, 60)} isn't a device of this package", *known)

    def _take_unit(self, unit: Unit, package: Package) -> ScanAnswer:
        """A device of the open package was scanned."""
        if unit.serial not in self._unscanned:
            return _answer(ScanWord.TWICE, f"device {unit.serial} was scanned already", package.number, unit.serial)
        self._unscanned.remove(unit.serial)
        if self._unscanned:
            detail = f"{len(self._unscanned)} more: {', '.join(self._unscanned[:4])}"
            return _answer(ScanWord.UNIT_OK, detail, package.number, unit.serial)
        self._open_package = None
        return _answer(ScanWord.COMPLETE, "all its devices were scanned", package.number, package.serials_text)

    def missing(self, limit: int) -> list[str]:
        """Serials of the first packages whose printed label was not read right."""
        return self._ledger.packages.unverified_serials(self._batch.id, limit)


def tone_of(word: str) -> Tone:
    """The tone of a word, as it is shown."""
    return next((tone for known, tone in _TONES.items() if known == word), Tone.BAD)


def _units_words(count: int) -> str:
    return f"scan the {one_or(count, 'device', f'{count} devices')} of this package"


def is_fault(verdict: str) -> bool:
    """Whether a read, by what the history calls it, showed no label that should be there: a hand scanner's word, or a
    verification's finding."""
    return effect_of(verdict) is not ReadEffect.RIGHT and tone_of(verdict.upper()) is Tone.BAD


def _unit_named(text: str, package: Package) -> Unit | None:
    """The unit of a package whose serial or Device UUID a text holds."""
    tokens = set(re.split(r"[^A-Za-z0-9._-]+", text)) | {text.strip()}
    compact = text.upper().replace("-", "")
    return next((unit for unit in package.units if unit.serial in tokens or unit.uuid.hex.upper() in compact), None)
