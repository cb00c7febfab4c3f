"""Where a ledger issues: one file on one machine, or one database of one server. A copy of it is somewhere else.

A ledger that was copied would give the serials of the original once more. So it notes where it is when it is made, and
issues nothing anywhere else until somebody says, on record, that it takes the place of the other.
"""

from __future__ import annotations

import secrets

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.connection import Database

_NOTE = "INSERT INTO about VALUES ('home', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def new_branch() -> str:
    """A random mark (8 hex digits) of what a ledger issues from now on: that of another copy is another."""
    return secrets.token_hex(4)


def note_home(connection: Database) -> None:
    """This is where the ledger issues from now on. Inside a transaction."""
    connection.execute(_NOTE, (connection.identity(),))


def is_at_home(connection: Database) -> bool:
    """Whether the ledger is where it issues; so is one that has not noted yet where that is."""
    rows = connection.rows("SELECT value FROM about WHERE name = 'home'")
    return not rows or rows[0][0] == connection.identity()


def require_home(connection: Database) -> None:
    """`RefusedError` where the ledger is a copy; one of an earlier version notes where it is. Inside a transaction."""
    if not is_at_home(connection):
        raise RefusedError(
            "this ledger was copied or moved: it has issued at another place",
            where=connection.where,
            way_out="Nothing was issued. If the other one is still in use, issue there: both would give the same "
            "serials. `bss-mfg ledger compare OTHER` tells what each has issued. If this one takes its place: "
            "`bss-mfg ledger adopt --skip-serials N --reason TEXT`.",
        )
    if not connection.rows("SELECT 1 FROM about WHERE name = 'home'"):
        note_home(connection)
