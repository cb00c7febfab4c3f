"""Ledgers on a server made and removed, and who may work with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from bss_mfg.core.shell_words import shell_word
from bss_mfg.errors import FinalLedgerError, InputError, LedgerError, RefusedError
from bss_mfg.ledger.event_chain import append_events
from bss_mfg.ledger.events import RoleGranted
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.postgresql import PostgresConnection
from bss_mfg.ledger.postgresql_errors import not_permitted
from bss_mfg.ledger.postgresql_roles import Grant, Role, RoleNames, grants_script
from bss_mfg.ledger.postgresql_schema import KEYS_OUTSIDE, NAME, keys_outside_script, schema_script
from bss_mfg.ledger.postgresql_session import LEAST_CONNECT_S, new_session
from bss_mfg.ledger.schema import VERSION
from bss_mfg.model import Actor


def opened(place: LedgerPlace) -> PostgresConnection:
    """Open the ledger of a server."""
    connection = _connected(place)
    try:
        if not _keys_are_outside(connection):
            _carry_keys_out(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def opened_to_look(place: LedgerPlace, patience_s: float) -> PostgresConnection:
    """Open the ledger of a server to read a few names: whatever its version is, and no statement takes longer."""
    connection = PostgresConnection(new_session(place, LEAST_CONNECT_S), place)
    try:
        connection.execute("SELECT set_config('statement_timeout', ?, false)", (f"{round(patience_s * 1000)}ms",))
    except BaseException:
        connection.close()
        raise
    return connection


def holds_ledger(place: LedgerPlace) -> bool:
    """Whether a ledger lies in the database."""
    with contextlib.closing(PostgresConnection(new_session(place), place)) as connection:
        return connection.has_schema()


@contextlib.contextmanager
def created(place: LedgerPlace) -> Iterator[PostgresConnection]:
    """A new ledger in a database that has none, to be filled: whole with the end of the block, or not at all."""
    connection = PostgresConnection(new_session(place), place)
    with contextlib.closing(connection):
        ((encoding,),) = connection.rows("SELECT current_setting('server_encoding')")
        if connection.has_schema():
            raise RefusedError(
                "the database holds a ledger already",
                where=connection.where,
                way_out="Nothing was changed. Make another database, or name the workspace that the ledger belongs to.",
            )
        if encoding != "UTF8":
            raise RefusedError(
                f"the database keeps texts as {encoding}",
                where=connection.where,
                way_out="Make one with `createdb --encoding UTF8 --template template0`.",
            )
        with connection.transaction():
            connection.run_script("", prepared=f"CREATE SCHEMA {NAME}; {schema_script()}")
            connection.execute("INSERT INTO about VALUES ('schema_version', ?)", (str(VERSION),))
            yield connection


def remove(place: LedgerPlace) -> None:
    """Remove a ledger: a copy that nobody worked with."""
    with contextlib.closing(PostgresConnection(new_session(place), place)) as connection, connection.transaction():
        connection.run_script("", prepared=f"DROP SCHEMA {NAME} CASCADE")


def roles_script(place: LedgerPlace, role: Role | None, user: str | None) -> str:
    """The SQL that makes a ledger's roles, or renews their rights, and gives one to a user; a transaction of its own,
    for whoever looks after the server."""
    with contextlib.closing(_connected(place)) as connection:
        return f"BEGIN;\n{_script(connection, _grant(role, user))}\nCOMMIT;\n"


def grant_role(place: LedgerPlace, role: Role | None, user: str | None, actor: Actor) -> bool:
    """Run that. Whether the user is an admin of the ledger, whom no other role restricts. `InputError` where this user
    of the database may not do it, or the other is not there."""
    grant = _grant(role, user)
    with contextlib.closing(_connected(place)) as connection:
        script = _script(connection, grant)
        if grant and not connection.rows("SELECT 1 FROM pg_roles WHERE rolname = ?", (grant.user,)):
            raise InputError(
                f"the server has no user {grant.user!r}",
                where=connection.where,
                way_out=f"Whoever looks after it makes one: `createuser --pwprompt {shell_word(grant.user)}`.",
            )
        with connection.transaction():
            try:
                connection.run_administration(script)
            except psycopg.errors.InsufficientPrivilege:
                raise _not_enough(connection, grant) from None
            if grant:
                record = RoleGranted(role=grant.role, to=grant.user)
                append_events(connection, actor, None, [(record.kind, record.to_data())])
        if grant is None:
            return False
        ((rules,),) = connection.rows(
            "SELECT pg_has_role(CAST(? AS name), nspowner, 'USAGE') FROM pg_namespace WHERE nspname = ?",
            (grant.user, NAME),
        )
        return bool(rules)


def _keys_are_outside(connection: PostgresConnection) -> bool:
    query = "SELECT 1 FROM pg_constraint WHERE conname = ? AND connamespace = to_regnamespace(?)"
    return bool(connection.rows(query, (KEYS_OUTSIDE, NAME)))


def _carry_keys_out(connection: PostgresConnection, place: LedgerPlace) -> None:
    """Ledgers that were made before there was a key folder hold the wrapped keys. Copies stay in old rows and in the
    server's log: `vault rekey` makes them worthless."""
    with connection.transaction():
        if _keys_are_outside(connection):
            return
        ((ledger_id,),) = connection.rows("SELECT value FROM about WHERE name = 'ledger_id'")
        folder, secrets = KeyFolder(place.key_folder, ledger_id), connection.with_secrets()
        folder.prepare()
        for table, named in (("batch", "id"), ("own_key", "name")):
            keys = secrets.rows(
                f"SELECT {named}, wrapped_key, recovery_key FROM {table} WHERE wrapped_key IS NOT NULL"  # noqa: S608 (fixed texts)
            )
            secrets.many(
                f"UPDATE {table} SET wrapped_key = ?, recovery_key = NULL WHERE {named} = ?",  # noqa: S608 (fixed texts)
                [(folder.put(name, WrappedKey(wrapped, recovery)), name) for name, wrapped, recovery in keys],
            )
        connection.run_script("", prepared=keys_outside_script())


