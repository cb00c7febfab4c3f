"""The findings of a verification: counted as they come, set aside on the disk, read again by whoever reports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bss_mfg.core.spool import Spool
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.verify.fault_groups import FaultGroup, fault_groups
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.rescans import PictureShown

_MENDED_BY_A_NEW_LABEL = frozenset(FindingKind) - {FindingKind.MATCHED, FindingKind.DUPLICATE, FindingKind.FOREIGN}
"""Faults of the one label that a package has. A second one, or a stranger's, stays when that was made again."""
Where = tuple[str, int]
"""A file's name and the number of a page of it."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A fault that is none once its package is read: its label was made again, or is somewhere else by now."""

    kind: FindingKind
    package: int
    of: ReadSubject
    picture: int


class FindingSpool:
    """Findings while a verification grows. They hold serials and places, and no secret."""

    def __init__(self, folder: Path, *, answers: bool = False) -> None:
        """`answers`: what is read later may answer faults of before; these are kept at hand."""
        self._answers = answers
        self._spool: Spool[list[Finding]] = Spool(folder)
        self._chunks = 0
        self._counts: Counter[str] = Counter()
        self._open: list[_Open] = []
        """Packages whose label was made again elsewhere: some turn up there later, and then nothing is wrong."""
        self._faults: dict[int, list[_Open]] = {}
        """Faults of printed labels, by package: these may be made again while the verification goes on."""
        self._renewed: list[_Open] = []
        self._answered: dict[int, tuple[int, Where]] = {}
        """Pictures that a later one of the same sheet stands for: its number, and where it is."""
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
        for item in items:
            if item.package and item.made_again:
                self._open.append(_Open(item.kind, item.package, item.of, item.picture))
            elif self._answers and item.package and item.of == "print" and item.kind in _MENDED_BY_A_NEW_LABEL:
                fault = _Open(item.kind, item.package, item.of, item.picture)
                self._faults.setdefault(item.package, []).append(fault)

    def renew(self, package: int) -> None:
        """The package's label was made again: the faults of its printed one so far are answered once that is read."""
        self._renewed += self._faults.pop(package, [])

    def answer(self, shown: PictureShown, by: int, where: Where) -> None:
        """A later picture, number `by`, stands for an earlier one: what that showed counts no more."""
        picture = shown.number
        self._answered[picture] = by, where
        self._counts.subtract(shown.counts)
        self.other_batches.subtract(shown.other_batches)
        self.other_batches += Counter()  # without those of which none is left
        self._open = [one for one in self._open if one.picture != picture]
        self._renewed = [one for one in self._renewed if one.picture != picture]
        for package in set(shown.packages) & self._faults.keys():
            self._faults[package] = [one for one in self._faults[package] if one.picture != picture]

    @property
    def fault_count(self) -> int:
        """How many are not right, of what was read."""
        return self._counts.total() - self._counts[FindingKind.MATCHED]

    def snapshot(
        self,
        times_read: Callable[[int, ReadSubject], int],
        unseen: int,
        unseen_findings: Callable[[], Iterable[Finding]],
        first_read: Callable[[int], Where] = lambda _: ("", 0),
    ) -> Findings:
        """The findings as they stand, without those of labels that were made again and turned up by now;
        `unseen_findings` gives the `unseen` labels that no picture showed anew each time, `first_read` where a printed
        label was read."""
        dropped = [one for one in self._open if times_read(one.package, one.of)]
        mended = [one for one in self._renewed if times_read(one.package, one.of)]
        counts = self._counts.copy()
        counts.subtract(one.kind for one in (*dropped, *mended))
        counts[FindingKind.MISSING] += unseen
        return Findings(
            self._spool,
            self._chunks,
            frozenset((one.package, one.of) for one in dropped),
            counts,
            unseen,
            unseen_findings,
            {picture: self._newest(picture) for picture in self._answered},
            {(one.package, one.picture): first_read(one.package) for one in mended},
        )

    def _newest(self, picture: int) -> Where:
        """Where the picture is that stands for an earlier one in the end."""
        by, where = self._answered[picture]
        while by in self._answered:
            by, where = self._answered[by]
        return where


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
    _answered: Mapping[int, Where] = field(default_factory=dict)
    _mended: Mapping[tuple[int, int], Where] = field(default_factory=dict)
    """Faults of labels that were made again and read since, by package and picture."""

    def __len__(self) -> int:
        return self.counts.total()

    def __iter__(self) -> Iterator[Finding]:
        for item in self._spooled():
            made_again = item.made_again and (item.package, item.of) in self._read_later
            if not made_again and self._answer_of(item) is None:
                yield item
        if self.unseen:
            yield from self._unseen_findings()

    @property
    def any_answered(self) -> bool:
        """Whether a later picture stands for an earlier one."""
        return bool(self._answered or self._mended)

    def answered(self) -> Iterator[tuple[Finding, Where]]:
        """The faults that are none any more, with the later picture that shows so."""
        if self.any_answered:
            for item in self._spooled():
                if item.kind is not FindingKind.MATCHED and (where := self._answer_of(item)):
                    yield item, where

    def _spooled(self) -> Iterator[Finding]:
        for items in islice(self._spool, self._chunks):
            yield from items

    def _answer_of(self, item: Finding) -> Where | None:
        """The later picture that shows what was found of a label otherwise."""
        if where := self._answered.get(item.picture):
            return where
        mended = item.package and item.of == "print" and item.kind in _MENDED_BY_A_NEW_LABEL
        return self._mended.get((item.package, item.picture)) if mended and item.package else None

    def faults(self) -> Iterator[tuple[int, Finding]]:
        """Those that are not `matched`, with their place in the order."""
        if len(self) > self.counts[FindingKind.MATCHED]:
            yield from ((index, item) for index, item in enumerate(self) if item.kind is not FindingKind.MATCHED)

    def fault_groups(self) -> Iterator[FaultGroup]:
        """The same, what most labels of a page share as one."""
        if len(self) > self.counts[FindingKind.MATCHED]:
            yield from fault_groups(self)

    def pick(self, indexes: Iterable[int]) -> dict[int, Finding]:
        """Some of them by their place in the order."""
        wanted = frozenset(indexes)
        if not wanted:
            return {}
        return {index: item for index, item in islice(enumerate(self), max(wanted) + 1) if index in wanted}
