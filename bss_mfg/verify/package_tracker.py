"""Which packages were read, reported or missed, over all pages of a verification."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

_READ, _REPORTED, _EXEMPT = 1, 2, 4


class PackageTracker:
    """Which packages were seen where, over all pages of a verification: six bytes a package, and eight for each page
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
        """A label of the package that was read has a fault all the same."""
        if package < len(self._flags):
            self._flags[package] |= _REPORTED

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
                if not flags & _EXEMPT and accounted < max(made, 1):
                    yield package
            return
        at = self._flags.find(0)
        while at >= 0:
            yield at
            at = self._flags.find(0, at + 1)

    def _count(self, package: int) -> None:
        self._accounted[package] = min(self._accounted[package] + 1, 255)
