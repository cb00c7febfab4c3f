"""PostgreSQL's errors in plain words. No value of a row is ever quoted: the server's details may hold some."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import psycopg
from psycopg import errors

from bss_mfg.core.shell_words import shell_word
from bss_mfg.core.text import printable
from bss_mfg.errors import (
    BssError,
    FinalLedgerError,
    InputError,
    LedgerError,
    Location,
    MissingError,
    NotPermittedError,
)
from bss_mfg.ledger.postgresql_roles import RIGHTS, roles_that_may
from bss_mfg.ledger.postgresql_schema import PERMANENT
from bss_mfg.ledger.schema import MOVED_BACK
from bss_mfg.ledger.ways_out import MOVED_BACK_WAY_OUT

_AGAIN = "then run the same command again"
_NOTHING = "Nothing was changed."
WHERE_IT_IS_KEPT = (
    "Put it into a password file (`~/.pgpass`, or the file that PGPASSFILE names; only you may read it), a line "
    "HOST:PORT:DATABASE:USER:PASSWORD."
)


@contextlib.contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Turn PostgreSQL's errors into ours."""
    try:
        yield
    except (psycopg.Error, UnicodeError) as error:
        raise translate_error(error, where) from None


def translate_error(error: psycopg.Error | UnicodeError, where: str) -> BssError:
    """An error of PostgreSQL in plain words."""
    if isinstance(error, UnicodeError):  # a name that was typed, of bytes that are no text
        name = str(error.object) if isinstance(error, UnicodeEncodeError) else ""
        return InputError(f"{printable(name, 60)!r} is not UTF-8 text", way_out="Type or scan it again.")
    state, place = error.sqlstate or "", Location(where)
    if isinstance(error, errors.UniqueViolation):
        return LedgerError(
            f"would be issued twice ({_constraint(error)})",
            where=place,
            way_out="The ledger refused it and changed nothing. Files and running numbers are compared before, so "
            "another process issued the same at this moment, or the random generator is broken. Run the command "
            "again; if it says this twice, stop the line.",
        )
    if state == PERMANENT and error.diag.message_primary == MOVED_BACK:
        return FinalLedgerError(MOVED_BACK, where=place, way_out=MOVED_BACK_WAY_OUT)
    if state == PERMANENT:
        return LedgerError(
            f"the ledger refused to change what is permanent: {error.diag.message_primary}",
            where=place,
            way_out="Nothing was changed. If this was an identity that `import-issued` brought in, leave it out; "
            "else please report this.",
        )
    if state.startswith("23"):
        return LedgerError("the ledger refused an inconsistent entry", where=place, way_out="Please report this.")
    if state in ("53100", "58030"):
        return MissingError(
            "the database server has no room left on its disk, or the disk failed",
            where=place,
            way_out=f"{_NOTHING} Whoever looks after the server frees some space or checks the disk; {_AGAIN}.",
        )
    if state in ("55P03", "57014", "40001", "40P01", "53300"):
        return LedgerError(
            "other commands keep the database server busy",
            where=place,
            way_out=f"{_NOTHING} Let them finish, {_AGAIN}.",
        )
    if state == "25006":
        return LedgerError(
            "the database server is a copy that can't be written to",
            where=place,
            way_out="Name the server that is written to (`url` in bss-mfg.toml).",
        )
    if state == "42501":
        return InputError(
            "the database server refuses this user the right to do that",
            where=place,
            way_out="Whoever looks after the server grants it: who makes a ledger must own the database.",
        )
    if state in ("42P01", "42883", "42703", "3F000") or state.startswith("XX00"):
        return LedgerError("is damaged", where=place, way_out="Restore a backup of the database.")
    if state.startswith(("08", "57P", "25P03")) or (isinstance(error, psycopg.OperationalError) and not state):
        return lost_connection(where)
    if isinstance(error, psycopg.DataError):  # a NUL, which no text there may hold
        return InputError("a text holds a character that can't be kept", where=place, way_out="Type or scan it again.")
    return LedgerError(
        f"PostgreSQL failed ({state or type(error).__name__})", where=place, way_out="Run `bss-mfg doctor`."
    )


