"""Faults that most labels of a page share, as one: a page that is scaled, mirrored or too pale is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bss_mfg.core.text import count_words
from bss_mfg.imaging.defects import DefectKind
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.grade_faults import lowest_parameters

_FEWEST = 3
"""Labels that a fault of a whole page has at least, beside half of all that are on it."""
_OF_PAGES = frozenset((DefectKind.FAINT, DefectKind.BLURRED))
_NAMED_BY_DETAIL = frozenset((FindingKind.DUPLICATE, FindingKind.OLD_PICTURE, FindingKind.CONTENT))


@dataclass(frozen=True, slots=True)
class FaultGroup:
    """A label that is not right, or the first of `count` labels of one page, which has `of`, that are wrong in one way.
    `index` is the first one's place among the findings, `alike` whether the words for all are the same."""

    index: int
    finding: Finding
    count: int = 1
    of: int = 1
    alike: bool = True

    @property
    def name(self) -> str:
        """Which labels."""
        if self.count == 1:
            return self.finding.name
        return f"all {self.count:,} labels" if self.count == self.of else f"{self.count:,} of {self.of:,} labels"

    @property
    def detail(self) -> str:
        """What is wrong."""
        if self.alike:
            return self.finding.detail
        more = count_words(self.count - 1, "other")
        return f"{self.finding.detail} ({self.finding.name}, the {more} alike)"


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
    causes = [_cause(item) for _, item in labels]
    counts = Counter(cause for cause in causes if cause is not None)
    shared = {cause for cause, count in counts.items() if count >= _FEWEST and 2 * count >= len(labels)}
    told = set()
    for (index, item), cause in zip(labels, causes, strict=True):
        if item.kind is FindingKind.MATCHED or cause in told:
            continue
        if cause not in shared:
            yield FaultGroup(index, item)
            continue
        told.add(cause)
        alike = {other.detail for (_, other), same in zip(labels, causes, strict=True) if same == cause}
        yield FaultGroup(index, item, counts[cause], len(labels), len(alike) == 1)


def _cause(item: Finding) -> Hashable | None:
    """What is wrong with a label that may be so with its whole page; None where each label has to be named."""
    if item.print_faults:
        return item.kind, item.print_faults
    if item.kind is FindingKind.BELOW_GRADE:
        return item.kind, lowest_parameters(item.grade)
    if item.kind is FindingKind.UNREADABLE and item.defects:
        kinds = frozenset(defect.kind for defect in item.defects.found)
        return (item.kind, kinds) if kinds and kinds <= _OF_PAGES else None
    return (item.kind, item.detail) if item.kind in _NAMED_BY_DETAIL else None
