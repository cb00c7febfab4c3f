"""The members of one list in a JSON document, one at a time: files of others are read without holding them parsed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from bss_mfg.errors import InputError

_SPACE = re.compile(r"[ \t\n\r]*")


def members(data: bytes, path: Sequence[str], name: str, *, alone: bool = False) -> Iterator[tuple[int, Any]]:
    """(line, value) of each member of the list at `path` (empty: the document is the list); `name` is used in errors.

    `alone`: nothing else may stand beside the list. `InputError` where the document is not JSON, names a member of an
    object twice, or has no such list; it comes when the reader gets there.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8 text", where=f"{name}, line {line}", way_out="Fetch the file again.") from None
    yield from _Reader(text, name, alone).document(path)


class _Reader:
    def __init__(self, text: str, name: str, alone: bool) -> None:
        self._text, self._name, self._alone = text, name, alone
        self._at = 0
        self._decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).raw_decode

    def document(self, path: Sequence[str]) -> Iterator[tuple[int, Any]]:
        self._space()
        yield from self._inside(path, path)
        if self._at < len(self._text):
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
        line, counted = 1, 0
        while more:
            line, counted = line + self._text.count("\n", counted, self._at), self._at
            yield line, self._value()
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
        try:
            value, self._at = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            self._fail(error.msg)
        except ValueError as error:  # a name that stands twice, NaN, a number of thousands of digits
            self._fail(str(error))
        except RecursionError:
            self._fail("brackets are nested without end")
        self._space()
        return value

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _fail(self, what: str) -> NoReturn:
        line = self._text.count("\n", 0, self._at) + 1
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