def lost_connection(where: str) -> MissingError:
    """The connection broke, and what was under way was rolled back by the server."""
    return MissingError(
        "the connection to the database server was lost",
        where=where,
        way_out=f"{_NOTHING} See whether the server runs and the network is up, {_AGAIN}.",
    )


def not_permitted(where: str, user: str, roles: Sequence[str]) -> NotPermittedError:
    """The database refuses a user what only some roles may do."""
    return NotPermittedError(
        f"the database user {user} may not do that: it takes the role {' or '.join(roles)}",
        where=where,
        way_out="Nothing was changed. An admin of the ledger gives it: "
        f"`bss-mfg ledger grant {roles[0]} --to {shell_word(user)}`; or run the command at a station that has it.",
    )


def refused_statement(where: str, user: str, sql: str) -> NotPermittedError:
    """The database refuses a user a statement. One that every role may run is of a newer version than their rights."""
    roles = roles_that_may(sql)
    if set(roles) != set(RIGHTS):
        return not_permitted(where, user, roles)
    return NotPermittedError(
        "the rights of its roles are those of an earlier version of bss-mfg",
        where=where,
        way_out=f"{_NOTHING} An admin of the ledger renews them: `bss-mfg ledger grant`, typed in the office.",
    )


def unknown_commit(where: str) -> MissingError:
    """The connection broke while a commit was under way, and the server can't be asked what became of it."""
    return MissingError(
        "the connection to the database server was lost while it committed, and it can't be asked what became of it",
        where=where,
        way_out="It is done whole or not at all. Once the server runs, `bss-mfg history` of the batch shows whether it "
        "was done; if not, run the same command again.",
    )


def url_not_understood(error: psycopg.Error, where: str) -> InputError:
    """What is wrong with a URL, in libpq's words. No password is in it: such a URL is refused before."""
    return InputError(
        f"the URL of the database is not understood: {printable(str(error).strip(), 200)}",
        where=Location(where),
        way_out="It is postgresql://USER@HOST:PORT/DATABASE?NAME=VALUE&..., with %20 for a space; see `url` in "
        "bss-mfg.toml, or what was typed.",
    )


def connection_refused(error: psycopg.OperationalError, where: str) -> BssError:
    """Why no connection could be made. The server has no error codes for it here, so this asks libpq what it knows, and
    looks at words only for what it doesn't; other languages' servers end at the last one, with their own words."""
    lines = str(error).strip().splitlines() or [""]
    said = printable(next((line for line in lines if "failed: " in line), lines[0]).rpartition("failed: ")[2], 200)
    known, place = error.pgconn, Location(where)
    if known is not None and known.needs_password:
        return MissingError("the database server asks for a password", where=place, way_out=WHERE_IT_IS_KEPT)
    if known is not None and known.used_password:
        return InputError(
            "the database server does not take the password",
            where=place,
            way_out=f"{WHERE_IT_IS_KEPT} See that it is the one of that user.",
        )
    if "certificate" in said or "SSL" in said or "encryption" in said:
        return InputError(
            f"no connection by TLS that both sides trust: {said}",
            where=place,
            way_out="The server must offer TLS with a certificate for its name, and this computer needs the authority "
            "that signed it: `~/.postgresql/root.crt`, or `sslrootcert=FILE` in the URL (`sslrootcert=system`: the "
            "system's). Only a local socket goes without.",
        )
    if "does not exist" in said:
        return MissingError(
            f"the database server says: {said}",
            where=place,
            way_out="Whoever looks after the server makes the role and its database: "
            "`createuser NAME`, `createdb --owner NAME DATABASE`.",
        )
    if "too many" in said or "starting up" in said or "shutting down" in said:
        return LedgerError(f"the database server says: {said}", where=place, way_out=f"Wait, {_AGAIN}.")
    return MissingError(
        f"the database server can't be reached: {said}",
        where=place,
        way_out=f"See whether it runs, whether its name and port are right, and whether it lets this computer in; "
        f"{_AGAIN}.",
    )


def _constraint(error: errors.UniqueViolation) -> str:
    """What would come twice, as SQLite tells it: table and column."""
    table, name = error.diag.table_name or "", error.diag.constraint_name or ""
    column = name.removeprefix(f"{table}_").removesuffix("_key")
    return f"{table}.{column}" if table and column != "pkey" else table or "?"
