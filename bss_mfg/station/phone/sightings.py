"""What each phone has seen already: a camera sees one label in hundreds of pictures, and it is one read."""

from __future__ import annotations

from typing import Protocol

from bss_mfg.station.answers import ScanAnswer, Tone
from bss_mfg.station.phone.messages import PhoneRead
from bss_mfg.station.station import PrintedSymbol

MOST_LABELS = 50_000
"""Labels that are remembered of one phone; the oldest are forgotten beyond that."""


class Judge(Protocol):
    """What is asked of the station."""

    def read_symbol(self, symbol: PrintedSymbol) -> ScanAnswer:
        """Judge and record a symbol."""

    def still_right(self, symbol: PrintedSymbol) -> bool:
        """Whether a symbol that was right is so now."""


class Sightings:
    """The answers that each phone got. A phone says how often it has seen a label; only what is new of that is read,
    so a message that is sent twice, because its answer was lost, records nothing twice. A label that was right and
    isn't any more, because a unit was scrapped meanwhile, is read anew."""

    def __init__(self, judge: Judge, most_phones: int) -> None:
        self._judge, self._most_phones = judge, most_phones
        self._answers: dict[str, dict[PrintedSymbol, list[ScanAnswer]]] = {}

    def answer(self, phone: str, read: PhoneRead) -> tuple[ScanAnswer, list[ScanAnswer]]:
        """What the phone is told of a label, and the answers that are new."""
        known = self._of_phone(phone).setdefault(read.symbol, [])
        new = []
        if known and known[0].tone is not Tone.BAD and not self._judge.still_right(read.symbol):
            new.append(self._judge.read_symbol(read.symbol))
            known[:] = new * len(known)
        while len(known) < read.sightings:
            known.append(self._judge.read_symbol(read.symbol))
            new.append(known[-1])
        return known[read.sightings - 1], new

    def _of_phone(self, phone: str) -> dict[PrintedSymbol, list[ScanAnswer]]:
        if phone not in self._answers:
            while len(self._answers) >= self._most_phones:
                del self._answers[next(iter(self._answers))]
        labels = self._answers[phone] = self._answers.pop(phone, {})  # the one heard of last at the end
        while len(labels) >= MOST_LABELS:
            del labels[next(iter(labels))]
        return labels
