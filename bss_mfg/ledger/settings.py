"""The store of what holds for the whole ledger (table `about`)."""

from __future__ import annotations

import json

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.event_kind import EventKind


class SettingsStore:
    """Which vault key and which officer the ledger's data keys are sealed to."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def ledger_id(self) -> str:
        """What tells this ledger from others: a UUID from when it was made."""
        return str(self._db.rows("SELECT value FROM about WHERE name = 'ledger_id'")[0][0])

    def vault_id(self) -> str:
        """The id of the vault key that the data keys are wrapped under."""
        return str(self._db.rows("SELECT value FROM about WHERE name = 'vault_id'")[0][0])

    def vault_kind(self) -> str | None:
        """How the vault key was kept when it was last changed; None in a ledger from before version 5."""
        rows = self._db.rows("SELECT value FROM about WHERE name = 'vault_kind'")
        return rows[0][0] if rows else None

    def remember_vault(self, vault_id: str, kind: str) -> None:
        """Note the vault key in force, and how it is kept, inside the caller's transaction."""
        self._db.many(
            "INSERT INTO about VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [("vault_id", vault_id), ("vault_kind", kind)],
        )

    def recipient_pem(self) -> str | None:
        """The public key (PEM) of the officer to whom data keys are sealed besides, if there is one."""
        rows = self._db.rows("SELECT value FROM about WHERE name = 'recipient'")
        return rows[0][0] if rows else None

    def recipient_said(self) -> str:
        """The fingerprint of that officer by the history; empty for none."""
        rows = self._db.rows(
            "SELECT data FROM event WHERE batch IS NULL AND kind = ? ORDER BY seq DESC LIMIT 1",
            (str(EventKind.RECIPIENT_SET),),
        )
        return str(json.loads(rows[0][0])["fingerprint"]) if rows else ""

    def policy_noted(self) -> str:
        """`N:hex` of the event by which the two-person policy in force was set; empty where none was."""
        rows = self._db.rows("SELECT value FROM about WHERE name = 'two_persons'")
        return str(rows[0][0]) if rows else ""

    def note_policy(self, event: str) -> None:
        """Note that event, inside the caller's transaction. On a server only admins may."""
        self._db.execute(
            "INSERT INTO about VALUES ('two_persons', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (event,),
        )
