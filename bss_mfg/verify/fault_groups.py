"""Faults that most labels of a page share, as one: a page that is scaled, mirrored or too pale is told once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from bss_mfg.core.languages import COMMA, counted, joined, phrase
from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.core.text import printable_name
from bss_mfg.imaging.defects import DefectKind
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.grade_faults import lowest_parameters

_FEWEST = 3
"""Labels that a fault of a whole page has at least, beside half of all that are on it."""
_MOST_RANGES = 6
"""Ranges of labels that are named."""
_OF_PAGES = frozenset((DefectKind.FAINT, DefectKind.BLURRED))


@dataclass(frozen=True, slots=True)
class FaultGroup:
    """A label that is not right, or the first of `count` labels of one page, which has `of`, that are wrong in one way.
    `index` is the first one's place among the findings, `alike` whether the words for all are the same, `labels` names
    them in ranges; `read_before` says on which pages (file, page) duplicates were read first, and how many on each."""

    index: int
    finding: Finding
    count: int = 1
    of: int = 1
    alike: bool = True
    labels: str = ""
    read_before: tuple[tuple[tuple[str, int], int], ...] = ()

    @property
    def name(self) -> str:
        """Which labels."""
        if self.count == 1:
            return self.finding.name
        if self.count == self.of:
            words = phrase("all {count:,} labels", count=self.count)
        else:
            words = phrase("{count:,} of {of:,} labels", count=self.count, of=self.of)
        return phrase("{labels} ({serials})", labels=words, serials=self.labels) if self.labels else words

    @property
    def detail(self) -> str:
        """What is wrong."""
        if self.count > 1 and self.read_before:
            return self._duplicate_words()
        if self.alike:
            return self.finding.detail
        return counted(
            "{detail} ({label}; the {count:,} other likewise)",
            "{detail} ({label}; the {count:,} others likewise)",
            self.count - 1,
            detail=self.finding.detail,
            label=self.finding.name,
        )

    def _duplicate_words(self) -> str:
        """Of most labels of a page, that they were read before: nobody put so many single copies there."""
        pages: list[str] = [
            phrase("page {page} of {file}", page=page, file=printable_name(file))
            for (file, page), _ in self.read_before
        ]
        if len(pages) == 1:
            return phrase(
                "read before, on {page}: one sheet in two pictures (leave one out), or printed twice (destroy one)",
                page=pages[0],
            )
        numbers = (count for _, count in self.read_before)
        pages = [
            phrase("{count:,} on {page}", count=count, page=page) for page, count in zip(pages, numbers, strict=True)
        ]
        where = joined(COMMA, pages[:_MOST_RANGES])
        if left := len(pages) - _MOST_RANGES:
            where = phrase("{pages} and {count:,} more", pages=where, count=left) if left > 0 else where
        return phrase(
            "read before, {pages}: one sheet in two pictures (leave one out), or printed twice (destroy one)",
            pages=where,
        )


def fault_groups(findings: Iterable[Finding]) -> Iterator[FaultGroup]:
    """The faults among all findings, in their order: what most labels of a page share stands at its first one."""
    for _, page in groupby(enumerate(findings), key=_page_of):
        labels = list(page)
        if all(item.kind is FindingKind.MATCHED for _, item in labels):
            continue
        yield from _groups_of_page(labels)


def _page_of(one: tuple[int, Finding]) -> tuple[object, ...]:
    """What findings of one page share; those of labels that no picture showed are told one by one."""
    index, item = one
    return (index,) if item.unseen else (item.file, item.page, item.picture)


def _groups_of_page(labels: list[tuple[int, Finding]]) -> Iterator[FaultGroup]:
    names = _names_in([item for _, item in labels])
    causes = [_cause(item, names) for _, item in labels]
    shown = sum(not item.place_taken for _, item in labels)
    counts = Counter(cause for cause in causes if cause is not None)
    shared = {cause for cause, count in counts.items() if count >= _FEWEST and 2 * count >= shown}
    told = set()
    for (index, item), cause in zip(labels, causes, strict=True):
        if item.kind is FindingKind.MATCHED or cause in told:
            continue
        if cause not in shared:
            yield FaultGroup(index, item)
            continue
        told.add(cause)
        group = [other for (_, other), same in zip(labels, causes, strict=True) if same == cause]
        alike = len({other.detail for other in group}) == 1
        before = Counter(other.first_read for other in group if other.first_read)
        yield FaultGroup(index, item, len(group), shown, alike, _labels_of(group), tuple(before.items()))


def _labels_of(group: Sequence[Finding]) -> str:
    """Labels in ranges, by their serials; empty where it is not known which they are."""
    serials = {item.package: item.serials for item in group if item.package and item.serials}
    if len(serials) < len({item.package for item in group}):
        return ""
    ranges = list(consecutive_ranges(sorted(serials)))
    words = [
        serials[some[0]]
        if len(some) == 1
        else phrase("{first} to {last}", first=serials[some[0]], last=serials[some[-1]])
        for some in islice(ranges, _MOST_RANGES)
    ]
    listed = joined(COMMA, words)
    left = len(ranges) - _MOST_RANGES
    return phrase("{serials} and {count:,} more ranges", serials=listed, count=left) if left > 0 else listed


def _names_in(found: Sequence[Finding]) -> re.Pattern[str] | None:
    """The serials that the words for a page's labels may hold."""
    serials = {serial for item in found if item.serials for serial in (item.serials, *item.serials.split(", "))}
    longest_first = sorted(serials, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if serials else None


def _cause(item: Finding, names: re.Pattern[str] | None) -> Hashable | None:
    """What is wrong with a label that may be so with its whole page; None where each label has to be named."""
    if item.print_faults:
        return item.kind, item.print_faults
    if item.content:
        return item.kind, tuple((fault.fault, fault.element) for fault in item.content)
    if item.kind is FindingKind.BELOW_GRADE:
        return item.kind, lowest_parameters(item.grade)
    if item.kind is FindingKind.UNREADABLE:
        kinds = frozenset(defect.kind for defect in item.defects.found) if item.defects else None
        return (item.kind, kinds) if kinds and kinds <= _OF_PAGES else None
    if item.kind is FindingKind.MATCHED:
        return None
    if item.first_read:
        return item.kind
    if item.other_batch:
        return item.kind, item.other_batch
    return item.kind, names.sub("", item.detail) if names else item.detail
