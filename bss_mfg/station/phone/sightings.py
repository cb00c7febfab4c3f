"""What each phone has seen already: a camera sees one label in hundreds of pictures, and it is one read."""

from __future__ import annotations

from collections.abc import Callable

from bss_mfg.station.answers import ScanAnswer
from bss_mfg.station.phone.messages import PhoneRead
from bss_mfg.station.station import PrintedSymbol

MOST_LABELS = 50_000
"""Labels that are remembered of one phone; the oldest are forgotten beyond that."""


class Sightings:
    """The answers that each phone got. A phone says how often it has seen a label; only what is new of that is read,
    so a message that is sent twice, because its answer was lost, records nothing twice."""

    def __init__(self, read: Callable[[PrintedSymbol], ScanAnswer], most_phones: int) -> None:
        self._read, self._most_phones = read, most_phones
        self._answers: dict[str, dict[PrintedSymbol, list[ScanAnswer]]] = {}

    def answer(self, phone: str, read: PhoneRead) -> tuple[ScanAnswer, list[ScanAnswer]]:
        """What the phone is told of a label, and the answers that are new."""
        known = self._of_phone(phone).setdefault(read.symbol, [])
        new = [self._read(read.symbol) for _ in range(read.sightings - len(known))]
        known += new
        return known[read.sightings - 1], new

    def _of_phone(self, phone: str) -> dict[PrintedSymbol, list[ScanAnswer]]:
        if phone not in self._answers:
            while len(self._answers) >= self._most_phones:
                del self._answers[next(iter(self._answers))]
        labels = self._answers[phone] = self._answers.pop(phone, {})  # the one heard of last at the end
        while len(labels) >= MOST_LABELS:
            del labels[next(iter(labels))]
        return labels
