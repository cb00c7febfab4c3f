"""The hand-scanner station: one scanned line after another, each judged, recorded and answered at once.

Every read is in the ledger before its verdict is shown, so a station that is killed goes on with its counts intact.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.code_patterns import CodePattern, matching_pattern, symbol_kind
from bss_mfg.core.languages import counted, moment, phrase
from bss_mfg.core.text import printable
from bss_mfg.ledger.events import LabelRead
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.read_effects import SCANNER
from bss_mfg.ledger.reads import EarlierRead
from bss_mfg.model import Batch, Package, Unit
from bss_mfg.station.answers import ScanAnswer, ScanWord, Tone, answer_of, tone_of
from bss_mfg.station.check_codes import check_read
from bss_mfg.station.own_codes import LabelCodes, OwnCodes
from bss_mfg.station.tally import StationCounts, Tally
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, DiagnosisKind, diagnose, known_specs
from bss_mfg.verify.issued_strings import LedgerStrings
from bss_mfg.verify.scanned import Scanned, SymbolContent, WedgeLine
from bss_mfg.verify.scanner_settings import detect_split

_LAST = 10
_UTC = TimeZone()
_WORDS = {DiagnosisKind.FOREIGN: ScanWord.OTHER_LABEL, DiagnosisKind.SCRAPPED: ScanWord.SCRAPPED}
"""Words for what is no match; all others are wrong labels."""
OTHER_CAUSES = (
    DiagnosisCause.OTHER_FAMILY,
    DiagnosisCause.NEVER_ISSUED,
    DiagnosisCause.GS1_SYMBOL,
    DiagnosisCause.GS1_SEPARATORS,
)
"""What a code may be taken for that is no package's barcode."""
_FIRST_READS = (ScanWord.OK, ScanWord.COMPLETE, ScanWord.NOW_THE_UNITS)
MAX_LINE = 4_000
"""A scanned line is cut here: no symbol holds more."""


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
            return phrase("its symbol is printed mirrored: scanners may refuse it")
        return phrase("its symbol is printed light on dark: scanners may refuse it") if self.inverted else ""


