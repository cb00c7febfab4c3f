"""Chains of encodings that a value went through: a UUID's hex digits in base64, and such.

Chains of two are looked for first, those of three only where there are none. Behind the first encoding base64url is not
tried: it writes text as base64 does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence

from bss_mfg.payload.formats import BINARY, OF_UUIDS, format_of
from bss_mfg.payload.sources import can_be_written

Chain = tuple[str, ...]
_MOST = 3
_FIRST = (*BINARY, *OF_UUIDS)
_NEXT = tuple(name for name in BINARY if not name.startswith("base64url"))
_LONG_TEXT = re.compile(rb"[ -~]{12,}")
_PROBES = 4


def may_hold_chain(data: bytes) -> bool:
    """Whether so much text stands in some bytes that a value may have gone through a chain."""
    return _LONG_TEXT.search(data) is not None


def read_chains(text: bytes, source: str, value: Callable[[Chain], bytes]) -> list[Chain]:
    """The chains whose text this is. `value` gives the bytes that a chain begins with, or raises `ValueError`."""
    if not may_hold_chain(text):
        return []

    def is_value(chain: Chain, data: bytes) -> bool:
        try:
            return can_be_written(source, chain) and value(chain) == data
        except ValueError:
            return False

    for count in range(2, _MOST + 1):
        found = [chain for chain, data in _peeled(text, (), count) if is_value(chain, data)]
        if found:
            return _distinct(found, source, len(value(found[0])))
    return []


def _peeled(data: bytes, behind: Chain, count: int) -> Iterator[tuple[Chain, bytes]]:
    """What a text can be the end of: a chain of `count` encodings, and the bytes that went into it."""
    if behind and count == 1:
        yield ("text", *behind), data
    for name in _NEXT if count > 1 else _FIRST:
        try:
            inside = format_of(name).encoding.decode(data)
        except ValueError:
            continue
        if count == 1:
            yield (name, *behind), inside
        elif inside and inside.isascii():
            yield from _peeled(inside, (name, *behind), count - 1)


def written_chains(source: str, value: Callable[[Chain], bytes], count: int) -> Iterator[tuple[Chain, bytes]]:
    """Each chain of `count` encodings, and the text that it makes of a value."""
    firsts: Sequence[str] = ("text", *_FIRST)
    for first in firsts:
        if can_be_written(source, (first, "hex-lower")):
            try:
                text = format_of(first).encoding.encode(value((first,)))
            except ValueError:
                continue
            yield from _longer((first,), text, count - (first != "text"))


def _longer(chain: Chain, text: bytes, count: int) -> Iterator[tuple[Chain, bytes]]:
    if count == 0:
        yield chain, text
        return
    for name in _NEXT:
        yield from _longer((*chain, name), format_of(name).encoding.encode(text), count - 1)


def find_chains(source: str, value: Callable[[Chain], bytes], holds: Callable[[bytes], bool]) -> list[Chain]:
    """The chains whose text stands somewhere."""
    for count in range(2, _MOST + 1):
        found = [chain for chain, text in written_chains(source, value, count) if holds(text)]
        if found:
            return _distinct(found, source, len(value(found[0])))
    return []


def _distinct(chains: Sequence[Chain], source: str, size: int) -> list[Chain]:
    """The first of those that write the same of all values: hex digits of digits have no case, and 36 characters no
    padding."""
    sizes = {"unit.uuid": (16,), "unit.oob": (16, 32)}.get(source, (size, size + 1, size + 2))
    found: dict[tuple[bytes, ...], Chain] = {}
    for chain in chains:
        drawn = [hashlib.shake_128(f"{number}".encode()).digest(size) for number in range(_PROBES) for size in sizes]
        values = [one.hex()[: len(one)].encode() for one in drawn] if chain[0] == "text" else drawn
        found.setdefault(tuple(_written(chain, one) for one in values), chain)
    return list(found.values())


def _written(chain: Chain, data: bytes) -> bytes:
    try:
        return format_of(chain).encoding.encode(data)
    except ValueError:  # a UUID has 16 bytes
        return b""
