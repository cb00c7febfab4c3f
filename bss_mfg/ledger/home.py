"""Where a ledger issues: one file on one machine, or one database of one server. A copy of it is somewhere else.

A ledger that was copied would give the serials of the original once more, and so would an old copy in its place. So it
notes where it is, and a file beside it notes the newest event of what was issued. Where one of the two is not so,
nothing is issued until somebody says, on record, that this ledger takes the place of the other.
"""

from __future__ import annotations

import logging
import re
import secrets
from pathlib import Path

from bss_mfg.core.files import read_text, remove_file, write_atomically
from bss_mfg.errors import BssError, FinalLedgerError, RefusedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_chain import chain_head
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.schema import MOVED, MOVED_BACK
from bss_mfg.ledger.ways_out import MOVED_BACK_WAY_OUT, MOVED_WAY_OUT

_log = logging.getLogger(__name__)
_WAY_OUT = (
    "Nothing was issued. If the other one is still in use, issue there: both would give the same serials. `bss-mfg "
    "ledger compare OTHER` tells what each has issued. If this one takes its place: `bss-mfg ledger adopt "
    "--skip-serials N --reason TEXT`."
)


def new_branch() -> str:
    """A random mark (8 hex digits) of what a ledger issues from now on: that of another copy is another."""
    return secrets.token_hex(4)


class Home:
    """The place where a ledger issues."""

    def __init__(self, connection: Database, place: LedgerPlace) -> None:
        self._db = connection
        self._file = _note_file(place)
        self._on_server = bool(place.url)

    def note(self) -> None:
        """The ledger issues here from now on. Inside a transaction."""
        self._db.execute(
            "INSERT INTO about VALUES ('home', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (self._db.identity(),),
        )

    def note_issued(self) -> None:
        """Note the newest event beside the ledger, after it was committed. Where that can't be written, the one before
        stays, which is true as well."""
        seq, digest = chain_head(self._db)
        try:
            write_atomically(self._file, [f"{seq}:{digest.hex()}\n".encode()], replace=True)
        except BssError as error:
            _log.info("the newest event was not noted: %s", error)

    def trouble(self) -> str:
        """Why the ledger issues nothing here, in words; empty where it does. So does one that noted nothing yet."""
        noted = self._noted()
        if noted and noted != self._db.identity():
            return "was copied or moved: it has issued at another place"
        if not self._holds_issued():
            return "is an older copy: what was issued here last is not in it"
        return ""

    def refuse_copy(self) -> None:
        """`RefusedError` where the ledger issues nothing."""
        if trouble := self.trouble():
            raise RefusedError(f"this ledger {trouble}", where=self._db.where, way_out=_WAY_OUT)

    def refuse_moved(self) -> None:
        """`FinalLedgerError` for what is the ledger no more, because it was moved: what it says is as of then."""
        if self._db.rows("SELECT 1 FROM about WHERE name = 'moved'"):
            what, way_out = (MOVED_BACK, MOVED_BACK_WAY_OUT) if self._on_server else (MOVED, MOVED_WAY_OUT)
            raise FinalLedgerError(what, where=self._db.where, way_out=way_out)

    def require(self) -> None:
        """As `refuse_copy`; a ledger that has not noted yet where it is does so. Inside a transaction."""
        self.refuse_copy()
        if not self._noted():
            self.note()

    def _noted(self) -> str:
        rows = self._db.rows("SELECT value FROM about WHERE name = 'home'")
        return rows[0][0] if rows else ""

    def _holds_issued(self) -> bool:
        head = _issued(self._file)
        if head is None:
            return True
        rows = self._db.rows("SELECT digest FROM event WHERE seq = ?", (head[0],))
        return bool(rows) and rows[0][0].hex() == head[1]


def forget_issued(place: LedgerPlace) -> None:
    """The ledger that was there is gone, and another one takes its place."""
    remove_file(_note_file(place))


def _note_file(place: LedgerPlace) -> Path:
    return place.folder / f"{place.name}.issued"


def _issued(file: Path) -> tuple[int, str] | None:
    """Number and digest of the event that a file notes; None where there is none, or where it can't be read."""
    try:
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})\n", read_text(file, "note of what was issued"))
    except BssError:
        return None
    return (int(found[1]), found[2]) if found else None
