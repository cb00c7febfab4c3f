"""A connection to a database server, made with what a ledger relies on."""

from __future__ import annotations

import hashlib
import logging
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.ledger.postgresql_errors import connection_refused, translated_errors, url_not_understood
from bss_mfg.ledger.postgresql_schema import NAME

_log = logging.getLogger(__name__)

_CONNECT_S = 10
LEAST_CONNECT_S = 2
"""The shortest time to connect in that libpq takes."""
_IDLE_S = 300
"""A transaction in which nothing happens for so long is ended, so that who lost its network keeps nobody waiting."""
_STATEMENT_S = 900

_SESSION = f"""
SET search_path = {NAME};
SET statement_timeout = '{_STATEMENT_S}s';
SET idle_in_transaction_session_timeout = '{_IDLE_S}s';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');
"""


END_TRANSACTION = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user "
    "AND datname = current_database() AND backend_xid::text::bigint = CAST(%s AS numeric) %% 4294967296"
)
"""Ends the connection of a transaction, by its number, which only its own user may. One that is just being committed
becomes whole, or is rolled back."""


class _WholeNumber(Loader):
    """A sum of numbers: PostgreSQL's is of a type without bounds."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


def new_session(place: LedgerPlace, connect_s: int = _CONNECT_S) -> psycopg.Connection[Any]:
    """A connection to the database of a place, with the settings that a ledger needs."""
    _log.debug("opening %s", place.words)
    try:
        given = conninfo_to_dict(place.url)
    except psycopg.ProgrammingError as error:
        raise url_not_understood(error, place.words) from None
    host = str(given.get("host") or "")
    local = not host or host.startswith(("/", "@"))
    settings: dict[str, str | int | None] = {
        "connect_timeout": connect_s,
        "fallback_application_name": "bss-mfg",
        "client_encoding": "UTF8",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        **({} if local else {"sslmode": "verify-full"}),
    }
    try:
        database = psycopg.connect(make_conninfo("", **cast(dict[str, Any], {**settings, **given})), autocommit=True)
    except psycopg.OperationalError as error:
        raise connection_refused(error, place.words) from None
    except psycopg.ProgrammingError as error:
        raise url_not_understood(error, place.words) from None
    database.adapters.register_loader("numeric", _WholeNumber)
    with translated_errors(place.words):
        database.execute(_SESSION)
    return database


def lock_number(name: str) -> int:
    """A lock's number: the server's locks are of one database, and have numbers for names."""
    return int.from_bytes(hashlib.sha256(b"bss-mfg lock|" + name.encode()).digest()[:8], "big", signed=True)


def take_lock(session: psycopg.Connection[Any], number: int, wait_s: float) -> bool:
    """Take a lock of the server for a session, waiting for at most so long; whether it has it.

    Who waits stands in the server's queue: asking again and again, it would be passed over by whoever gives the lock
    back and wants it once more.
    """
    ((taken,),) = session.execute("SELECT pg_try_advisory_lock(%s::bigint)", (number,)).fetchall()
    if taken or not wait_s:
        return bool(taken)
    try:
        with session.transaction():  # the lock outlives it, the setting does not
            session.execute("SELECT set_config('lock_timeout', %s, true)", (f"{max(round(wait_s * 1000), 1)}ms",))
            session.execute("SELECT pg_advisory_lock(%s::bigint)", (number,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


class Notices:
    """What a session listens to. A new session listens to nothing yet."""

    def __init__(self) -> None:
        self._session: psycopg.Connection[Any] | None = None
        self._topics: set[str] = set()

    def wait(self, session: psycopg.Connection[Any], topic: str, wait_s: float) -> None:
        """Wait for a notice of a topic, at most so long; not at all the first time, for what came before was not
        heard."""
        if self._session is not session:
            self._session, self._topics = session, set()
        if topic not in self._topics:
            session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(topic)))
            self._topics.add(topic)
            return
        for _ in session.notifies(timeout=wait_s, stop_after=1):
            pass
