"""The findings of a verification: counted as they come, set aside on the disk, read again by whoever reports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bss_mfg.core.spool import Spool
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.verify.findings import Finding, FindingKind


class FindingSpool:
    """Findings while a verification grows. They hold serials and places, and no secret."""

    def __init__(self, folder: Path) -> None:
        self._spool: Spool[list[Finding]] = Spool(folder)
        self._chunks = 0
        self._counts: Counter[str] = Counter()
        self._open: list[tuple[FindingKind, int, ReadSubject]] = []
        """Packages whose label was made again elsewhere: some turn up there later, and then nothing is wrong."""
        self.other_batches: Counter[str | None] = Counter()
        """How many foreign labels belong to which batch; None: to none that is known."""

    def add(self, items: list[Finding]) -> None:
        """Some more, in their order."""
        if not items:
            return
        self._spool.add(items)
        self._chunks += 1
        self._counts.update(item.kind for item in items)
        self.other_batches.update(item.other_batch for item in items if item.kind is FindingKind.FOREIGN)
        self._open += [(item.kind, item.package, item.of) for item in items if item.made_again and item.package]

    @property
    def fault_count(self) -> int:
        """How many are not right, of what was read."""
        return self._counts.total() - self._counts[FindingKind.MATCHED]

    def snapshot(
        self,
        times_read: Callable[[int, ReadSubject], int],
        unseen: int,
        unseen_findings: Callable[[], Iterable[Finding]],
    ) -> Findings:
        """The findings as they stand, without those of labels that were made again and turned up by now;
        `unseen_findings` gives the `unseen` labels that no picture showed anew each time."""
        dropped = [item for item in self._open if times_read(*item[1:])]
        counts = self._counts.copy()
        counts.subtract(kind for kind, *_ in dropped)
        counts[FindingKind.MISSING] += unseen
        read_later = frozenset((package, of) for _, package, of in dropped)
        return Findings(self._spool, self._chunks, read_later, counts, unseen, unseen_findings)


@dataclass(frozen=True)
class Findings:
    """Findings in the order of files and pages, as often as they are asked for. `counts` are those of each kind,
    `unseen` are the packages among the missing that no picture showed."""

    _spool: Spool[list[Finding]]
    _chunks: int
    _read_later: Set[tuple[int, ReadSubject]]
    counts: Counter[str]
    unseen: int
    _unseen_findings: Callable[[], Iterable[Finding]]

    def __len__(self) -> int:
        return self.counts.total()

    def __iter__(self) -> Iterator[Finding]:
        for items in islice(self._spool, self._chunks):
            for item in items:
                if not (item.made_again and (item.package, item.of) in self._read_later):
                    yield item
        if self.unseen:
            yield from self._unseen_findings()

    def faults(self) -> Iterator[tuple[int, Finding]]:
        """Those that are not `matched`, with their place in the order."""
        if len(self) > self.counts[FindingKind.MATCHED]:
            yield from ((index, item) for index, item in enumerate(self) if item.kind is not FindingKind.MATCHED)

    def pick(self, indexes: Iterable[int]) -> dict[int, Finding]:
        """Some of them by their place in the order."""
        wanted = frozenset(indexes)
        if not wanted:
            return {}
        return {index: item for index, item in islice(enumerate(self), max(wanted) + 1) if index in wanted}
