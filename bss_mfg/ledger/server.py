"""The way to a ledger on a database server, which needs an extra of the package."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import ModuleType

from bss_mfg.errors import MissingError, RefusedError
from bss_mfg.installation import how_to_add
from bss_mfg.ledger.connection import Connection, Database
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.model import Actor


def connect_server(place: LedgerPlace) -> Database:
    """Open the ledger of a server."""
    database: Database = _door().opened(place)
    return database


def connect_server_to_look(place: LedgerPlace, patience_s: float) -> Connection:
    """Open the ledger of a server to read a few names."""
    database: Connection = _door().opened_to_look(place, patience_s)
    return database


def created_on_server(place: LedgerPlace) -> AbstractContextManager[Database]:
    """A new ledger in a database that has none, to be filled: whole with the end of the block, or not at all."""
    made: AbstractContextManager[Database] = _door().created(place)
    return made


def holds_ledger(place: LedgerPlace) -> bool:
    """Whether a ledger lies in the database of a place."""
    return bool(_door().holds_ledger(place))


def remove_from_server(place: LedgerPlace) -> None:
    """Remove a ledger from its database: a copy that nobody worked with."""
    _door().remove(place)


def grant_role(place: LedgerPlace, role: str | None, user: str | None, actor: Actor) -> bool:
    """Make the roles of a ledger, or renew their rights, and give one to a user of the database; whether that is an
    admin, whom no other role restricts."""
    return bool(_door().grant_role(_on_server(place), role, user, actor))


def roles_script(place: LedgerPlace, role: str | None, user: str | None) -> str:
    """The SQL that does it."""
    return str(_door().roles_script(_on_server(place), role, user))


def _on_server(place: LedgerPlace) -> LedgerPlace:
    if not place.url:
        raise RefusedError(
            "a ledger in a file has no roles: who may write the file may do all",
            where=place.words,
            way_out="`bss-mfg ledger move --to URL` moves it into a database.",
        )
    return place


def _door() -> ModuleType:
    try:
        from bss_mfg.ledger import postgresql_administration
    except ImportError:
        raise MissingError("a ledger on a database server needs psycopg", way_out=how_to_add("postgres")) from None
    return postgresql_administration
