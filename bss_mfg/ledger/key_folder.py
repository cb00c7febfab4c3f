"""The key folder of a ledger on a server: wrapped data keys as files, outside of the database.

What a database overwrites lives on in old rows, in the server's log and in its backups. So the database holds only the
name of a key's file (the SHA-256 of its content), and whoever destroys the file destroys the key. A file is never
changed: a key that is wrapped anew gets a file of its own, and the commit decides which of the two counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.core.files import destroy, make_folder, read_bytes, remove_file, sync_folder, write_atomically
from bss_mfg.errors import InputError, LedgerError, MissingError, RefusedError

_FORMAT = "bss-mfg wrapped key 1"
_OWNER = "ledger-id"
"""The file that says whose keys these are. Without it the folder is taken for one that is not mounted."""
_NAME = re.compile(r"(?P<name>\w[\w.-]*)\.(?P<digest>[0-9a-f]{16})\.key")
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored: wrapped under the vault key, and sealed to the officer if there is one."""

    wrapped: bytes = field(repr=False)
    recovery: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of the folder: the data key that it is of, and how its SHA-256 begins (hex)."""

    path: Path
    name: str
    digest: str

    def is_of(self, reference: bytes) -> bool:
        """Whether the database means this file by `reference`."""
        return reference.hex().startswith(self.digest)


class KeyFolder:
    """The wrapped keys of one ledger. Those of batches are named by their ids, those of its own begin with a dot."""

    def __init__(self, path: Path, ledger_id: str) -> None:
        self.path = path
        self._ledger_id = ledger_id

    def prepare(self) -> None:
        """Make the folder, or take one that is there already and holds no other ledger's keys."""
        owner = self._owner()
        if owner == self._ledger_id:
            return
        if owner is not None and any(self.files()):
            raise RefusedError(
                "holds the keys of another ledger",
                where=self.path,
                way_out="Nothing was changed. Move them away, or name another folder (`keys` below [ledger] in "
                "bss-mfg.toml).",
            )
        make_folder(self.path)
        write_atomically(self.path / _OWNER, [f"{self._ledger_id}\n".encode()], replace=True)

    def require(self) -> None:
        """`MissingError` where the folder is not there, `InputError` where it is another ledger's."""
        owner = self._owner()
        if owner is None:
            raise MissingError(
                f"the key folder of this ledger is not there (no file {_OWNER})",
                where=self.path,
                way_out="Mount it, copy it here from a station that has it, or say where it is: `keys` below [ledger] "
                "in bss-mfg.toml.",
            )
        if owner != self._ledger_id:
            raise InputError(
                "holds the keys of another ledger",
                where=self.path,
                way_out="Say where this ledger's are: `keys` below [ledger] in bss-mfg.toml.",
            )

    def reference(self, name: str, key: WrappedKey) -> bytes:
        """What the database holds of a key: the SHA-256 of its file."""
        return hashlib.sha256(self._content(name, key)).digest()

    def put(self, name: str, key: WrappedKey) -> bytes:
        """Keep a key; on the disk before the transaction that names it commits. Its reference."""
        self.require()
        reference = self.reference(name, key)
        write_atomically(self._file(name, reference), [self._content(name, key)], replace=True)
        return reference

    def get(self, name: str, reference: bytes) -> WrappedKey:
        """A key; `MissingError` where its file is not here, `LedgerError` where it is damaged."""
        self.require()
        path = self._file(name, reference)
        if not path.exists():
            raise self._missing(name, path)
        content = read_bytes(path, "file of a wrapped key", _MOST_BYTES)
        if hashlib.sha256(content).digest() != reference:
            if self._mark(name).exists():
                raise self._missing(name, path)
            raise LedgerError(
                "is not the file that the ledger knows: it is damaged or was changed",
                where=path,
                way_out="Put it back from a backup of the key folder.",
            )
        found = json.loads(content)
        recovery = found["officer"]
        return WrappedKey(bytes.fromhex(found["wrapped"]), bytes.fromhex(recovery) if recovery else None)

    def is_here(self) -> bool:
        """Whether the folder is there, and this ledger's."""
        return self._owner() == self._ledger_id

    def holds(self, name: str, reference: bytes) -> bool:
        """Whether a key's file is here."""
        return self.is_here() and self._file(name, reference).exists()

    def files(self) -> Iterator[KeyFile]:
        """All key files, in order of their names."""
        for path in sorted(self.path.glob("*.key")):
            if found := _NAME.fullmatch(path.name):
                yield KeyFile(path, _key_name(found["name"]), found["digest"])

    def destroy_others(self, name: str, keep: bytes) -> None:
        """Destroy what earlier or unfinished commands left of a key beside the file that the database means."""
        for file in self._of(name):
            if not file.is_of(keep):
                destroy(file.path)

    def destroy(self, name: str) -> int:
        """Destroy all files of a key; how many. A mark stays that says so, until `end_destruction`."""
        self.require()
        write_atomically(self._mark(name), [b""], replace=True)
        return sum(destroy(file.path) for file in self._of(name))

    def end_destruction(self, name: str) -> None:
        """The database knows that the key is destroyed: destroy what a copied folder brought back, and the mark."""
        if not self.is_here():
            return
        for file in self._of(name):
            destroy(file.path)
        if self._mark(name).exists():
            remove_file(self._mark(name))
            sync_folder(self.path)

    def clear(self) -> None:
        """Destroy all keys, which lie in a file of the ledger again, and give the folder up."""
        if not self.is_here():
            return
        for file in self.files():
            destroy(file.path)
        for mark in self.path.glob("*.retiring"):
            remove_file(mark)
        remove_file(self.path / _OWNER)
        sync_folder(self.path)

    def require_destructible(self, name: str, reference: bytes) -> None:
        """`MissingError` where a key's file is not here, unless a destruction that was cut off began here."""
        self.require()
        path = self._file(name, reference)
        if not path.exists() and not self._mark(name).exists():
            raise self._missing(name, path)

    def _missing(self, name: str, path: Path) -> MissingError:
        if self._mark(name).exists():
            return MissingError(
                f"the data key of batch {name} was destroyed by `retire`, which was cut off",
                where=path,
                way_out=f"End it: `bss-mfg retire {name}`, as it was typed.",
            )
        return MissingError(
            f"the file of {_of_what(name)} is not in the key folder",
            where=path,
            way_out="Run the command at a station that has it, copy the file here, or put it back from a backup of the "
            "key folder.",
        )

    def _owner(self) -> str | None:
        """Whose keys the folder holds; None where it says nothing."""
        try:
            return read_bytes(self.path / _OWNER, "owner of the key folder", 100).decode("ascii", "replace").strip()
        except InputError:
            if os.path.lexists(self.path / _OWNER):
                raise
            return None

    def _of(self, name: str) -> list[KeyFile]:
        return [file for file in self.files() if file.name == name]

    def _file(self, name: str, reference: bytes) -> Path:
        return self.path / f"{_file_name(name)}.{reference.hex()[:16]}.key"

    def _mark(self, name: str) -> Path:
        return self.path / f"{_file_name(name)}.retiring"

    def _content(self, name: str, key: WrappedKey) -> bytes:
        fields = {
            "format": _FORMAT,
            "ledger": self._ledger_id,
            "key": name,
            "wrapped": key.wrapped.hex(),
            "officer": key.recovery.hex() if key.recovery else None,
        }
        return json.dumps(fields).encode() + b"\n"


def _file_name(name: str) -> str:
    """Ids of batches begin with a letter or a digit; no file is hidden, so that `cp keys/*` takes all."""
    return f"_{name[1:]}" if name.startswith(".") else name


def _key_name(file_name: str) -> str:
    return f".{file_name[1:]}" if file_name.startswith("_") else file_name


def _of_what(name: str) -> str:
    return "the ledger's own index key" if name.startswith(".") else f"the data key of batch {name}"
