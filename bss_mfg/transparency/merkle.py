"""Merkle trees over a list that only grows: roots, and proofs of what is in them (RFC 6962, section 2.1).

All hashes are SHA-256, 32 bytes. A leaf is given by its hash (`leaf_hash`). `MTH(D[first:end])` of the RFC is what a
`Subtree` gives, so proofs are made without all leaves in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from bss_mfg.errors import ValueProblem

_SHA256 = hashlib.sha256
EMPTY_ROOT = _SHA256(b"").digest()
"""The root of a tree without leaves."""

Subtree = Callable[[int, int], bytes]
"""MTH(D[first:end]): the hash over the leaves from `first` to before `end`, counted from 0."""

Run = tuple[int, int]
"""Leaves in a row: (the first one's place from 0, how many)."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1)."""
    return _SHA256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children (RFC 6962, 2.1)."""
    return _SHA256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """A tree as far as it is needed to let it grow: the hashes of its complete subtrees, the largest first, one for
    each 1 in the binary form of `size`."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueProblem(f"a tree of {self.size} leaves doesn't have {len(self.hashes)} complete subtrees")

    def extended(self, leaves: Iterable[bytes]) -> CompactRange:
        """The same with more leaves behind."""
        hashes, size = list(self.hashes), self.size
        for leaf in leaves:
            rest = size
            while rest & 1:
                leaf = node_hash(hashes.pop(), leaf)
                rest >>= 1
            hashes.append(leaf)
            size += 1
        return CompactRange(size, tuple(hashes))

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH over leaf hashes, level by level."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        # The odd one is carried up: so the left side of each node is the largest power of two, as the RFC asks.
        paired = [_SHA256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        level = [*paired, level[-1]] if len(level) & 1 else paired
    return level[0]


def _split(size: int) -> int:
    """The largest power of two less than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]): the audit path of a leaf, from below (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueProblem(f"a tree of {size} leaves has no leaf {index}")
    first, end, path = 0, size, list[bytes]()
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2); `ValueProblem` where it has not the path's length."""
    if not 0 <= index < size:
        raise ValueProblem(f"a tree of {size} leaves has no leaf {index}")
    at, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            raise ValueProblem("the audit path is too long")
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueProblem("the audit path is too short")
    return found


def consistency_proof(first: int, size: int, subtree: Subtree) -> list[bytes]:
    """PROOF(first, D[size]): that the tree of the first leaves is the beginning of this one (RFC 6962, 2.1.2)."""
    if not 0 < first <= size:
        raise ValueProblem(f"a tree of {size} leaves does not begin with {first}")
    low, high, known, path = 0, size, True, list[bytes]()
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(subtree(middle, high))
            high = middle
        else:
            path.append(subtree(low, middle))
            low, known = middle, False
    if not known:
        path.append(subtree(low, high))
    return path[::-1]


def roots_of_consistency(first: int, first_root: bytes, size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots, of the first leaves and of all, that a consistency proof leads to: it holds where they are those
    of both trees (RFC 9162, 2.1.4.2). `ValueProblem` where it has not a proof's length."""
    if not 0 < first <= size:
        raise ValueProblem(f"a tree of {size} leaves does not begin with {first}")
    if first == size:
        if proof:
            raise ValueProblem("the consistency proof is too long")
        return first_root, first_root
    nodes = list(proof) if first & (first - 1) else [first_root, *proof]
    if not nodes:
        raise ValueProblem("the consistency proof is too short")
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for one in nodes[1:]:
        if last == 0:
            raise ValueProblem("the consistency proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, one)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueProblem("the consistency proof is too short")
    return old, new


def runs_of(places: Iterable[int]) -> list[Run]:
    """Places in ascending order as runs."""
    runs: list[Run] = []
    for place in places:
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def subset_proof(runs: Sequence[Run], size: int, subtree: Subtree) -> list[bytes]:
    """What makes a root of some leaves: the hashes of all largest subtrees without any of them, from left to right. Of
    one leaf that is its audit path in this order; of many it is what their paths have in common, once."""
    return [subtree(first, end) for first, end, given in _pieces(runs, size) if not given]


def root_of_subset(runs: Sequence[Run], leaves: Iterator[bytes], size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the leaves of `runs`, in order, and a `subset_proof` lead to; `ValueProblem` where they don't
    match."""
    missing, rest = iter(proof), iter(leaves)
    tree: list[tuple[int, int, bytes]] = []
    for first, end, given in _pieces(runs, size):
        if given:
            some = list(islice(rest, end - first))
            if len(some) != end - first:
                raise ValueProblem("there are fewer leaves than were named")
            tree.append((first, end, root_of(some)))
        elif (one := next(missing, None)) is not None:
            tree.append((first, end, one))
        else:
            raise ValueProblem("the proof is too short")
    if next(missing, None) is not None:
        raise ValueProblem("the proof is too long")
    if next(rest, None) is not None:
        raise ValueProblem("there are more leaves than were named")
    pieces = iter(tree)
    return _joined(0, size, pieces, next(pieces)) if tree else EMPTY_ROOT


def _joined(first: int, end: int, pieces: Iterator[tuple[int, int, bytes]], piece: tuple[int, int, bytes]) -> bytes:
    """The hash over [first, end), of which `piece` is the first of those that follow."""
    if piece[:2] == (first, end):
        return piece[2]
    middle = first + _split(end - first)
    left = _joined(first, middle, pieces, piece)
    return node_hash(left, _joined(middle, end, pieces, next(pieces)))


_MOST_AT_ONCE = 1 << 12
"""Leaves that are hashed as one list."""


def _pieces(runs: Sequence[Run], size: int) -> Iterator[tuple[int, int, bool]]:
    """The tree cut into subtrees, from left to right, as (first, end, given): all leaves of it are in the runs, or none
    is."""
    if not size:
        return
    place = 0
    for first, count in runs:
        if first < place or count < 1:
            raise ValueProblem("the runs of leaves overlap, or are not in order")
        place = first + count
    if place > size:
        raise ValueProblem(f"a tree of {size} leaves has no leaf {place - 1}")
    left = chain(runs, [(size, 0)])
    first, count = next(left)
    stack = [(0, size)]
    while stack:
        low, high = stack.pop()
        while first + count <= low and first < size:
            first, count = next(left)
        if first >= high:
            yield low, high, False
        elif first <= low and high <= first + count and high - low <= _MOST_AT_ONCE:
            yield low, high, True
        else:
            middle = low + _split(high - low)
            stack += [(middle, high), (low, middle)]
