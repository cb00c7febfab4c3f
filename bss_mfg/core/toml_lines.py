"""On which line of a TOML text each field stands: tomllib tells values, not lines.

The text has been parsed by tomllib before, so what is read here is valid (TOML 1.0.0); time is linear in its length.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

FieldPath = tuple[str | int, ...]
"""Where a value stands: keys, and numbers of array members from 0."""

_TOKEN = re.compile(
    r'(?P<string>"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'  # a closing """ may have two quotes of the text before it
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*')"
    r"|(?P<newline>\n)"
    r"|(?P<blank>[ \t\r]+|\#[^\n]*)"
    r"|(?P<mark>[\[\]{}=,.])"
    r"|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)


def line_numbers(text: str) -> dict[FieldPath, int]:
    """The line (from 1) on which each table, field and array member of a valid TOML text begins."""
    return _LineFinder(text).lines


class _LineFinder:
    """Walks over the tokens of a text once."""

    def __init__(self, text: str) -> None:
        self.lines: dict[FieldPath, int] = {}
        self._members: dict[FieldPath, int] = {}
        """How many members each array of tables has so far."""
        self._tokens = self._tokenize(text)
        self._kind, self._token, self._line = "newline", "\n", 0
        self._advance()
        table: FieldPath = ()
        while self._kind != "end":
            if self._kind == "newline":
                self._advance()
            elif self._at_mark("["):
                table = self._header()
            else:
                self._field(table)

    @staticmethod
    def _tokenize(text: str) -> Iterator[tuple[str, str, int]]:
        line = 1
        for found in _TOKEN.finditer(text):
            kind, token = str(found.lastgroup), found[0]
            if kind != "blank":
                yield kind, token, line
            line += token.count("\n")
        yield "end", "", line

    def _advance(self) -> None:
        self._kind, self._token, self._line = next(self._tokens)

    def _at_mark(self, mark: str) -> bool:
        return self._kind == "mark" and self._token == mark

    def _skip(self, marks: str) -> None:
        while self._kind == "newline" or (self._kind == "mark" and self._token in marks):
            self._advance()

    def _record_line(self, location: FieldPath, line: int) -> None:
        self.lines.setdefault(location, line)

    def _header(self) -> FieldPath:
        """`[a.b]` or `[[a.b]]`: the table that the fields after it belong to."""
        line = self._line
        self._advance()
        array = self._at_mark("[")
        if array:
            self._advance()
        *parents, last = self._key()
        for _ in range(1 + array):
            self._advance()  # ]
        table: FieldPath = ()
        for name in parents:
            self._record_line((*table, name), line)  # `[a.b]` may be all that there is of `a`
            table = self._newest_member((*table, name))
        table = (*table, last)
        if array:
            self._members[table] = self._members.get(table, 0) + 1
            self._record_line(table, line)
            table = self._newest_member(table)
        self._record_line(table, line)
        return table

    def _newest_member(self, table: FieldPath) -> FieldPath:
        """A table, or the newest member where it is an array of tables."""
        members = self._members.get(table)
        return (*table, members - 1) if members else table

    def _key(self) -> FieldPath:
        parts: list[str] = []
        while self._kind in ("bare", "string"):
            quoted = self._kind == "string"
            parts.append(tomllib.loads(f"key = {self._token}")["key"] if quoted else self._token)
            self._advance()
            if self._at_mark("."):
                self._advance()
        return tuple(parts)

    def _field(self, table: FieldPath) -> None:
        line, location = self._line, (*table, *self._key())
        for length in range(len(table) + 1, len(location) + 1):
            self._record_line(location[:length], line)
        self._advance()  # =
        self._value(location)

    def _value(self, location: FieldPath) -> None:
        if self._at_mark("["):
            self._advance()
            self._skip("")
            number = 0
            while not self._at_mark("]"):
                self._record_line((*location, number), self._line)
                self._value((*location, number))
                self._skip(",")
                number += 1
            self._advance()
        elif self._at_mark("{"):
            self._advance()
            self._skip("")
            while not self._at_mark("}"):
                self._field(location)
                self._skip(",")
            self._advance()
        else:
            while self._kind in ("bare", "string") or self._at_mark("."):  # 3.14 and a date with a time are several
                self._advance()
