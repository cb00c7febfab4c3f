"""The parts of sealed bytes: every order in which an IV, a ciphertext and a tag can stand around a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

from bss_mfg.payload.schemes.terms import Part


@dataclass(frozen=True, slots=True)
class Head:
    """Where the key part stands (`start` to `end`), behind a prefix of so many bytes."""

    part: Part
    start: int
    end: int
    prefix: int = 0


class Arranged(NamedTuple):
    """Sealed bytes cut in one order; `order` is empty where it is the usual one."""

    order: tuple[Part, ...]
    iv: bytes
    ciphertext: bytes
    tag: bytes


class _Cut(NamedTuple):
    order: tuple[Part, ...]
    iv: tuple[int, int]
    ciphertext: tuple[int, int]
    tag: tuple[int, int]


def arrangements(data: bytes, head: Head, iv_size: int, tag_size: int) -> Iterator[Arranged]:
    """Every way to cut `data` around its head, with an IV and a tag of these sizes (0: there is none)."""
    for cut in _cuts(len(data), head, iv_size, tag_size):
        yield Arranged(cut.order, data[slice(*cut.iv)], data[slice(*cut.ciphertext)], data[slice(*cut.tag)])


@lru_cache(maxsize=4096)
def _cuts(size: int, head: Head, iv_size: int, tag_size: int) -> tuple[_Cut, ...]:
    sizes: dict[Part, int] = {head.part: head.end - head.start, "iv": iv_size, "tag": tag_size}
    sizes["ciphertext"] = size - head.prefix - sum(sizes.values())
    if sizes["ciphertext"] < 1:
        return ()
    usual: list[Part] = [head.part, *(["iv"] if iv_size else []), "ciphertext", *(["tag"] if tag_size else [])]  # type: ignore[list-item]
    found = []
    for order in permutations(usual):
        at, places = head.prefix, {"iv": (0, 0), "tag": (0, 0)}
        for part in order:
            places[part] = (at, at + sizes[part])
            at += sizes[part]
        if places[head.part] == (head.start, head.end):
            front: tuple[Part, ...] = ("prefix",) if head.prefix else ()
            named = () if list(order) == usual else (*front, *order)
            found.append(_Cut(named, places["iv"], places["ciphertext"], places["tag"]))
    return tuple(found)
