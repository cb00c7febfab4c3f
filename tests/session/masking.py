"""What can't be the same twice is masked before it is recorded: folders, ports, speeds, heads of the history, and where
something new is issued, every random value.

A random value becomes a name by its first appearance in the scene, `<hex32#3>`: so a value that turns up in the wrong
place is still seen.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

_GENESIS = bytes(32)
_HEAD = re.compile(r"\b(\d+):([0-9a-f]{64}|[0-9a-f]{16})\b")
_RANDOM = re.compile(
    r"(?P<uuid>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"
    r"|(?P<hex>(?<![0-9A-Za-z+/])(?:[0-9a-f]{16,}|[0-9A-F]{16,})(?![0-9A-Za-z+/]))"
    r"|(?P<base64>(?<![0-9A-Za-z+/])(?:[A-Za-z0-9+/]{40,}={0,2}|[A-Za-z0-9+/]{20,}={1,2}))"
    r"|(?P<PEM>-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----)"
)
_PICTURE = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]{64,}")
_TRACEBACK = re.compile(r"(?m)^Traceback \(most recent call last\):\n(?:  .*\n)+")
_SPEEDS = (
    (re.compile(r" +\d[\d,]*\.\d+ s\b"), " <seconds> s"),
    (re.compile(r" +\d[\d,]*/s\b"), " <rate>/s"),
    (re.compile(r"\b(product key|issue|labels|verify|reconcile|manifest|program|report) \d+\.\d\d\b"), r"\1 <seconds>"),
    (re.compile(r"[\d.,]+ [kMGT]i?B are free"), "<free> are free"),
    (re.compile(r"(?m) +\d+:\d\d$"), " <time>"),
    (re.compile(r"(?m)^((?:labels|all) .*\S) +[\d.,]+ [kMGT]B(?= )"), r"\1 <estimate>"),
    (re.compile(r"(?<![0-9A-Za-z])([0-9a-f]{16}|<hex 16#\d+>):\d+\b"), r"\1:<file>"),  # where a ledger issues
    (re.compile(r"(?<=http://127\.0\.0\.1:)\d+"), "<port>"),
)
_SPEED_KEYS = frozenset({"seconds", "free", "per_minute"})

Rows = dict[tuple[Any, ...], dict[str, Any]]
"""What a ledger holds: (table, key) -> the columns of that row."""


class Masker:
    """Masks the texts of one scene. `named` are words of this machine and what is written for them; `version` is the
    program's."""

    def __init__(self, named: Mapping[str, str], version: str, *, random: bool) -> None:
        self._named, self._random = dict(named), random
        self._version = re.compile(rf"(?<![\w.]){re.escape(version)}(?![\w.])")
        self._numbers: dict[str, int] = {}
        self._heads: set[str] = set()

    def name(self, word: str, mask: str) -> None:
        """Another word of this machine."""
        self._named[word] = mask

    def learn(self, rows: Rows) -> None:
        """The heads of a ledger: a head of none of them is recorded as it is, and so seen as a difference."""
        self._heads.update(f"{key[1]}:{row['digest']}" for key, row in rows.items() if key[0] == "event")

    def text(self, text: str) -> str:
        """The text without what can't be the same twice."""
        text = _PICTURE.sub(lambda found: "sha256-" + hashlib.sha256(found[0].encode()).hexdigest(), text)
        text = _TRACEBACK.sub("Traceback <frames>\n", text)
        for word, mask in self._named.items():
            text = text.replace(word, mask)
        text = self._version.sub("{version}", _HEAD.sub(self._head, text))
        for pattern, mask in _SPEEDS:
            text = pattern.sub(mask, text)
        return _RANDOM.sub(self._alias, text) if self._random else text

    def document(self, value: Any) -> Any:
        """A JSON document, masked value by value."""
        if isinstance(value, dict):
            if isinstance(value.get("octets"), dict):  # of `run --plan`: tried with random values
                value = {**value, "octets": {**value["octets"], "labels": "<estimate>"}}
            return {self.text(key): f"<{key}>" if key in _SPEED_KEYS else self.document(of)
                    for key, of in value.items()}  # fmt: skip
        if isinstance(value, list):
            return [self.document(of) for of in value]
        return self.text(value) if isinstance(value, str) else value

    def file(self, data: bytes) -> dict[str, Any]:
        """A file: its text where it is one, else the digest of its bytes; where these are random, what it is."""
        if data.startswith(b"SQLite format 3\0"):
            return {"ledger": _digest(json.dumps(self.rows(ledger_rows(data)), sort_keys=True).encode())}
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" not in text:
            masked = self.text(text)
            return {"sha256": _digest(masked.encode()), "text": masked}
        if data.startswith(b"PK"):  # a workbook, a record: its entries; they bear the time of a file that is not masked
            with zipfile.ZipFile(io.BytesIO(data)) as book:
                parts = {name: book.read(name) for name in book.namelist()}
            return {"entries": list(parts) if self._random else {name: _digest(part) for name, part in parts.items()}}
        if not self._random:
            bare = _HEAD.sub(self._head, data.decode("latin-1")).encode("latin-1")
            found = {"sha256": _digest(bare), "size": len(bare)}
            return {**found, **self._pages(data)} if data.startswith(b"%PDF") else found
        if data.startswith(b"%PDF"):
            return {"kind": "PDF", **self._pages(data)}
        if data.startswith(b"\x89PNG"):
            return {"kind": "PNG", "pixels": [int.from_bytes(data[at : at + 4], "big") for at in (16, 20)]}
        return {"kind": "age" if data.startswith(b"age-encryption.org/v1\n") else "random bytes"}

    def rows(self, rows: Rows) -> list[Any]:
        """Rows of a ledger as lists, masked; the digests of a history that holds are told as `chained`."""
        return [[self.document(list(key)), self.document(_checked(rows, key))] for key in rows]

    def changes(self, before: Rows, after: Rows) -> list[Any]:
        """What a command wrote into a ledger: [table, key], what became of the row, and its columns."""
        found: list[Any] = []
        for key in [key for key in {**before, **after} if before.get(key) != after.get(key)]:
            name = self.document(list(key))
            if key not in after:
                found.append([name, "removed", {}])
            elif key not in before:
                found.append([name, "added", self.document(_checked(after, key))])
            else:
                new = {column: value for column, value in after[key].items() if before[key].get(column) != value}
                found.append([name, "changed", self.document(new)])
        return found

    def _pages(self, data: bytes) -> dict[str, Any]:
        import pypdfium2  # what is recorded of a PDF beside its bytes: sizes of pages, and texts

        with closing(pypdfium2.PdfDocument(io.BytesIO(data))) as document:
            pages = [document[number] for number in range(len(document))]
            sizes = [[round(side, 2) for side in page.get_size()] for page in pages]
            texts = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pages]
        return {"pages": sizes, "text": self.text("\f".join(texts))}

    def _head(self, found: re.Match[str]) -> str:
        known = any(head.startswith(found[0]) for head in self._heads)
        return f"{found[1]}:<head>" if known else found[0]

    def _alias(self, found: re.Match[str]) -> str:
        kind, value = found.lastgroup, found[0]
        if kind == "PEM":
            return f"<{value[5:].partition('-')[0]}, {value.count(chr(10))} lines#{self._number(value)}>"
        if kind == "base64":
            return f"<base64 {len(value)}#{self._number(value)}>"
        plain = value.replace("-", "")
        case = " dashed" if kind == "uuid" else " upper" if plain != plain.lower() else ""
        return f"<hex {len(plain)}{case}#{self._number(plain.lower())}>"

    def _number(self, value: str) -> int:
        return self._numbers.setdefault(value, len(self._numbers) + 1)


