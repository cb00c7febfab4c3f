"""The members of one list in a JSON document, one at a time: files of others are read without holding them parsed."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple, NoReturn

from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, Location, ValueProblem

_SPACE = re.compile(r"[ \t\n\r]*")
_SPACES = (" ", "\t", "\n", "\r")
_BLOCK = 1 << 16
MAX_VALUE_CHARACTERS = LIMITS[Reader.CONTROL_LOG].items
"""Characters that a value in a streamed file may have."""


class JsonError(InputError):
    """A document that is not the JSON that it should be. `reason` says why, in words without the text around them."""

    def __init__(self, reason: str, where: Location) -> None:
        super().__init__(
            f"is not the JSON that it should be: {reason}",
            where=where,
            way_out="The file is damaged, cut off, or of another kind.",
        )
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.reason, self.location))


class JsonMember(NamedTuple):
    """A member of a list, and the line in which it begins."""

    line: int
    value: Any


def stream_members(
    source: bytes | BinaryIO, path: Sequence[str], name: str, *, exclusive: bool = False
) -> Iterator[JsonMember]:
    """The members of the list at `path` (empty: the document is the list); `name` is the file's in errors.

    An open file is read as a stream, whatever its size; a value in it may have `MAX_VALUE_CHARACTERS`. `exclusive`:
    the document may hold nothing beside the list. `InputError` where the bytes are not UTF-8, `JsonError` where the
    document is not JSON, repeats a name in an object, or has no such list; both come when the reader gets there.
    """
    yield from _JsonWindow(source, name, exclusive).document(path)


class _JsonWindow:
    """A window on the text: what was read is dropped, what is needed is fetched."""

    def __init__(self, source: bytes | BinaryIO, name: str, exclusive: bool) -> None:
        self._name, self._exclusive = name, exclusive
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at = "", 0
        self._line, self._counted = 1, 0
        self._file = None if isinstance(source, bytes) else source
        if isinstance(source, bytes):
            self._text = self._decode_utf8(source, True)
        self._decode = json.JSONDecoder(
            object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant
        ).raw_decode

    def _fetch(self) -> bool:
        """Read on, as much again as is held; whether there was anything left."""
        if self._file is None:
            return False
        data = self._file.read(max(_BLOCK, len(self._text) - self._at))
        self._line_number()
        self._text, self._at, self._counted = self._text[self._at :], 0, 0
        self._text += self._decode_utf8(data, not data)
        if not data:
            self._file = None
        return True

    def _decode_utf8(self, data: bytes, final: bool) -> str:
        try:
            return self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n", self._counted) + error.object.count(b"\n", 0, error.start)
            raise InputError(
                "is not UTF-8 text", where=Location(self._name, line=line), way_out="Fetch the file again."
            ) from None

    def _line_number(self) -> int:
        """The line at hand, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def document(self, path: Sequence[str]) -> Iterator[JsonMember]:
        self._space()
        yield from self._members_at(path, path)
        if self._peek():
            self._fail("something follows the end of the document")

    def _members_at(self, path: Sequence[str], rest: Sequence[str]) -> Iterator[JsonMember]:
        if not rest:
            yield from self._list(".".join(path))
            return
        names: set[str] = set()
        more = self._enter("{", "}", f"an object with {rest[0]!a}")
        while more:
            name = self._value() if self._peek() == '"' else self._fail("the name of a member is missing")
            if name in names:
                self._fail(f"an object has the name {name[:60]!a} twice")
            names.add(name)
            self._expect(":")
            if name == rest[0]:
                yield from self._members_at(path, rest[1:])
            elif self._exclusive:
                self._fail(f"{name[:60]!a} does not belong there")
            else:
                self._value()
            more = self._has_next("}")
        if rest[0] not in names:
            self._fail(f"there is no {'.'.join(path)!a} in it")

    def _list(self, path: str) -> Iterator[JsonMember]:
        more = self._enter("[", "]", f"the list {path!a}" if path else "a list")
        while more:
            yield JsonMember(self._line_number(), self._value())
            more = self._has_next("]")

    def _enter(self, bracket: str, end: str, expected: str) -> bool:
        """Step inside; whether there is anything in it."""
        if self._peek() != bracket:
            self._fail(f"{expected} is missing")
        self._at += 1
        self._space()
        if self._peek() != end:
            return True
        self._at += 1
        self._space()
        return False

    def _has_next(self, end: str) -> bool:
        """Step over what follows a member; whether another one comes."""
        found = self._peek()
        if found not in (",", end):
            self._fail(f"a comma or {end} is missing")
        self._at += 1
        self._space()
        return found == ","

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            self._fail(f"{mark} is missing")
        self._at += 1
        self._space()

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at < MAX_VALUE_CHARACTERS and self._fetch():  # it may only be cut off
                    continue
                self._at = error.pos
                self._fail(error.msg)
            except ValueProblem as error:
                self._fail(str(error))
            except ValueError:  # Python's limit for the digits of a number
                self._fail("a number has thousands of digits")
            except RecursionError:
                self._fail("brackets are nested too deeply")
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
        raise JsonError(what, Location(self._name, line=self._line_number()))


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueProblem("an object has a name twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueProblem(f"{name} is not JSON")


def value_at(value: Any, path: Sequence[str]) -> Any:
    """The value at a path inside a parsed value; None where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
