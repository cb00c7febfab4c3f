"""The hand-scanner station: one scanned line after another, each judged, recorded and answered at once.

Every read is in the ledger before its verdict is shown, so a station that is killed goes on with its counts intact.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bss_mfg.core.text import printable
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, Package
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.verify.diagnosis import diagnose

Tone = Literal["good", "note", "bad"]
_GOOD_WORDS = {"ok", "complete", "now the units", "unit ok"}
_NOTE_WORDS = {"already", "twice"}
_LAST = 10
MAX_LINE = 4_000
"""A scanned line is cut here: no symbol holds more."""


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """The answer to one read. `word` is what the screen shows big; `detail` says why and what to do."""

    tone: Tone
    word: str
    detail: str
    package: int | None = None
    serials: str = ""


@dataclass(frozen=True, slots=True)
class StationCounts:
    """Where the station stands: packages of the batch, those verified so far, and the scanner's reads and faults, those
    of earlier sessions included; `per_minute` are the reads of the last minute."""

    packages: int
    verified: int
    reads: int
    wrong: int
    per_minute: int

    @property
    def missing(self) -> int:
        """Packages that were never read right."""
        return self.packages - self.verified


class Station:
    """One batch at one station. `read` takes what the scanner typed."""

    def __init__(
        self, ledger: Ledger, batch: Batch, *, with_units: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._batch, self._clock = ledger, batch, clock
        self._with_units = with_units
        self._specs = _known_specs(ledger)
        self._times: deque[float] = deque(maxlen=1000)
        self._open_package: Package | None = None
        self._unscanned: list[str] = []
        self._verified = ledger.batches.counts(batch.id)["verified"]
        counts, newest = ledger.reads.by_scanner(batch.id, _LAST)
        self.reads = sum(counts.values())
        self.wrong = sum(number for word, number in counts.items() if tone_of(word) == "bad")
        self.earlier = tuple(self._recorded_answer(data) for data in newest)
        """The newest reads of earlier sessions, the newest first."""

    def _recorded_answer(self, data: Mapping[str, Any]) -> ScanAnswer:
        """A recorded read as the verdict that it was."""
        number = data["package"]
        serials = next(self._ledger.packages.stream(self._batch.id, number, 1)).serials_text if number else ""
        return ScanAnswer(tone_of(data["verdict"]), data["verdict"].upper(), data.get("detail", ""), number, serials)

    @property
    def counts(self) -> StationCounts:
        """The running counts."""
        now = self._clock()
        recent = sum(1 for moment in self._times if now - moment <= 60)
        return StationCounts(self._batch.packages, self._verified, self.reads, self.wrong, recent)

    @property
    def waiting_for(self) -> Sequence[str]:
        """With units: serials of the open package whose devices were not scanned yet."""
        return tuple(self._unscanned)

    def read(self, line: str) -> ScanAnswer | None:
        """Judge and record one line; None for an empty one."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return None
        self._times.append(self._clock())
        self.reads += 1
        cut = len(text) > MAX_LINE
        verdict = self._check_unit(text) if self._open_package else None
        if verdict is None:
            verdict = self._check_package(text[:MAX_LINE])
        if cut:
            verdict = ScanAnswer("bad", "NOT A LABEL", f"a text of {len(text):,} characters")
        done = verdict.package if verdict.tone == "good" and verdict.word in ("OK", "COMPLETE") else None
        self._ledger.reads.record(
            self._batch.id,
            [
                {
                    "verdict": verdict.word.lower(),
                    "package": verdict.package,
                    "file": "scanner",
                    "page": None,
                    "x_mm": None,
                    "y_mm": None,
                    **({"detail": verdict.detail} if verdict.detail else {}),
                }
            ],
            [done] if done else [],
        )
        self._verified += bool(done)
        self.wrong += verdict.tone == "bad"
        return verdict

    def _check_package(self, text: str) -> ScanAnswer:
        data = text.encode("utf-8", "surrogateescape")
        found = diagnose(data, self._batch.id, self._ledger, self._specs)
        if found.kind != "match" or found.package is None:
            words = {"foreign": "OTHER LABEL", "mismatched": "WRONG LABEL", "scrapped": "SCRAPPED"}
            return ScanAnswer("bad", words.get(found.kind, "WRONG LABEL"), found.detail, found.package, found.serials)
        package = next(self._ledger.packages.stream(self._batch.id, found.package, 1))
        if self._ledger.reads.times_verified(self._batch.id, package.number):
            return ScanAnswer(
                "note",
                "ALREADY",
                "this label was verified before: the same label twice, or two boxes with one label?",
                package.number,
                package.serials_text,
            )
        if self._with_units:
            self._open_package, self._unscanned = package, [unit.serial for unit in package.units]
            return ScanAnswer(
                "good",
                "NOW THE UNITS",
                f"scan the {len(package.units)} devices of this package",
                package.number,
                package.serials_text,
            )
        detail = f"after {found.stripped}" if found.stripped else ""
        return ScanAnswer("good", "OK", detail, package.number, package.serials_text)

    def _check_unit(self, text: str) -> ScanAnswer | None:
        """A device's own label after its package's; None where the text is a package's label again."""
        package = self._open_package
        if package is None:
            return None
        tokens = set(re.split(r"[^A-Za-z0-9._-]+", text)) | {text.strip()}
        compact = text.upper().replace("-", "")
        for unit in package.units:
            if unit.serial in tokens or unit.uuid.hex.upper() in compact:
                if text.startswith(package.payload[:12]):
                    return None
                if unit.serial not in self._unscanned:
                    return ScanAnswer(
                        "note", "TWICE", f"device {unit.serial} was scanned already", package.number, unit.serial
                    )
                self._unscanned.remove(unit.serial)
                if self._unscanned:
                    return ScanAnswer(
                        "good",
                        "UNIT OK",
                        f"{len(self._unscanned)} more: {', '.join(self._unscanned[:4])}",
                        package.number,
                        unit.serial,
                    )
                self._open_package = None
                return ScanAnswer(
                    "good", "COMPLETE", "all its devices were scanned", package.number, package.serials_text
                )
        if diagnose(text.encode("utf-8", "surrogateescape"), self._batch.id, self._ledger, self._specs).kind == "match":
            left = ", ".join(self._unscanned[:4])
            self._open_package, self._unscanned = None, []
            return ScanAnswer(
                "bad",
                "INCOMPLETE",
                f"the package before was not complete ({left} missing): scan it again from its package label",
                package.number,
                package.serials_text,
            )
        return ScanAnswer(
            "bad",
            "NOT IN THIS BOX",
            f"{printable(text, 60)} is no device of this package",
            package.number,
            package.serials_text,
        )

    def missing(self, limit: int) -> list[str]:
        """Serials of the first packages that were never read right."""
        return self._ledger.packages.unverified_serials(self._batch.id, limit)


def tone_of(word: str) -> Tone:
    """The tone of a recorded verdict."""
    return "good" if word in _GOOD_WORDS else "note" if word in _NOTE_WORDS else "bad"


def _known_specs(ledger: Ledger) -> list[Spec]:
    texts = {batch.spec_text: batch.spec for batch in ledger.batches.all()}
    return [spec_from_text(text, f"spec {name}").spec for text, name in texts.items()]
