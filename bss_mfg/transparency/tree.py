"""A tree whose leaves lie elsewhere: what is kept in memory are the hashes of its higher levels, 1/128 of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bss_mfg.transparency.merkle import EMPTY_ROOT, node_hash, root_of

_HEIGHT = 8
_TILE = 1 << _HEIGHT
"""Leaves below one hash that is kept."""


class LeafTree:
    """The hashes of all subtrees of a tree, from its leaves in order and a way to read some of them again."""

    def __init__(self, leaves: Iterable[bytes], read: Callable[[int, int], Sequence[bytes]]) -> None:
        """`read(first, end)` gives leaf hashes; it is asked for at most 256 at once."""
        self._read = read
        self._levels: list[list[bytes]] = [[]]
        self.size = 0
        tile: list[bytes] = []
        for leaf in leaves:
            tile.append(leaf)
            if len(tile) == _TILE:
                self._levels[0].append(root_of(tile))
                self.size += _TILE
                tile = []
        self.size += len(tile)
        while len(below := self._levels[-1]) > 1:
            self._levels.append([node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])
        self._last: tuple[int, int, Sequence[bytes]] = (0, 0, ())

    @property
    def root(self) -> bytes:
        """The root of all."""
        return self.subtree(0, self.size) if self.size else EMPTY_ROOT

    def subtree(self, first: int, end: int) -> bytes:
        """MTH(D[first:end]) of a subtree, as RFC 6962 cuts the tree into them."""
        size = end - first
        if size <= _TILE and (size < _TILE or end > len(self._levels[0]) * _TILE):
            return root_of(self._leaves(first, end))
        height = (size - 1).bit_length()
        if size == 1 << height:
            return self._levels[height - _HEIGHT][first >> height]
        middle = first + (1 << height - 1)
        return node_hash(self.subtree(first, middle), self.subtree(middle, end))

    def _leaves(self, first: int, end: int) -> Sequence[bytes]:
        """Neighbours are asked for together, so a whole tile is read at once."""
        low, high, leaves = self._last
        if not low <= first < end <= high:
            low = first - first % _TILE
            high = min(low + _TILE, self.size)
            leaves = self._read(low, high)
            self._last = (low, high, leaves)
        return leaves[first - low : end - low]