def ledger_rows(source: bytes | Path) -> Rows:
    """All that a ledger holds, tables and schema, in an order that follows from the keys."""
    if isinstance(source, bytes):
        opened = sqlite3.connect(":memory:")
        opened.deserialize(source)
    else:
        opened = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    rows: Rows = {}
    with closing(opened) as database:
        try:
            for pragma in ("application_id", "user_version"):
                rows["pragma", pragma] = {"value": database.execute(f"PRAGMA {pragma}").fetchone()[0]}
            made = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
            for kind, name, sql in made.fetchall():
                plain = " ".join(re.sub(r"--[^\n]*", "", sql).split())
                rows["schema", kind, name] = {"sql": re.sub(r"\s*([(),])\s*", r"\1 ", plain)}
                if kind == "table":
                    rows.update(_table(database, name))
        except sqlite3.DatabaseError:  # damaged on purpose
            rows["pragma", "damaged"] = {"value": True}
    return rows


def _table(database: sqlite3.Connection, name: str) -> Rows:
    columns = database.execute(f'PRAGMA table_info("{name}")').fetchall()
    primary = [column[1] for column in sorted(columns, key=lambda column: column[5]) if column[5]] or ["rowid"]
    order = ", ".join(primary)
    rows: Rows = {}
    for row in database.execute(f'SELECT {order}, * FROM "{name}" ORDER BY {order}'):  # noqa: S608 (names of tables)
        values = dict(zip((column[1] for column in columns), map(_value, row[len(primary) :]), strict=True))
        rows[(name, *map(_value, row[: len(primary)]))] = values
    return rows


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _checked(rows: Rows, key: tuple[Any, ...]) -> dict[str, Any]:
    """A row; an event whose digest is as docs/formats/ledger.md says has `chained` instead of it."""
    row = rows[key]
    if key[0] != "event":
        return row
    seq = row["seq"]
    previous = bytes.fromhex(rows["event", seq - 1]["digest"]) if ("event", seq - 1) in rows else _GENESIS
    data = json.dumps(row["data"], separators=(",", ":"))
    link = json.dumps([seq, row["at"], row["kind"], row["batch"], data], separators=(",", ":"))
    holds = hashlib.sha256(previous + link.encode("ascii")).hexdigest() == row["digest"]
    return {**row, "digest": "chained" if holds else row["digest"]}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
