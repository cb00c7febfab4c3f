"""Which packages were read, reported or missed, over all pages of a verification: of prints and of drawings apart."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bss_mfg.ledger.events import ReadSubject

_READ, _REPORTED, _EXEMPT = 1, 2, 4


class LabelTally(NamedTuple):
    """How often a package's label was read right, and how many of its labels were read or reported."""

    read: int
    accounted: int


class PackageTracker:
    """Which packages were seen where, over all pages of one subject: seven bytes a package, and eight for each page
    that was the first to show one.

    `copies` are the labels that were made of each package (`labels --copies`) at most, `made` (by number) those of each
    that have to be there, None: one of each; the labels of packages in `exempt` need not be there: those with a
    scrapped unit, and where earlier reads count, those that were shipped.
    """

    def __init__(
        self, packages: int, copies: int = 1, exempt: Iterable[int] = (), made: bytearray | None = None
    ) -> None:
        self.copies, self._made = copies, made
        self._accounted = bytearray(packages + 1)
        """Labels of each package that were read or reported; counted where several were made."""
        self._flags = bytearray(packages + 1)
        self._flags[0] = _EXEMPT  # packages count from 1
        self._times_read = bytearray(packages + 1)
        self._read_count = 0
        self._first_page = array("I", bytes(4 * (packages + 1)))
        self._files: list[str] = []
        self._pages = array("I"), array("I")
        """Of each page on which a package was seen first: its file's place in the list, and its number."""
        for package in exempt:
            self._flags[package] |= _EXEMPT

    def blank(self) -> PackageTracker:
        """Another of the same packages, of which nothing was seen."""
        exempt = (package for package, flags in enumerate(self._flags) if flags & _EXEMPT)
        return PackageTracker(len(self._flags) - 1, self.copies, exempt, self._made)

    def times_read(self, package: int) -> int:
        """How often a label of the package was read right."""
        return self._times_read[package] if package < len(self._times_read) else 0

    def record_read(self, package: int, file: str, page: int) -> None:
        """A label of the package was read right on this page."""
        if package >= len(self._flags):
            return
        if not self._times_read[package]:
            files, numbers = self._pages
            if not self._files or self._files[-1] != file:
                self._files.append(file)
            if not numbers or (files[-1], numbers[-1]) != (len(self._files) - 1, page):
                files.append(len(self._files) - 1)
                numbers.append(page)
            self._first_page[package] = len(numbers) - 1
            self._read_count += 1
        self._times_read[package] = min(self._times_read[package] + 1, 255)
        self._flags[package] |= _READ
        self._count(package)

    def first_read(self, package: int) -> tuple[str, int]:
        """The file and page where it was read first."""
        files, numbers = self._pages
        return self._files[files[self._first_page[package]]], numbers[self._first_page[package]]

    def mark_reported(self, package: int) -> None:
        """A label of the package has a finding of its own: missing at its place, unreadable, mismatched."""
        if package < len(self._flags):
            self._flags[package] |= _REPORTED
            self._count(package)

    def mark_faulty(self, package: int) -> None:
        """A label of the package has a fault, though it was read; or it is an old one, and no label that counts."""
        if package < len(self._flags):
            self._flags[package] |= _REPORTED

    def forget(self, package: int) -> None:
        """As if nothing had been seen of the package."""
        self._read_count -= bool(self.times_read(package))
        self._times_read[package] = self._accounted[package] = 0
        self._flags[package] &= _EXEMPT

    def tallies(self, packages: Iterable[int]) -> list[LabelTally]:
        """What was counted of some packages so far."""
        size = len(self._flags)
        return [
            LabelTally(self._times_read[package], self._accounted[package]) if package < size else LabelTally(0, 0)
            for package in packages
        ]

    def take_back(self, package: int, share: LabelTally) -> None:
        """As if a picture had not shown the package that added this to its tally."""
        if package >= len(self._flags):
            return
        left = LabelTally(self._times_read[package] - share.read, self._accounted[package] - share.accounted)
        self._read_count -= bool(self._times_read[package]) - bool(left.read)
        self._times_read[package], self._accounted[package] = left
        self._flags[package] &= _EXEMPT
        self._flags[package] |= (_READ if left.read else 0) | (_REPORTED if left.accounted > left.read else 0)

    def is_exempt(self, package: int) -> bool:
        """Whether the package's labels need not be there."""
        return package >= len(self._flags) or bool(self._flags[package] & _EXEMPT)

    def labels_accounted_for(self, package: int) -> int:
        """How many labels of the package were read or reported."""
        return self._accounted[package]

    def is_accounted_for(self, package: int) -> bool:
        """Whether the package was read, reported, or need not be there."""
        return package >= len(self._flags) or bool(self._flags[package])

    def unaccounted_count(self) -> int:
        """How many packages have a label that is not accounted for."""
        return sum(1 for _ in self.unaccounted()) if self._made else self._flags.count(0)

    def read_count(self) -> int:
        """How many packages were read right."""
        return self._read_count

    def all_read(self) -> bool:
        """Whether every package was read that has to be: none is unseen or only reported. One that was read and then
        reported, as where the second reader differs, counts as read."""
        return next(self.unaccounted(), None) is None and not self._flags.count(_REPORTED)

    def unaccounted(self) -> Iterator[int]:
        """The packages with a label that is not accounted for, in order."""
        if self._made:
            for package, (flags, accounted, made) in enumerate(
                zip(self._flags, self._accounted, self._made, strict=True)
            ):
                told = flags == _REPORTED and not accounted  # by a finding of an old picture
                if not flags & _EXEMPT and not told and accounted < max(made, 1):
                    yield package
            return
        at = self._flags.find(0)
        while at >= 0:
            yield at
            at = self._flags.find(0, at + 1)

    def _count(self, package: int) -> None:
        self._accounted[package] = min(self._accounted[package] + 1, 255)


class SubjectTrackers:
    """A tracker for prints, and one for drawings, which is made where both are shown: that a label's drawing was read
    says nothing of its print, and a drawing beside a print is no second label."""

    def __init__(self, first: PackageTracker) -> None:
        self._first = first
        self._by_subject: dict[ReadSubject, PackageTracker] = {}
        self.shows_prints = False
        """Whether a printed label was shown: then prints are what a verification is about."""
        self.renewed: set[int] = set()
        """Packages whose label was made again while the verification went on."""

    def of(self, subject: ReadSubject) -> PackageTracker:
        """What was seen of a subject."""
        if subject not in self._by_subject:
            self._by_subject[subject] = self._first.blank() if self._by_subject else self._first
        return self._by_subject[subject]

    @property
    def judged(self) -> PackageTracker:
        """What says which packages are missing: prints where one was shown, else the drawings."""
        return self._by_subject.get("print" if self.shows_prints else "file", self._first)

    def renew(self, package: int) -> None:
        """The package's label was made again: what was seen of its prints so far are none of the new one."""
        if "print" in self._by_subject:
            self.renewed.add(package)
            self._by_subject["print"].forget(package)

    def times_read(self, package: int, subject: ReadSubject) -> int:
        """How often a label of the package was read right."""
        return self._by_subject[subject].times_read(package) if subject in self._by_subject else 0

    def read_count(self, subject: ReadSubject) -> int:
        """How many packages were read right."""
        return self._by_subject[subject].read_count() if subject in self._by_subject else 0