class Station:
    """One batch at one station. `read` takes what the scanner typed, `read_symbol` what a camera sees."""

    def __init__(
        self,
        ledger: Ledger,
        batch: Batch,
        *,
        with_units: bool = False,
        expected: Sequence[CodePattern] = (),
        zone: TimeZone = _UTC,
        labels: LabelCodes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._batch, self._clock = ledger, batch, clock
        self._with_units = with_units
        self._expected, self._zone = expected, zone
        self._specs = known_specs(ledger)
        self._times: deque[float] = deque(maxlen=1000)
        self._open_package: Package | None = None
        self._unscanned: list[str] = []
        self._wrong_lines: deque[str] = deque(maxlen=_LAST)
        self._tally = Tally(ledger, batch.id)
        self._own_codes = OwnCodes(ledger, batch, self._specs, labels)
        _, newest = ledger.reads.counts_by_scanner(batch.id, _LAST)
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
        """The running counts, with what other stations read."""
        now = self._clock()
        return self._tally.counts(sum(1 for moment in self._times if now - moment <= 60))

    def read(self, line: str) -> ScanAnswer | None:
        """Judge and record one line; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        if other := self._other_code(WedgeLine(text)):
            return other
        self._times.append(self._clock())
        answer = self._check_unit(text) if self._open_package else None
        if answer is None:
            said = WedgeLine(text[:MAX_LINE])
            found = self._diagnose(said)
            if own := self._own_code(said, found):
                return own
            answer = self._check_package(found)
        if len(text) > MAX_LINE:
            answer = answer_of(ScanWord.NOT_A_LABEL, phrase("a text of {length:,} characters", length=len(text)))
        elif answer.tone is Tone.BAD:
            if check := check_read(text):
                return check
            answer = self._check_split(text) or answer
        else:
            self._wrong_lines.clear()
        return self._record(answer)

    def read_symbol(self, symbol: PrintedSymbol) -> ScanAnswer:
        """Judge and record a symbol that a camera sees: byte for byte, since no scanner has added anything."""
        if other := self._other_code(SymbolContent(symbol.content, symbol.symbology)):
            return other
        self._times.append(self._clock())
        found = self._diagnose_symbol(symbol)
        if own := self._own_code(SymbolContent(symbol.content, symbol.symbology), found):
            return own
        if found.matches and symbol.print_fault:
            serials = self._serials(found.package)
            answer = answer_of(ScanWord.WRONG_LABEL, symbol.print_fault, found.package, serials)
        else:
            answer = self._check_package(found)
        return self._record(answer)

    def _other_code(self, said: Scanned) -> ScanAnswer | None:
        """The answer to a code that the product expects on its boxes beside our labels; None for any other read. It is
        no label, and not recorded."""
        if not self._expected or len(said.text) > MAX_LINE:
            return None
        identifier = said.symbology if isinstance(said, SymbolContent) else said.marks.aim_prefix
        pattern = matching_pattern(self._expected, said.text, symbol_kind(identifier) if identifier else None)
        if pattern is None:
            return None
        found = diagnose(said, self._batch.id, self._ledger, self._specs)
        if found.batch or found.cause not in OTHER_CAUSES:
            return None
        words = phrase("{code}, which the product expects: scan our label, too", code=pattern.name)
        return answer_of(ScanWord.OTHER_CODE, words)

    def _own_code(self, said: Scanned, found: Diagnosis) -> ScanAnswer | None:
        """The answer to another code of our labels. One of this batch is right where it is: it is no label, and not
        recorded; one of another batch, or of a unit that is gone, is a wrong label by name."""
        if found.batch or found.cause not in OTHER_CAUSES:
            return None
        code = self._own_codes.find(said.text)
        if code is None:
            return None
        if code.wrong:
            return self._record(answer_of(ScanWord.OTHER_LABEL, code.words))
        words = phrase("{code}: not the one to scan. Scan the package's barcode", code=code.words)
        return answer_of(ScanWord.OTHER_CODE, words)

    def _check_split(self, text: str) -> ScanAnswer | None:
        """Whether a wrong line is the end of a label whose beginning came as lines of their own."""
        self._wrong_lines.append(text)
        issued = LedgerStrings(self._ledger, "", ())
        found = detect_split(list(self._wrong_lines), issued.is_known)
        if found is None:
            return None
        self._wrong_lines.clear()
        batch, package = issued.owner(found.text) or ("", 0)
        known = (package, self._serials(package)) if batch == self._batch.id else (None, "")
        return answer_of(ScanWord.WRONG_LABEL, found.detail, *known)

    def still_right(self, symbol: PrintedSymbol) -> bool:
        """Whether a symbol that was right is so now: a unit may have been scrapped or replaced meanwhile. Records
        nothing."""
        said = SymbolContent(symbol.content, symbol.symbology)
        found = self._diagnose_symbol(symbol)
        if found.matches or self._other_code(said):
            return True
        code = self._own_codes.find(said.text) if found.cause in OTHER_CAUSES else None
        return code is not None and not code.wrong

    def _diagnose_symbol(self, symbol: PrintedSymbol) -> Diagnosis:
        return diagnose(SymbolContent(symbol.content, symbol.symbology), self._batch.id, self._ledger, self._specs)

    def _serials(self, package: int | None) -> str:
        return next(self._ledger.packages.stream(self._batch.id, package, 1)).serials_text if package else ""

    def _record(self, answer: ScanAnswer) -> ScanAnswer:
        """Write a read into the ledger: a right one proves its package's label, a wrong one takes the proof back. What
        another station has read at the same moment is read already."""
        with self._ledger.transaction():
            if answer.word in _FIRST_READS and self._was_read(answer.package):
                answer = self._already(answer.package, answer.serials)
                self._open_package, self._unscanned = None, []
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
            self._ledger.reads.record(self._batch.id, [read])
        return answer

    def _already(self, package: int | None, serials: str) -> ScanAnswer:
        """The answer to a label that was read before, with when and where."""
        first = self._ledger.reads.first_right_read(self._batch.id, package) if package else None
        words = (
            phrase(
                "this printed label was read before ({first}): the same label twice, or two boxes with one label?",
                first=_first_words(first, self._zone),
            )
            if first
            else phrase("this printed label was read before: the same label twice, or two boxes with one label?")
        )
        return replace(answer_of(ScanWord.ALREADY, words, package, serials), first_read=first)

    def _was_read(self, package: int | None) -> bool:
        """Whether a package's printed label was read right."""
        return package is not None and self._ledger.reads.times_verified(self._batch.id, package) > 0

    def _diagnose(self, said: WedgeLine) -> Diagnosis:
        return diagnose(said, self._batch.id, self._ledger, self._specs)

    def _check_package(self, found: Diagnosis) -> ScanAnswer:
        if not found.matches or found.package is None:
            word = _WORDS.get(found.kind, ScanWord.WRONG_LABEL)
            return answer_of(word, found.detail, found.package, found.serials)
        package = next(self._ledger.packages.stream(self._batch.id, found.package, 1))
        known = package.number, package.serials_text
        if self._was_read(package.number):
            return self._already(*known)
        if self._with_units:
            self._open_package, self._unscanned = package, [unit.serial for unit in package.units]
            return answer_of(ScanWord.NOW_THE_UNITS, _units_words(len(package.units)), *known)
        return answer_of(
            ScanWord.OK, phrase("after {marks}", marks=found.marks.description) if found.marks else "", *known
        )

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
        if self._diagnose(WedgeLine(text)).matches:
            left = ", ".join(self._unscanned[:4])
            self._open_package, self._unscanned = None, []
            detail = phrase(
                "the package before was not complete ({serials} missing): scan it again from its package label",
                serials=left,
            )
            return answer_of(ScanWord.INCOMPLETE, detail, *known)
        words = phrase("{text} isn't a device of this package", text=printable(text, 60))
        return answer_of(ScanWord.NOT_IN_THIS_BOX, words, *known)

    def _take_unit(self, unit: Unit, package: Package) -> ScanAnswer:
        """A device of the open package was scanned."""
        if unit.serial not in self._unscanned:
            words = phrase("device {serial} was scanned already", serial=unit.serial)
            return answer_of(ScanWord.TWICE, words, package.number, unit.serial)
        self._unscanned.remove(unit.serial)
        if self._unscanned:
            detail = phrase(
                "{count} more: {serials}", count=len(self._unscanned), serials=", ".join(self._unscanned[:4])
            )
            return answer_of(ScanWord.UNIT_OK, detail, package.number, unit.serial)
        self._open_package = None
        words = phrase("all its devices were scanned")
        return answer_of(ScanWord.COMPLETE, words, package.number, package.serials_text)

    def missing(self, limit: int) -> list[str]:
        """Serials of the first packages whose printed label was not read right."""
        return [self._serials(number) for number in self._tally.missing(limit)]


def _first_words(first: EarlierRead, zone: TimeZone) -> str:
    who = {"moment": moment(zone.shown(first.at)), "operator": first.operator, "station": first.station}
    if first.file == SCANNER:
        return phrase("first on {moment} by {operator} at {station}", **who)
    file = {"file": printable(first.file, 60), "page": first.page}
    return phrase("first on {moment} by {operator} at {station} in {file}, page {page}", **who, **file)


def _units_words(count: int) -> str:
    return counted("scan the device of this package", "scan the {count} devices of this package", count)


def _unit_named(text: str, package: Package) -> Unit | None:
    """The unit of a package whose serial or Device UUID a text holds."""
    tokens = set(re.split(r"[^A-Za-z0-9._-]+", text)) | {text.strip()}
    compact = text.upper().replace("-", "")
    return next((unit for unit in package.units if unit.serial in tokens or unit.uuid.hex.upper() in compact), None)
