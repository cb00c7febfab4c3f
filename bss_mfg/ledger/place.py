"""Where a ledger is: a file of its workspace, or a database on a server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bss_mfg.core.home_folder import expanded
from bss_mfg.errors import InputError, RefusedError, SecretProblem, ValueProblem

_SCHEMES = ("postgresql", "postgres")
_SECRETS = {"password", "sslpassword", "oauth_client_secret"}


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """`folder` is the workspace: jobs keep there what waits on a disk. Without a `url` the ledger is the file `name` in
    it, else that database on a PostgreSQL server, and the data keys lie in the folder `keys`."""

    folder: Path
    url: str = ""
    name: str = "ledger.db"
    keys: str = ""

    @classmethod
    def of_file(cls, path: Path) -> LedgerPlace:
        """That of a file."""
        return cls(path.parent, name=path.name)

    @property
    def file(self) -> Path:
        """The ledger's file; with a `url` there is none."""
        return self.folder / self.name

    @property
    def key_folder(self) -> Path:
        """Where the wrapped data keys of a ledger on a server lie: `keys/` in the workspace unless said otherwise."""
        return self.folder / expanded(self.keys or "keys")

    def require_file(self) -> Path:
        """The ledger's file; `RefusedError` where it is on a server."""
        if self.url:
            raise RefusedError(
                "the ledger is in a database, which a copy in a file can't replace",
                where=self.words,
                way_out="Restore a backup of the database: `pg_restore`, or the server's base backup and log.",
            )
        return self.file

    @property
    def words(self) -> str:
        """It for people: the file's path, or the URL without what is only said to libpq."""
        return self.url.partition("?")[0] if self.url else str(self.file)


def checked_url(text: str) -> str:
    """The URL of a ledger on a server, or nothing; `ValueProblem` where it is no URL of PostgreSQL or has a password
    in it, which then would lie in files and lists of processes."""
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES or not re.match(r"[a-z]+://", text):
        raise ValueProblem("a ledger on a server is named as postgresql://USER@HOST/DATABASE")
    if parts.password is not None or _SECRETS & {name.lower() for name, _ in parse_qsl(parts.query)}:
        raise SecretProblem("a password does not belong into the URL: put it into a password file (~/.pgpass)")
    if not parts.path.strip("/"):
        raise ValueProblem("the URL names no database: postgresql://USER@HOST/DATABASE")
    return text


def require_url(text: str, option: str = "--ledger") -> str:
    """As `checked_url`, of what was typed; `InputError` where it is wrong."""
    try:
        return checked_url(text)
    except ValueProblem as error:
        raise InputError(str(error), where=option, way_out="Name the server, the role and its database.") from None
