"""The store of wrapped data keys: in the ledger's file, or, of a ledger on a server, in its key folder. Only the store
of keys opens it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bss_mfg.errors import MissingError
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey

_BOUND_DIGITS = 32


class WrappedKeyStore:
    """Data keys as they are stored, by the ids of their batches; the names of the ledger's own begin with a dot."""

    def __init__(self, connection: Database, folder: KeyFolder | None) -> None:
        self._db = connection
        self._folder = folder

    def columns(self, name: str, key: WrappedKey) -> tuple[bytes, bytes | None]:
        """What the database holds of a key. With a key folder it is kept there first: a transaction that is rolled back
        leaves a file that nothing names, and that the next key of that name takes away."""
        stored = self._stored(name, key)
        if self._folder is not None and not self._known(name):
            self._folder.destroy_others(name, stored[0])
        return stored

    def find(self, name: str) -> WrappedKey | None:
        """A key; None where the ledger holds none, `MissingError` where its file is not in the key folder."""
        rows: list[Any] = []
        while True:
            before, rows = rows, self._columns(name)
            if not rows or rows[0][0] is None:
                return None
            try:
                return self._read(name, *rows[0])
            except MissingError:
                if rows == before:  # else it was just wrapped anew
                    raise

    def all(self) -> list[tuple[str, WrappedKey]]:
        """Of all batches, and of the ledger's own keys; `MissingError` where a file is not in the key folder."""
        return [(name, self._read(name, *columns)) for name, *columns in self._rows()]

    def readable(self) -> tuple[list[tuple[str, WrappedKey]], list[str]]:
        """As `all`, and the names of those whose files are not in the key folder."""
        found, elsewhere = [], []
        for name, wrapped, recovery in self._rows():
            if self._folder is None or self._folder.holds(name, wrapped):
                found.append((name, self._read(name, wrapped, recovery)))
            else:
                elsewhere.append(name)
        return found, elsewhere

    def store_anew(self, keys: Sequence[tuple[str, WrappedKey]]) -> dict[str, str]:
        """Other forms of the keys that are stored, and the digests that bind them. Inside a transaction; `drop_old`
        once it is committed."""
        rows = [(*self._stored(name, key), name) for name, key in keys]
        self._db.many("UPDATE batch SET wrapped_key = ?, recovery_key = ? WHERE id = ?", rows)
        self._db.many("UPDATE own_key SET wrapped_key = ?, recovery_key = ? WHERE name = ?", rows)
        return {name: self.bound(name, key) for name, key in keys}

    def bound(self, name: str, key: WrappedKey) -> str:
        """The digest by which the history binds a key as it is stored: the beginning of its file's SHA-256, also where
        it has no file, so that it stays the same where a ledger moves."""
        ((ledger_id,),) = self._db.rows("SELECT value FROM about WHERE name = 'ledger_id'")
        return KeyFolder(Path(), ledger_id).reference(name, key).hex()[:_BOUND_DIGITS]

    def all_bound(self) -> dict[str, str]:
        """These digests of all keys that the database names; no file is looked at."""
        return {
            name: self.bound(name, WrappedKey(wrapped, recovery))
            if self._folder is None
            else wrapped.hex()[:_BOUND_DIGITS]
            for name, wrapped, recovery in self._rows()
        }

    def drop_old(self) -> None:
        """Destroy what the keys were stored as before."""
        if self._folder is None:
            return
        with self._db.transaction():  # so that nobody stores a key anew meanwhile
            for name, reference, _ in self._rows():
                self._folder.destroy_others(name, reference)

    def require_destructible(self, batch_id: str) -> None:
        """`MissingError` where a key's file is not in the key folder, so that it can't be destroyed from here."""
        if self._folder is not None:
            for wrapped, _ in self._columns(batch_id):
                if wrapped is not None:
                    self._folder.require_destructible(batch_id, wrapped)

    def destroy(self, batch_id: str) -> None:
        """Destroy a batch's key in the key folder: the last act of the transaction that destroys it in the database. A
        kill between both leaves a mark there, and the same command goes on."""
        if self._folder is not None:
            self._folder.destroy(batch_id)

    def end_destruction(self, batch_id: str) -> None:
        """What is left to do once the database knows that a key is destroyed."""
        self._db.scrub()
        if self._folder is not None:
            self._folder.end_destruction(batch_id)

    def has_folder(self) -> bool:
        """Whether there is a key folder here."""
        return self._folder is not None and self._folder.is_here()

    def unnamed_files(self) -> list[str]:
        """Names of files in the key folder that the database does not mean."""
        if self._folder is None:
            return []
        known = {name: reference for name, reference, _ in self._rows()}
        return [
            file.path.name
            for file in self._folder.files()
            if file.name not in known or not file.is_of(known[file.name])
        ]

    def _columns(self, name: str) -> list[Any]:
        if name.startswith("."):
            return self._db.rows("SELECT wrapped_key, recovery_key FROM own_key WHERE name = ?", (name,))
        return self._db.rows("SELECT wrapped_key, recovery_key FROM batch WHERE id = ?", (name,))

    def _rows(self) -> list[Any]:
        return self._db.rows(
            "SELECT id, wrapped_key, recovery_key FROM batch WHERE wrapped_key IS NOT NULL "
            "UNION ALL SELECT name, wrapped_key, recovery_key FROM own_key"
        )

    def _read(self, name: str, wrapped: bytes, recovery: bytes | None) -> WrappedKey:
        return WrappedKey(wrapped, recovery) if self._folder is None else self._folder.get(name, wrapped)

    def _stored(self, name: str, key: WrappedKey) -> tuple[bytes, bytes | None]:
        return (key.wrapped, key.recovery) if self._folder is None else (self._folder.put(name, key), None)

    def _known(self, name: str) -> bool:
        """Whether the database knows a key of this name, which may be in use."""
        if name.startswith("."):
            return bool(self._db.rows("SELECT 1 FROM own_key WHERE name = ?", (name,)))
        return bool(self._db.rows("SELECT 1 FROM batch WHERE id = ?", (name,)))
