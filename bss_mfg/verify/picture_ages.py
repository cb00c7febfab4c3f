"""How old the pictures are that a verification is given: one that was read before a label was made again can't show the
new label."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.pictures import PicturesBefore, Renewal
from bss_mfg.model import Batch

_WORDS = {
    EventKind.UNIT_REPLACED: ("a unit of it was replaced", "scan the new label"),
    EventKind.PACKAGES_RETURNED: ("it came back", "scan its label anew"),
}
_PRINTED = ("the label was printed again", "scan the new label")


@dataclass(frozen=True, slots=True)
class PictureAge:
    """After which event a picture was opened first, and when it was read then; empty: it is read for the first time."""

    after: int
    read_at: str = ""


@dataclass(frozen=True, slots=True)
class Outdated:
    """Why a label in a picture is not the one that its package has now, in words, and when the picture was read
    first; empty: it is being read."""

    words: str
    read_at: str


class PictureAges:
    """The pictures of a batch that were read before labels of it were made again.

    The history is looked at once there is a picture. Where all labels were made before the first picture was read, that
    is nothing. Else four bytes a package.
    """

    def __init__(self, ledger: Ledger, batch: Batch) -> None:
        self._ledger, self._batch = ledger, batch
        self._known_now: PicturesBefore | None = None
        self._renewals: list[Renewal] = []
        self._newest = array("I")
        """Of each package, the place (from 1) in `_renewals` of the newest that concerns it, once that was asked."""

    @property
    def seen(self) -> int:
        """The newest event that was looked at."""
        return self._known.seen

    def follow(self) -> bool:
        """Look at what happened since; whether labels have to be read anew by it."""
        seen, renewed = self._ledger.pictures.news(self._batch.id, self.seen)
        if renewed:
            self._known_now = None
            self._renewals, self._newest = [], array("I")
        else:
            self._known_now = self._known.at(seen)
        return renewed

    @property
    def _known(self) -> PicturesBefore:
        if self._known_now is None:
            self._known_now = self._ledger.pictures.look(self._batch.id)
        return self._known_now

    def age(self, digests: Sequence[str], after: int) -> PictureAge:
        """The age of a picture that was opened after an event, by the digests of its file and its pixels."""
        found = [first for digest in digests if (first := self._known.first_reads.get(digest))]
        first = min(found, key=lambda one: one.after, default=None)
        return PictureAge(first.after, first.at) if first and first.after < after else PictureAge(after)

    def outdated(self, age: PictureAge, packages: Collection[int]) -> Mapping[int, Outdated]:
        """Of some packages those whose label was made again after a picture was opened first."""
        if age.after >= self._known.newest:
            return {}
        found: dict[int, Outdated] = {}
        for package in packages:
            renewal = self._renewal_of(package)
            if renewal and renewal.seq > age.after:
                what, way_out = _WORDS.get(renewal.kind, _PRINTED)
                when = f"this picture was read on {_shown(age.read_at)}, before {what}"
                found[package] = Outdated(
                    f"{when if age.read_at else f'{what} while this picture was read'}: {way_out}", age.read_at
                )
        return found

    def made_after(self, saved_at: float, packages: Collection[int]) -> set[int]:
        """Those of some packages whose label was made after a file was saved, by the clocks."""
        if not self._known.newest or saved_at >= _seconds(self._known.newest_at):
            return set()
        return {
            package
            for package in packages
            if (renewal := self._renewal_of(package)) and _seconds(renewal.at) > saved_at
        }

    def _renewal_of(self, package: int) -> Renewal | None:
        """The newest event that renewed a package's label."""
        if not self._newest:
            self._load()
        place = self._newest[package] if package < len(self._newest) else 0
        return self._renewals[place - 1] if place else None

    def _load(self) -> None:
        size = self._batch.packages + 1
        newest = array("I", bytes(4 * size))
        for renewal in self._ledger.pictures.renewals(self._batch.id):
            self._renewals.append(renewal.without_packages())
            for first, last in renewal.packages:
                low, high = max(first, 1), min(last, size - 1)
                if low <= high:
                    newest[low : high + 1] = array("I", [len(self._renewals)]) * (high + 1 - low)
        self._newest = newest


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _shown(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d at %H:%M UTC") if moment else ""
