"""Which label is to be found in which file: the one that was made last. What was made before it is not printed again.

It follows from what the ledger remembers of label files alone, so a command that was killed leaves nothing open.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from bss_mfg.ledger.events import LabelFileEvent, LabelsReprinted
from bss_mfg.model import LabelFile


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A label file, and the number and record of the event that says how it was made last."""

    file: LabelFile
    seq: int
    event: LabelFileEvent

    @property
    def is_reprint(self) -> bool:
        """Whether it holds single labels that were printed once more."""
        return isinstance(self.event, LabelsReprinted)


@dataclass(frozen=True, slots=True)
class LabelsInForce:
    """Label files that hold a label in force, in the order in which they were made, and those that hold none any more.
    `outdated` has, by name and SHA-256, the numbers whose labels were made again in other files."""

    made: tuple[MadeFile, ...]
    superseded: tuple[LabelFile, ...]
    outdated: Mapping[tuple[str, str], Set[int]]

    @property
    def files(self) -> tuple[LabelFile, ...]:
        """The files alone."""
        return tuple(made.file for made in self.made)

    def outdated_in(self, file: LabelFile) -> Set[int]:
        """The numbers in a file whose labels were made again since."""
        return self.outdated.get((file.file, file.sha256), frozenset())

    def numbers_in(self, file: LabelFile) -> Sequence[int]:
        """The numbers in a file whose labels are in force."""
        outdated = self.outdated_in(file)
        return [number for number in file.numbers if number not in outdated] if outdated else file.numbers

    def labels_made(self, packages: int) -> bytearray:
        """How many labels of each package (by number, from 1) are in force, reprints apart: at most 255."""
        made = bytearray(packages + 1)
        for one in self.made:
            for number in () if one.is_reprint else self.numbers_in(one.file):
                made[number] = min(made[number] + one.file.repeat, 255)
        return made

    def reprinted(self) -> set[int]:
        """The numbers of which a single label was printed once more."""
        return {number for one in self.made if one.is_reprint for number in self.numbers_in(one.file)}


def labels_in_force(made: Sequence[MadeFile], scrapped: Iterable[int] = ()) -> LabelsInForce:
    """What is in force of label files for one kind of label, in the order in which they were made. The labels of
    packages in `scrapped` are in force nowhere."""
    newest_of_name = {one.file.file: one for one in made}
    superseded = [one.file for one in made if one.file.superseded_at or newest_of_name[one.file.file] is not one]
    live = [one for one in made if not one.file.superseded_at and newest_of_name[one.file.file] is one]
    if _each_label_once(live):
        return LabelsInForce(tuple(live), tuple(superseded), {})
    outdated = _find_outdated(live)
    gone = frozenset(scrapped)
    keeping: list[MadeFile] = []
    for one in live:
        old = outdated.get((one.file.file, one.file.sha256))
        # A file with nothing but scrapped labels was not made again: it stays.
        if old and all(number in old or number in gone for number in one.file.numbers):
            superseded.append(one.file)
        else:
            keeping.append(one)
    return LabelsInForce(tuple(keeping), tuple(superseded), outdated)


def _each_label_once(live: Sequence[MadeFile]) -> bool:
    """Whether no label can be in two files: one run, whose files follow each other in every set of copies."""
    if len({one.file.plan_digest for one in live}) > 1 or any(one.is_reprint for one in live):
        return False
    last: dict[int, int] = {}
    for one in sorted(live, key=lambda one: (one.file.copy, min(one.file.numbers))):
        if min(one.file.numbers) <= last.get(one.file.copy, 0):
            return False
        last[one.file.copy] = max(one.file.numbers)
    return True


def _find_outdated(live: Sequence[MadeFile]) -> dict[tuple[str, str], Set[int]]:
    """By name and SHA-256, the numbers whose labels were made again. Four bytes a label: there may be a million."""
    size = max(max(one.file.numbers) for one in live) + 1
    newest = array("I", bytes(4 * size))
    """Of each number, the place (from 1) in `live` of the file that it was made in last, reprints apart."""
    seen: dict[tuple[str, int], bytearray] = {}
    found: dict[tuple[str, str], Set[int]] = {}
    for place in range(len(live), 0, -1):
        one = live[place - 1]
        if one.is_reprint:
            continue
        digest = one.file.plan_digest
        in_this_set = seen.setdefault((digest, one.file.copy), bytearray(size))
        old: set[int] = set()
        for number in one.file.numbers:
            newest[number] = newest[number] or place
            # Copies are of one run: of two sets of it both count.
            if in_this_set[number] or live[newest[number] - 1].file.plan_digest != digest:
                old.add(number)
            in_this_set[number] = 1
        if old:
            found[one.file.file, one.file.sha256] = old
    for one in live:
        if one.is_reprint:
            old = {n for n in one.file.numbers if newest[n] and live[newest[n] - 1].seq > one.seq}
            if old:
                found[one.file.file, one.file.sha256] = old
    return found
