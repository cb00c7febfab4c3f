"""A printed page that is shown again: is the newer picture one of the same sheet, whose faults it answers, or does it
show a second sheet, whose labels are one too many?

Paper looks the same in both cases. So a second picture is one of the same sheet only where there was a reason to take
it, and nothing speaks against it: faults that a scan may have made, and none gone that paper keeps.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, auto

from bss_mfg.imaging.label_content import ContentFault
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.package_tracker import LabelTally, PackageTracker
from bss_mfg.verify.page_account import PageAccount
from bss_mfg.verify.page_findings import ScannedPage

_OF_A_SCAN = frozenset((FindingKind.MISSING, FindingKind.UNREADABLE, FindingKind.BELOW_GRADE, FindingKind.OLD_PICTURE))
"""What a picture may make of a right label, by glare, dust, blur, or a corner folded over. All else is on the paper."""
_Key = tuple[str, tuple[int, ...]]
_Fault = tuple[int | None, FindingKind]


class RescanRule(Enum):
    """When a second picture of a printed page is one of the same sheet."""

    NEVER = auto()
    AFTER_FAULTS = auto()
    """Where the picture before had faults that a scan may have made, or was too poor for what was asked."""
    ALWAYS = auto()
    """The person says that each sheet is there once."""


@dataclass(frozen=True, slots=True)
class PictureShown:
    """What the picture with this number showed of a printed page: how often each package's label was read and accounted
    for, its findings by kind, and its faults that paper keeps. `order` is that of its file, `account` what became
    of it, `poor` whether another picture may tell more of its labels."""

    number: int
    order: int
    places: frozenset[int]
    packages: array[int]
    tallies: tuple[LabelTally, ...]
    counts: Counter[FindingKind]
    kept: frozenset[_Fault]
    other_batches: Counter[str | None]
    account: PageAccount
    poor: bool

    @property
    def has_faults(self) -> bool:
        """Whether anything on it was not right."""
        return self.counts.total() > self.counts[FindingKind.MATCHED]

    def taken_from(self, tracker: PackageTracker) -> PackageTracker:
        """The tracker, as if this picture had not been shown."""
        for package, tally in zip(self.packages, self.tallies, strict=True):
            tracker.take_back(package, tally)
        return tracker


@dataclass(slots=True)
class Rescans:
    """The newest picture of each printed page, by the rule that a verification keeps to. `strict`: a picture too
    poor for all on its labels to be judged is a reason to take another."""

    rule: RescanRule
    strict: bool = False
    _shown: dict[_Key, list[PictureShown]] = field(default_factory=dict)

    def take_answered(
        self, page: ScannedPage, order: int, sheets: int, without: Callable[[PictureShown], Sequence[Finding]]
    ) -> PictureShown | None:
        """The earlier picture of the sheet that a page shows again, which is forgotten; None where it shows another
        sheet, or one that is new. `sheets` is how many of it were made, `order` that of the page's file: pages of one
        file are sheets of their own.
        `without` gives what would be found of the page if an earlier picture had not been shown."""
        if self.rule is RescanRule.NEVER or page.of != "print":
            return None
        shown = self._shown.get(_key(page), [])
        if len(shown) < sheets:
            return None
        earlier = [one for one in shown if one.order != order and one.places <= _places(page)]
        if self.rule is RescanRule.AFTER_FAULTS:
            earlier = [one for one in earlier if one.has_faults or (self.strict and one.poor)]
        earlier.sort(key=lambda one: (not one.has_faults, -one.number))
        always = self.rule is RescanRule.ALWAYS
        found = next((one for one in earlier if always or one.kept <= _faults(without(one))), None)
        if found:
            shown.remove(found)
        return found

    def remember(
        self,
        page: ScannedPage,
        found: Sequence[Finding],
        tracker: tuple[PackageTracker, Sequence[LabelTally]],
        numbers: tuple[int, int],
        account: PageAccount,
    ) -> None:
        """A page was shown. `tracker` comes with the tallies of its packages before, in the order of their numbers;
        `numbers` are the picture's own and that of its file."""
        if self.rule is RescanRule.NEVER or page.of != "print" or not found:
            return
        packages = array("I", sorted(page.packages))
        now, before = tracker[0].tallies(packages), tracker[1]
        shown = PictureShown(
            number=numbers[0],
            order=numbers[1],
            places=frozenset(_places(page)),
            packages=packages,
            tallies=tuple(
                LabelTally(new.read - old.read, new.accounted - old.accounted)
                for new, old in zip(now, before, strict=True)
            ),
            counts=Counter(item.kind for item in found),
            kept=_faults(item for item in found if _kept_by_paper(item)),
            other_batches=Counter(item.other_batch for item in found if item.kind is FindingKind.FOREIGN),
            account=account,
            poor=bool(page.not_judged.by_picture),
        )
        self._shown.setdefault(_key(page), []).append(shown)


def _faults(found: Iterable[Finding]) -> frozenset[_Fault]:
    return frozenset((item.package, item.kind) for item in found)


def _kept_by_paper(item: Finding) -> bool:
    if item.kind is FindingKind.MATCHED or item.kind in _OF_A_SCAN:
        return False
    return any(fault.fault is not ContentFault.UNREADABLE_CODE for fault in item.content) or not item.content


def _places(page: ScannedPage) -> Set[int]:
    """The packages whose places a picture shows."""
    if page.frame is None:
        return page.packages
    return page.packages & set(page.frame.label_file.packages_on(page.frame.page))


def _key(page: ScannedPage) -> _Key:
    """The printed page: by its place in a label file, or, of single labels, by these."""
    if page.frame and len(page.frame.label_file.symbol_boxes) > 1:
        return page.frame.label_file.sha256, (page.frame.page,)
    return "", tuple(sorted(_places(page)))
