"""What is to be said of files and pages beside what was found of their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.core.text import count_words, printable_name
from bss_mfg.imaging.not_judged import NotJudged
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.picture_folders import passed_over_words

Told = tuple[str, str]
"""A file or page, and what is said of it."""


@dataclass(slots=True)
class FileNotes:
    """Files and pages that could not be read, those with which something was odd, and what of them was not judged."""

    troubles: list[Told] = field(default_factory=list)
    _broken: list[tuple[int, int, str, str]] = field(default_factory=list)
    _opened: dict[Path, int] = field(default_factory=dict)
    """The number of each file when it was opened last."""
    _not_judged: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """What was not judged, with the pictures, by number and place."""
    _open: dict[int, NotJudged] = field(default_factory=dict)
    """By picture, how many labels of it were not judged altogether."""

    def add(self, path: Path, words: str) -> None:
        """Say something of a file."""
        self.troubles.append((printable_name(str(path)), words))

    def add_lost(self, batch_id: str, paths: Sequence[Path]) -> None:
        """Say of label files that they are not where the others are."""
        for path in paths:
            self.add(path, f"is not there, though it was made: `bss-mfg labels {batch_id} --again` makes it again")

    def add_passed_over(self, paths: Sequence[Path]) -> None:
        """Say of files of an operating system, or hidden ones, that they were not read, by folder."""
        for folder in sorted({path.parent for path in paths}):
            self.add(folder, passed_over_words([path for path in paths if path.parent == folder]))

    def add_not_judged(self, page: ScannedPage, picture: int, where: str) -> None:
        """What of a picture was not judged, and why."""
        if page.not_judged:
            self._open[picture] = page.not_judged
        for note in page.notes:
            self._not_judged.setdefault(note, []).append((picture, where))

    def add_broken(self, order: int, page: int, where: str, why: str) -> None:
        """A page of the file with that number could not be read; page 0: nothing of it."""
        self._broken.append((order, page, where, why))

    def open(self, path: Path, order: int, whole: bool) -> None:
        """A file was opened, or (unless `whole`) could not be. One that could not be read before and was written anew
        since, as by a slow scanner, is broken no more."""
        before, self._opened[path] = self._opened.get(path), order
        if whole:
            self._broken = [one for one in self._broken if one[0] != before]

    def forget_picture(self, picture: int) -> None:
        """A later picture stands for this one: what of it was not judged does not matter."""
        left = ((note, [one for one in pages if one[0] != picture]) for note, pages in self._not_judged.items())
        self._not_judged = {note: pages for note, pages in left if pages}
        self._open.pop(picture, None)

    @property
    def not_judged(self) -> NotJudged:
        """How many labels were not judged altogether."""
        return sum(self._open.values(), NotJudged())

    @property
    def broken(self) -> list[Told]:
        """Files and pages that could not be read, with the reason, in the order in which they were given."""
        return [(where, why) for _, _, where, why in sorted(self._broken)]

    def told(self) -> Iterator[Told]:
        """What was odd, and what was not judged, each reason once."""
        yield from self.troubles
        for note, pages in self._not_judged.items():
            more = f" and {count_words(len(pages) - 1, 'more page')}" if len(pages) > 1 else ""
            yield pages[0][1] + more, note
