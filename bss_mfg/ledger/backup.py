"""Copies of a ledger: made while it is in use, checked before they count, and put back without issuing twice."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import build_atomically, move_aside
from bss_mfg.errors import BssError, InputError, LedgerError, RefusedError
from bss_mfg.ledger.events import LedgerAdopted, LedgerRestored
from bss_mfg.ledger.home import forget_issued, new_branch
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.next_numbers import NextNumbers, read_next_numbers, salvage_next_numbers, write_next_numbers
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.model import Actor

NUMBERS_FILE = "next-serials.json"
_PAGES = 2_000  # copied between two looks at the lock, so that writers wait little


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """What a copy of a ledger holds: events, the newest one's digest (hex), batches, units."""

    events: int
    head: str
    batches: int
    units: int


def backup(ledger: Ledger, to: Path) -> LedgerCopy:
    """Copy the ledger to a new file while others work with it, and check the copy. Never overwrites."""

    def copy(path: Path) -> None:
        ledger.copy_to(path, _PAGES)
        inspect_copy(path)

    build_atomically(to, copy)
    return inspect_copy(to)


def inspect_copy(path: Path) -> LedgerCopy:
    """Check a copy whole: SQLite's own check, the hash chain, the barcode strings. `LedgerError` where it is not."""
    if not path.is_file():
        raise InputError("is not there", where=path, way_out="Name the file that `ledger backup` made.")
    with Ledger.open(path, Actor("", "", "")) as copied:
        events = copied.check()
        batches = copied.batches.all()
        return LedgerCopy(events, copied.history.head()[1], len(batches), sum(batch.units for batch in batches))


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """A copy that is to take the place of `ledger_file`, and why; `skip_serials` running numbers of each product are
    left out."""

    copy: Path
    ledger_file: Path
    skip_serials: int
    reason: str

    @property
    def numbers_file(self) -> Path:
        """What restores before this one noted."""
        return self.ledger_file.with_name(NUMBERS_FILE)


def restore(request: RestoreRequest, actor: Actor) -> tuple[LedgerCopy, NextNumbers]:
    """Put a copy in the ledger's place; what it holds, and the running numbers it goes on with. A damaged ledger is
    kept beside it.

    What was issued after the copy was made is forgotten with it. So numbers begin after the largest that the copy, an
    earlier restore, or a damaged ledger tells, and `skip_serials` more: none of those is issued again. Refused while a
    whole ledger is in place.
    """
    ledger_file = request.ledger_file
    found = inspect_copy(request.copy)
    if ledger_file.exists():
        _move_damaged_aside(ledger_file)
    for end in ("-journal", "-wal", "-shm"):  # of the lost ledger: SQLite would play it into the copy
        if (left := ledger_file.with_name(ledger_file.name + end)).exists():
            move_aside(left, ".damaged")
    known = read_next_numbers(request.numbers_file)
    known = known.merged(salvage_next_numbers(ledger_file.parent.glob(f"{glob.escape(ledger_file.name)}.damaged*")))
    numbers = known

    def copy(target: Path) -> None:
        nonlocal numbers
        with Ledger.open(request.copy, actor) as source:
            source.copy_to(target)
        restored = LedgerRestored(
            events=found.events, head=found.head, reason=request.reason, skipped_serials=request.skip_serials
        )
        with Ledger.open(target, actor) as ledger:
            numbers = ledger.products.issue_here(restored, known)
        write_next_numbers(request.numbers_file, known.merged(numbers))  # before the copy counts

    forget_issued(LedgerPlace.of_file(ledger_file))
    build_atomically(ledger_file, copy)
    with Ledger.open(ledger_file, actor) as ledger:
        ledger.home.note_issued()
    return found, numbers


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """That a ledger which was copied or moved issues where it is now, and why; `skip_serials` running numbers of each
    product are left out."""

    skip_serials: int
    reason: str


def adopt(place: LedgerPlace, request: AdoptRequest, actor: Actor) -> NextNumbers | None:
    """Let a ledger issue where it is now; the running numbers it goes on with, None where it issues there already."""
    notes = place.folder / NUMBERS_FILE
    known = NextNumbers({}) if place.url else read_next_numbers(notes)
    event = LedgerAdopted(branch=new_branch(), reason=request.reason, skipped_serials=request.skip_serials)
    with Ledger.open(place, actor) as ledger:
        if not ledger.home.trouble():
            return None
        numbers = ledger.products.issue_here(event, known)
        ledger.home.note_issued()
    if not place.url:
        write_next_numbers(notes, known.merged(numbers))
    return numbers


def _move_damaged_aside(ledger_file: Path) -> None:
    try:
        inspect_copy(ledger_file)
    except BssError:
        move_aside(ledger_file, ".damaged")
    else:
        raise RefusedError(
            "the ledger in place is intact, so a copy has nothing more than it",
            where=ledger_file,
            way_out="Nothing has to be restored. To go back anyway, move ledger.db away yourself first.",
        )


def check_head(ledger: Ledger, head: str) -> int:
    """Whether this ledger goes on from an earlier head, `NUMBER:DIGEST` (at least 16 hex digits): the event's number.

    `LedgerError` where the history before it was changed or cut off; `InputError` where the head is none.
    """
    number, _, digest = head.strip().partition(":")
    digest = digest.lower()
    if not number.isascii() or not number.isdigit() or len(digest) < 16 or set(digest) - set("0123456789abcdef"):
        raise InputError(
            f"{head[:80]!a} isn't a ledger head",
            way_out="The batch's traveller and `batch show` have it: a number, a colon, 16 to 64 hex digits.",
        )
    found = ledger.history.digest_of(int(number))
    if found is None:
        raise LedgerError(
            f"event {int(number):,} of that head is not in this ledger, which ends at event "
            f"{ledger.history.head()[0]:,}",
            way_out="Events were cut off, or this is an older copy. Keep the file as evidence; find the newest backup.",
        )
    if not found.startswith(digest):
        raise LedgerError(
            f"event {int(number):,} is not the one that the head names",
            way_out="The history was rewritten. Keep the file as evidence and restore a backup from before.",
        )
    return int(number)