def _grant(role: Role | None, user: str | None) -> Grant | None:
    return Grant(role, user) if role and user else None


def _script(connection: PostgresConnection, grant: Grant | None) -> str:
    ((database, owner),) = connection.rows(
        "SELECT current_database(), pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = ?", (NAME,)
    )
    return grants_script(RoleNames.of(database, owner), grant)


def _not_enough(connection: PostgresConnection, grant: Grant | None) -> InputError:
    given = f" {grant.role} --to {shell_word(grant.user)}" if grant else ""
    return InputError(
        f"the database user {connection.user} may not make roles here, or isn't an admin of the ledger",
        where=connection.where,
        way_out="Nothing was changed. Whoever looks after the server runs what this prints: "
        f"`bss-mfg ledger grant{given} --show`, with `psql --username postgres {shell_word(connection.database)}`.",
    )


def _connected(place: LedgerPlace) -> PostgresConnection:
    """A connection to a ledger that is there, and of a version that this program knows."""
    connection = PostgresConnection(new_session(place), place)
    try:
        _check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: PostgresConnection) -> None:
    if not connection.has_schema():
        raise LedgerError(
            "the database holds no ledger",
            where=connection.where,
            way_out="Is it the right one (`url` in bss-mfg.toml)? If the ledger is lost, restore a backup of the "
            "database. A new ledger would forget what was issued.",
        )
    if not connection.rows("SELECT has_schema_privilege(?, 'USAGE')", (NAME,))[0][0]:
        raise not_permitted(connection.where, connection.user, ["operator", "qa", "keys"])
    if (version := connection.schema_version()) > VERSION:
        raise FinalLedgerError(
            f"was written by a newer bss-mfg (schema {version}, this program knows {VERSION})",
            where=connection.where,
            way_out="Use the newer program.",
        )
