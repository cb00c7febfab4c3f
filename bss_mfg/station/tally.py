"""How far a batch is, whoever reads it: one total for all stations.

What others write into the ledger is followed by its history, event by event, so that a count costs as much as there is
news, however large the batch is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import kinds_of
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_events import OnePackage, PackedTogether
from bss_mfg.ledger.read_effects import SCANNER
from bss_mfg.station.answers import Tone, tone_of

_TRIES = 3
_CHANGES_NO_COUNT = frozenset(
    {
        EventKind.FILE_VERIFIED,
        EventKind.PACKAGES_SHIPPED,
        EventKind.PICTURE_READ,
        EventKind.DEVICE_CHECKING,
        EventKind.DEVICE_CHECKED,
        *kinds_of(OnePackage),
        *kinds_of(PackedTogether),
    }
)


@dataclass(frozen=True, slots=True)
class StationCounts:
    """Where the batch stands: packages (those with a scrapped unit get no label and are left out), those verified so
    far (the newest printed label was read right), and the reads of all stations and sessions, of which so many were
    wrong, and so many repeated one before; `per_minute` are this station's reads of the last minute."""

    packages: int
    verified: int
    reads: int
    wrong: int
    per_minute: int
    repeated: int = 0

    @property
    def missing(self) -> int:
        """Packages whose printed label was not read right."""
        return self.packages - self.verified


class Tally:
    """The running counts of a batch."""

    def __init__(self, ledger: Ledger, batch_id: str) -> None:
        self._ledger, self._batch = ledger, batch_id
        self._seen = 0
        self._load()

    def counts(self, per_minute: int) -> StationCounts:
        """The counts of this moment, with what all stations have read."""
        self.refresh()
        return StationCounts(
            self._packages, len(self._verified), sum(self._tones.values()), self._tones[Tone.BAD], per_minute,
            self._tones[Tone.NOTE],
        )  # fmt: skip

    def missing(self, limit: int) -> list[int]:
        """Numbers of the first packages whose printed label was not read right."""
        self.refresh()
        numbers = range(1, self._packages + len(self._scrapped) + 1)
        return list(islice((one for one in numbers if one not in self._verified and one not in self._scrapped), limit))

    def refresh(self) -> None:
        """Count what was written since."""
        touched: set[int] = set()
        for seq, kind, data in self._ledger.reads.news(self._batch, self._seen):
            self._seen = seq
            if kind == EventKind.READ:
                self._count(data)
                if data.get("package"):
                    touched.add(data["package"])
            elif kind not in _CHANGES_NO_COUNT:
                self._load()
                return
        if touched:
            self._verified -= touched  # in place: there may be a million
            self._verified |= self._ledger.reads.verified_packages(self._batch, sorted(touched)) - self._scrapped

    def _count(self, data: Mapping[str, Any]) -> None:
        if data.get("file") == SCANNER:
            self._tones[tone_of(str(data["verdict"]).upper())] += 1

    def _load(self) -> None:
        """Count all anew, of one moment: again where somebody writes meanwhile."""
        for _ in range(_TRIES):
            self._seen, _ = self._ledger.history.head()
            self._load_once()
            if not self._ledger.reads.news(self._batch, self._seen):
                return
        with self._ledger.transaction():
            self._seen, _ = self._ledger.history.head()
            self._load_once()

    def _load_once(self) -> None:
        ledger, batch = self._ledger, self._batch
        self._scrapped = ledger.packages.scrapped(batch)
        self._packages = ledger.batches.get(batch).packages - len(self._scrapped)
        self._verified = ledger.reads.verified_packages(batch) - self._scrapped
        self._tones = dict.fromkeys(Tone, 0)
        for word, number in ledger.reads.counts_by_scanner(batch, 0)[0].items():
            self._tones[tone_of(word.upper())] += number
