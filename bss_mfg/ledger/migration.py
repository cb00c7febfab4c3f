"""Ledgers of earlier versions are brought up to date when they are opened."""

from __future__ import annotations

from bss_mfg.errors import InputError, NotPermittedError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_chain import append_events
from bss_mfg.ledger.events import LedgerMigrated
from bss_mfg.ledger.migration_steps import MIGRATION_STEPS
from bss_mfg.ledger.schema import MIGRATIONS, VERSION
from bss_mfg.model import Actor


def migrate(connection: Database, actor: Actor) -> None:
    """Bring a ledger of an earlier version up to date: one transaction, written into the history."""
    if connection.schema_version() == VERSION:
        return
    try:
        _bring_up_to_date(connection, actor)
    except NotPermittedError as error:
        raise NotPermittedError(
            "the ledger is of an earlier version of bss-mfg, and only an admin brings it up to date",
            where=error.where,
            way_out="Nothing was changed. In the office an admin of the ledger types `bss-mfg ledger grant`, with this "
            "version; until then work here with the earlier one.",
        ) from None
    except InputError as error:  # a disk that is read-only, or somebody else's
        raise InputError(
            f"the ledger is of an earlier version of bss-mfg, and can't be brought up to date: {error.what}",
            where=error.where,
            way_out="Nothing was changed. Whoever may write there opens it once with this version (`bss-mfg ledger "
            "check`), or name a copy in a folder where you may write.",
        ) from error


def _bring_up_to_date(connection: Database, actor: Actor) -> None:
    with connection.transaction():
        before = version = connection.schema_version()  # another process may have done it by now
        while version < VERSION:
            connection.run_script(MIGRATIONS[version])
            for step in MIGRATION_STEPS.get(version, ()):
                step(connection)
            version += 1
        if before < VERSION:
            connection.set_schema_version(VERSION)
            migrated = LedgerMigrated(before=before, after=VERSION)
            append_events(connection, actor, None, [(migrated.kind, migrated.to_data())])
