"""PostgreSQL behind the door: one way to open a ledger on a server, one way to write to it.

Who writes has the ledger alone: every transaction first takes one lock of the ledger, so that what a store looked at
before it writes is still so, serials have no gap, and the history is one chain. It is held by the server and ends with
the connection. Readers never wait.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus

from bss_mfg.errors import BssError, LedgerError, RefusedError
from bss_mfg.ledger.connection import Values
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.postgresql_errors import (
    lost_connection,
    refused_statement,
    translate_error,
    translated_errors,
    unknown_commit,
)
from bss_mfg.ledger.postgresql_roles import UNDUE
from bss_mfg.ledger.postgresql_schema import MISPLACED, NAME, guard_imports_script, script, trigger_names
from bss_mfg.ledger.postgresql_session import END_TRANSACTION, Notices, lock_number, new_session, take_lock
from bss_mfg.ledger.postgresql_sql import PlainInsert, plain_insert, reads_secrets, translated
from bss_mfg.ledger.value_check import values_error, wrong_forms

_log = logging.getLogger(__name__)

_WAIT_FOR_LEDGER_S = 60
_RESOLVE_S = 30.0
"""How long the server is asked what became of a commit whose answer was lost."""
_ROWS_AT_ONCE = 500
_FEW = 8
"""Up to so many rows are inserted by statements; for more COPY is quicker."""


class PostgresConnection:
    """An open ledger on a server."""

    def __init__(self, database: psycopg.Connection[Any], place: LedgerPlace) -> None:
        self._database = database
        self._place = place
        self._open = False
        self._held: list[int] = []
        self._appended: tuple[int, bytes] | None = None
        self._notices = Notices()
        self._types: dict[str, list[tuple[str, str]]] = {}

    @property
    def where(self) -> str:
        """What error messages name: the database."""
        return self._place.words

    @property
    def user(self) -> str:
        """Who works here: a user of the database."""
        return str(self._database.info.user)

    @property
    def database(self) -> str:
        """The database's name."""
        return str(self._database.info.dbname)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._open

    # --- reading and writing ----------------------------------------------------------------------------------------

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""
        cursor = self._run(sql, values)
        try:
            return cursor.fetchall() if cursor.description else []
        except (psycopg.Error, UnicodeError) as error:
            raise translate_error(error, self.where) from None

    def each(self, sql: str, values: Values = ()) -> Iterator[Any]:
        """The rows of a query one by one, all of one moment. The server keeps them; nobody waits meanwhile."""
        self._refuse_secrets(sql)
        with translated_errors(self.where):
            cursor = self._database.cursor("each", withhold=not self.in_transaction)
        with cursor:
            with self._translated(sql):
                cursor.execute(translated(sql), _given(values))
            while True:
                with translated_errors(self.where):
                    some = cursor.fetchmany(_ROWS_AT_ONCE)
                if not some:
                    return
                yield from some

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run one statement; how many rows it changed."""
        return self._run(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of the rows."""
        self._refuse_secrets(sql)
        waiting = iter(rows)
        first = list(islice(waiting, _FEW + 1))
        if not first:
            return
        insert = plain_insert(sql) if len(first) > _FEW else None
        with self._translated(sql):
            if insert:
                self._copy(insert, chain(first, waiting))
            else:
                self._database.cursor().executemany(translated(sql), chain(first, waiting))

    def stream(self, sql: str, values: Sequence[object], size: int, after: int = 0) -> Iterator[list[Any]]:
        """Rows in slices by a key in the first column."""
        while rows := self.rows(sql, (*values, after, size)):
            yield rows
            after = rows[-1][0]

    @contextlib.contextmanager
    def moment(self) -> Iterator[None]:
        """All that is read inside is of one moment; nobody waits meanwhile."""
        if self._open:  # whose it is already
            yield
            return
        with translated_errors(self.where):
            self._database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._open = True
        try:
            yield
        finally:
            self._open = False
            with contextlib.suppress(psycopg.Error):
                self._database.execute("ROLLBACK")  # nothing was written

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed as one, or nothing is. Writers queue at the ledger's lock, in order."""
        if self._open:
            raise RuntimeError("a transaction is open already")
        asked = begun = time.monotonic()
        try:
            number = self._begin()
            self._appended = None
            begun, self._open = time.monotonic(), True
            yield
        except BaseException:
            self._open = False
            _log.info("rolled back after %.3f s", time.monotonic() - begun)
            with contextlib.suppress(psycopg.Error):
                self._database.execute("ROLLBACK")
            raise
        self._open = False
        self._commit(number)
        _log.info("committed: waited %.3f s, took %.3f s", begun - asked, time.monotonic() - begun)

    def note_appended(self, seq: int, digest: bytes) -> None:
        """The newest event of the open transaction. After a crash the server gives numbers of transactions again, so
        only this tells whether one was committed."""
        self._appended = (seq, digest)

    def notify(self, topic: str) -> None:
        """The server tells all who listen, once this is committed."""
        self._run("SELECT pg_notify(?, '')", (topic,))

    def wait_for_notice(self, topic: str, wait_s: float) -> None:
        """Wait for the server to tell, at most so long."""
        with translated_errors(self.where):
            self._notices.wait(self._database, topic, wait_s)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _run(self, sql: str, values: Values) -> psycopg.Cursor[Any]:
        self._refuse_secrets(sql)
        with self._translated(sql):
            return self._database.execute(translated(sql), _given(values))

    @contextlib.contextmanager
    def _translated(self, sql: str) -> Iterator[None]:
        """The errors of a statement; of one that this user may not run, which role may."""
        with translated_errors(self.where):
            try:
                yield
            except psycopg.errors.InsufficientPrivilege:
                raise refused_statement(self.where, self.user, sql) from None

    def _refuse_secrets(self, sql: str) -> None:
        if reads_secrets(sql):
            raise LedgerError("the ledger was not opened for keys", where=self.where, way_out="Please report this.")

    def _begin(self) -> str:
        """Begin a transaction and wait for the ledger's lock; the number that the server knows the transaction by."""
        with translated_errors(self.where):
            cursor = self._database.execute(
                f"BEGIN; SET LOCAL lock_timeout = '{_WAIT_FOR_LEDGER_S}s'; "
                f"SELECT pg_advisory_xact_lock({lock_number('ledger')}); SELECT pg_current_xact_id()::text"
            )
            while cursor.nextset():
                pass
            return str(cursor.fetchall()[0][0])

    def _commit(self, number: str) -> None:
        """Commit; where the answer is lost with the connection, find out what became of it."""
        try:
            self._database.execute("COMMIT")
        except psycopg.Error as error:
            if not self._database.closed:
                with contextlib.suppress(psycopg.Error):
                    self._database.execute("ROLLBACK")
                raise translate_error(error, self.where) from None
            self._find_out(number)
        else:
            if self._database.info.transaction_status != TransactionStatus.IDLE:
                raise lost_connection(self.where)

    def _find_out(self, number: str) -> None:
        """Whether a transaction whose answer was lost was committed. Returns if it was."""
        until = time.monotonic() + _RESOLVE_S
        state: str | None = None
        while state not in ("committed", "aborted"):
            if state == "not known" or time.monotonic() > until:
                raise unknown_commit(self.where)
            try:
                if self._database.closed:
                    self._database = new_session(self._place)
                ((state,),) = self._database.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchall()
                if state == "in progress":  # the server has not noticed yet, and nobody else may write meanwhile
                    self._database.execute(END_TRANSACTION, (number,))
                elif state == "committed":
                    state = self._what_became_of_it()
            except (psycopg.Error, BssError):
                _log.debug("asking what became of a commit: not yet")
            time.sleep(0.1)  # the old connection may not have ended yet
        if state == "aborted":
            raise lost_connection(self.where)
        _log.info("a commit whose answer was lost had been made")
        self._take_back_locks()

    def _what_became_of_it(self) -> str:
        """What the newest event of the last transaction tells; its number may be another transaction's by now."""
        if self._appended is None:
            return "not known"
        seq, digest = self._appended
        found = self._database.execute(f"SELECT digest FROM {NAME}.event WHERE seq = %s", (seq,)).fetchall()  # noqa: S608
        return "committed" if [bytes(one) for (one,) in found] == [digest] else "aborted"

    def _take_back_locks(self) -> None:
        """The names that were held went with the old connection; `LedgerError` where another took one meanwhile."""
        for number in self._held:
            if not self.rows("SELECT pg_try_advisory_lock(?::bigint)", (number,))[0][0]:
                raise LedgerError(
                    "the connection was lost, and another command works on the same batch since",
                    where=self.where,
                    way_out="What was done until then is recorded. Let it finish, then run this command again.",
                )

    def _copy(self, insert: PlainInsert, rows: Iterable[Sequence[object]]) -> None:
        columns = self._columns(insert)
        names = ", ".join(name for name, _ in columns)
        with self._database.cursor().copy(f"COPY {insert.table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([kind for _, kind in columns])
            if all(value is None for value in insert.values):
                for row in rows:
                    copy.write_row(row)
            else:
                for row in rows:
                    given = iter(row)
                    copy.write_row([next(given) if value is None else value for value in insert.values])

    def _columns(self, insert: PlainInsert) -> list[tuple[str, str]]:
        """The columns of an insert, each with its type."""
        if insert.table not in self._types:
            self._types[insert.table] = self._database.execute(
                "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                (insert.table,),
            ).fetchall()
        known = self._types[insert.table]
        return [(name, dict(known)[name]) for name in insert.columns] or known[: len(insert.values)]

    # --- what PostgreSQL does in its own way ------------------------------------------------------------------------

    @contextlib.contextmanager
    def bulk_load(self) -> Iterator[None]:
        """The server looks after its own memory."""
        yield

    def guard_imports(self) -> None:
        """From now on, refuse units whose identity was imported."""
        self.run_script("", prepared=guard_imports_script())

    def scrub(self) -> None:
        """Nothing: what is to be destroyed lies in the key folder."""

    def with_secrets(self) -> PostgresConnection:
        """The same database to who may read keys."""
        return _WithSecrets(self)

    def schema_error(self) -> LedgerError | None:
        """None: who may change it is the server's to say."""

    def values_error(self, *, events: bool = True) -> LedgerError | None:
        """Of forms alone: the server keeps types."""
        return values_error(wrong_forms(self), self.where)

    def check_integrity(self) -> None:
        """Whether each row has its owner, and all that guards the ledger is there and in force. Pages that were
        damaged on the disk are found by the server's own checksums when they are read."""
        guarding = {
            name
            for (name,) in self.rows(
                "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE c.relnamespace = to_regnamespace(?) AND t.tgenabled <> 'D'",
                (NAME,),
            )
        }
        if missing := sorted(set(trigger_names()) - guarding):
            raise LedgerError(
                "what guards the history was taken away",
                where=self.where,
                problems=missing[:10],
                way_out="Someone changed the database. Keep it as evidence and restore a backup.",
            )
        with translated_errors(self.where):
            undue = self._database.execute(UNDUE).fetchall()
        if undue:
            raise LedgerError(
                "others than its admins have rights that no role gives",
                where=self.where,
                problems=[f"{who}: {what}" for what, who in undue[:10]],
                way_out=f"An admin takes them away, with psql: `REVOKE ALL ON ALL TABLES IN SCHEMA {NAME} FROM "
                f"{undue[0][1]}`. Then `bss-mfg ledger grant` renews what the roles have.",
            )
        if any(self.rows(query) for query in MISPLACED):
            raise LedgerError("is damaged", where=self.where, way_out="Restore a backup of the database.")

    def copy_to(self, target: Path, pages: int = -1) -> None:
        """`RefusedError`: the server's own tools do it."""
        raise RefusedError(
            "a ledger on a database server is not copied into a file",
            where=self.where,
            way_out="Back up the database: `pg_dump`, or base backups with the server's archive of its log.",
        )

    def identity(self) -> str:
        """The server's cluster and the database's number in it, which a restored dump has not."""
        return str(
            self.rows(
                "SELECT system_identifier::text || ':' || oid::text FROM pg_control_system(), pg_database "
                "WHERE datname = current_database()"
            )[0][0]
        )

    @contextlib.contextmanager
    def named_lock(self, name: str, busy_message: str, wait_s: float) -> Iterator[None]:
        """A lock of the server, which ends with the connection. Who waits for it stands in the server's queue."""
        number = lock_number(name)
        with translated_errors(self.where):
            taken = take_lock(self._database, number, wait_s)
        if not taken:
            raise LedgerError(busy_message, way_out="Let it finish, then run this command again.")
        self._held.append(number)
        try:
            yield
        finally:
            self._held.remove(number)
            with contextlib.suppress(psycopg.Error):
                self._database.execute("SELECT pg_advisory_unlock(%s::bigint)", (number,))

    def has_schema(self) -> bool:
        """Whether the database holds a ledger."""
        return bool(self.rows("SELECT to_regnamespace(?) IS NOT NULL", (NAME,))[0][0])

    def schema_version(self) -> int:
        """The version of its schema."""
        return int(self.rows("SELECT value FROM about WHERE name = 'schema_version'")[0][0])

    def set_schema_version(self, version: int) -> None:
        """Note the version."""
        self.execute("UPDATE about SET value = ? WHERE name = 'schema_version'", (str(version),))

    def run_script(self, script_text: str, *, prepared: str = "") -> None:
        """Run the statements of a script of the schema, or of one that is PostgreSQL's already, as the ledger's owner:
        what an admin makes belongs to all of them."""
        owner = self.rows("SELECT quote_ident(pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = ?", (NAME,))
        with self._translated(""):
            if owner:
                self._database.execute(cast(Any, f"SET LOCAL ROLE {owner[0][0]}"))
            self._database.execute(cast(Any, prepared or script(script_text)))
            self._database.execute("SET LOCAL ROLE NONE")

    def run_administration(self, prepared: str) -> None:
        """Run statements that make or change roles, as who works here."""
        self._database.execute(cast(Any, prepared))


class _WithSecrets(PostgresConnection):
    """A view of a connection through which keys may be read."""

    def __init__(self, owner: PostgresConnection) -> None:
        self._owner = owner
        self._place = owner._place
        self._types = owner._types

    @property
    def _database(self) -> psycopg.Connection[Any]:  # type: ignore[override]
        return self._owner._database

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._owner.in_transaction

    def transaction(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """The owner's."""
        return self._owner.transaction()

    def note_appended(self, seq: int, digest: bytes) -> None:
        """Of the owner's transaction."""
        self._owner.note_appended(seq, digest)

    def moment(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """The owner's."""
        return self._owner.moment()

    def _refuse_secrets(self, sql: str) -> None:
        pass


def _given(values: Values) -> Any:
    return values if isinstance(values, dict) else tuple(cast(Sequence[object], values))
