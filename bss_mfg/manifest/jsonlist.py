"""The members of one list in a JSON document, one at a time: files of others are read without holding them parsed."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NoReturn

from bss_mfg.errors import InputError

_SPACE = re.compile(r"[ \t\n\r]*")
_SPACES = (" ", "\t", "\n", "\r")
_BLOCK = 1 << 16
LONGEST = 1 << 22
"""Characters that a value in a streamed file may have."""


def members(
    source: bytes | BinaryIO, path: Sequence[str], name: str, *, alone: bool = False
) -> Iterator[tuple[int, Any]]:
    """(line, value) of each member of the list at `path` (empty: the document is the list); `name` is used in errors.

    An open file is read as a stream, whatever its size; a value in it may have `LONGEST` characters. `alone`: nothing
    else may stand beside the list. `InputError` where the document is not JSON, names a member of an object twice, or
    has no such list; it comes when the reader gets there.
    """
    yield from _Reader(source, name, alone).document(path)


class _Reader:
    """A window on the text: what was read is dropped, what is asked for is fetched."""

    def __init__(self, source: bytes | BinaryIO, name: str, alone: bool) -> None:
        self._name, self._alone = name, alone
        self._octets = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at = "", 0
        self._line, self._counted = 1, 0
        self._file = None if isinstance(source, bytes) else source
        if isinstance(source, bytes):
            self._text = self._decoded(source, True)
        self._decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).raw_decode

    def _fetch(self) -> bool:
        """Read on, as much again as is held; whether there was anything left."""
        if self._file is None:
            return False
        data = self._file.read(max(_BLOCK, len(self._text) - self._at))
        self._here()
        self._text, self._at, self._counted = self._text[self._at :], 0, 0
        self._text += self._decoded(data, not data)
        if not data:
            self._file = None
        return True

    def _decoded(self, data: bytes, final: bool) -> str:
        try:
            return self._octets.decode(data, final)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n", self._counted) + error.object.count(b"\n", 0, error.start)
            raise InputError(
                "is not UTF-8 text", where=f"{self._name}, line {line}", way_out="Fetch the file again."
            ) from None

    def _here(self) -> int:
        """The line at hand, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def document(self, path: Sequence[str]) -> Iterator[tuple[int, Any]]:
        self._space()
        yield from self._inside(path, path)
        if self._peek():
            self._fail("something follows the end of the document")

    def _inside(self, path: Sequence[str], left: Sequence[str]) -> Iterator[tuple[int, Any]]:
        if not left:
            yield from self._list(".".join(path))
            return
        names: set[str] = set()
        more = self._enter("{", "}", f"an object with {left[0]!a}")
        while more:
            name = self._value() if self._peek() == '"' else self._fail("the name of a member is missing")
            if name in names:
                self._fail(f"{name[:60]!a} stands twice in an object")
            names.add(name)
            self._take(":")
            if name == left[0]:
                yield from self._inside(path, left[1:])
            elif self._alone:
                self._fail(f"{name[:60]!a} does not belong there")
            else:
                self._value()
            more = self._more("}")
        if left[0] not in names:
            self._fail(f"there is no {'.'.join(path)!a} in it")

    def _list(self, path: str) -> Iterator[tuple[int, Any]]:
        more = self._enter("[", "]", f"the list {path!a}" if path else "a list")
        while more:
            yield self._here(), self._value()
            more = self._more("]")

    def _enter(self, bracket: str, end: str, what: str) -> bool:
        """Step inside; whether there is anything in it."""
        if self._peek() != bracket:
            self._fail(f"{what} is missing")
        self._at += 1
        self._space()
        if self._peek() != end:
            return True
        self._at += 1
        self._space()
        return False

    def _more(self, end: str) -> bool:
        """Step over what follows a member; whether another one comes."""
        found = self._peek()
        if found not in (",", end):
            self._fail(f"a comma or {end} is missing")
        self._at += 1
        self._space()
        return found == ","

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            self._fail(f"{wanted} is missing")
        self._at += 1
        self._space()

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at < LONGEST and self._fetch():  # it may only be cut off
                    continue
                self._at = error.pos
                self._fail(error.msg)
            except ValueError as error:  # a name that stands twice, NaN, a number of thousands of digits
                self._fail(str(error))
            except RecursionError:
                self._fail("brackets are nested without end")
            if len(self._text) - end < 3 and self._fetch():  # a number may go on: 1 of 1.5, of 1e+5
                continue
            self._at = end
            self._space()
            return value

    def _peek(self) -> str:
        while self._at == len(self._text) and self._fetch():
            pass
        return self._text[self._at : self._at + 1]

    def _space(self) -> None:
        while self._peek() in _SPACES:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return

    def _fail(self, what: str) -> NoReturn:
        line = self._here()
        raise InputError(
            f"is not the JSON that it should be: {what}",
            where=f"{self._name}, line {line}",
            way_out="The file is damaged, cut off, or of another kind.",
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member of an object stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def at(value: Any, path: Sequence[str]) -> Any:
    """What stands at a path inside a parsed value; None where there is nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
