"""Characters as a lens shows them: blurred, at parts of a pixel, and what tells each from its rivals."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from math import inf
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, GlyphSet

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

SIGMAS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.7, 2.0, 2.4, 2.9)
"""Standard deviations of the blurs that are told apart, in pixels of a glyph set."""
_FREE_EM = 0.25
"""Ems of blank paper after a word that are looked at, too."""
_MARGIN_ROWS = 3
"""Rows of a picture above and below that are not looked at: nothing but the ends of a blur is there."""


class Room(StrEnum):
    """What lies beside a character."""

    PAPER = "blank paper follows"
    CHARACTER = "another character follows"
    BARS = "bars stand close on one side"


@lru_cache(maxsize=48)
def phases(glyph_set: GlyphSet, sigma: float) -> Floats:
    """The characters of a set, blurred (phases, characters, rows, columns): at phase p the pen starts p / `PHASES`
    pixels later."""
    import numpy as np
    from PIL import Image, ImageFilter

    fine = glyph_set.pictures
    count, rows, columns = fine.shape
    if sigma:
        stack = Image.fromarray(np.rint(fine.reshape(-1, columns) * 255).astype(np.uint8))
        blurred = stack.filter(ImageFilter.GaussianBlur(sigma * PHASES))
        fine = np.asarray(blurred, np.float32).reshape(fine.shape) / 255
    # Sums of whole rows first, which are quick; then of as many columns, from each column on.
    high = np.zeros((count, rows // PHASES, columns + PHASES - 1), np.float32)
    for part in range(PHASES):
        high[:, :, PHASES - 1 :] += fine[:, part::PHASES]
    sums = high[:, :, :columns].copy()
    for part in range(1, PHASES):
        sums += high[:, :, part : columns + part]
    sums /= PHASES**2
    # The pixel of phase p starts p columns further to the left.
    return np.stack([sums[:, :, PHASES - 1 - phase :: PHASES] for phase in range(PHASES)])


@dataclass(frozen=True, eq=False)
class Rivals:
    """What may stand in the place of one character, in the window of its picture that is looked at: the columns from
    and to. What a small shift or another paper changes there (`ignored`, (pixels, 3), orthonormal) is left out:
    `squares` are the squared lengths of what is left of the rivals less the character itself, the last one for blank
    paper."""

    character: int
    columns: tuple[int, int]
    ignored: Floats
    squares: Floats

    @cached_property
    def own(self) -> float:
        """The squared length of the character itself."""
        return float(self.squares[-1])

    @cached_property
    def _by_length(self) -> list[float]:
        return sorted(self.squares.tolist())

    def nearest(self, beyond: float) -> float:
        """The squared length of the nearest rival that is farther than so much."""
        at = bisect_right(self._by_length, beyond)
        return self._by_length[at] if at < len(self._by_length) else inf


@lru_cache(maxsize=1024)
def cell_window(glyph_set: GlyphSet, character: int, room: Room) -> tuple[int, int, int, int]:
    """The rows from and to, and the columns from and to, of a character's picture that are looked at: of one beside
    bars less, for their blur reaches into it."""
    space = {Room.PAPER: glyph_set.em * _FREE_EM, Room.CHARACTER: 1.0, Room.BARS: -1.0}[room]
    before = -1 if room is Room.BARS else 1
    rows, columns = (side // PHASES for side in glyph_set.pictures.shape[1:])
    right = glyph_set.pen_column + int(glyph_set.advances[character] + space + 0.5)
    return _MARGIN_ROWS, rows - _MARGIN_ROWS, max(glyph_set.pen_column - before, 0), min(right, columns)


@lru_cache(maxsize=400)
def rivals(glyph_set: GlyphSet, sigma: float, character: int, room: Room = Room.CHARACTER) -> Rivals:
    """The rivals of a character of a set. Wider ones count only where paper follows it: a wider character moves all
    that follow, and is found by them."""
    import numpy as np

    pictures = phases(glyph_set, sigma)[0]
    top, bottom, left, right = cell_window(glyph_set, character, room)
    own = pictures[character]
    window = (slice(top, bottom), slice(left, right))
    names = np.zeros((3, *own.shape), np.float32)
    names[0] = 1.0
    slopes(own, names[1], names[2])
    ignored = _orthonormal(names[:, window[0], window[1]].reshape(3, -1))
    others = pictures[:, top:bottom, left:right].reshape(len(pictures), -1)
    if glyph_set.whole:
        others = others[:0]
    mine = own[window].ravel()
    differences = np.concatenate([others - mine, -mine[None]])
    if room is not Room.PAPER:
        wider = (
            np.array(glyph_set.advances) > glyph_set.advances[character] + 1.0
            if not glyph_set.whole
            else np.zeros(0, bool)
        )
        differences[:-1][wider] = 0
    differences -= (differences @ ignored) @ ignored.T
    squares = (differences**2).sum(axis=1)
    return Rivals(character, (left, right), ignored, squares)


@lru_cache(maxsize=48)
def character_bank(glyph_set: GlyphSet, sigma: float) -> Floats:
    """The rows that are looked at of all characters of a set, as they lie in whole pictures (pixels, characters): what
    cells are multiplied with. Small enough to stay at hand, as the differences to each character's rivals are not."""
    import numpy as np

    pictures = phases(glyph_set, sigma)[0]
    top, bottom, _, _ = cell_window(glyph_set, 0, Room.CHARACTER)
    return np.ascontiguousarray(pictures[:, top:bottom].reshape(len(pictures), -1).T)


def _orthonormal(rows: Floats) -> Floats:
    """An orthonormal basis (pixels, n) of what some rows span."""
    import numpy as np

    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    used = values > 1e-8 * max(float(values[-1]), 1e-18)
    basis: Floats = (rows.T @ (vectors[:, used] / np.sqrt(values[used]))).astype(np.float32)
    return basis


def slopes(picture: Floats, right: Floats, down: Floats) -> None:
    """Rightward and downward slopes of a picture, but for its edges, into arrays of zeros."""
    import numpy as np

    np.subtract(picture[:, 2:], picture[:, :-2], out=right[:, 1:-1])
    np.subtract(picture[2:], picture[:-2], out=down[1:-1])
    right *= 0.5
    down *= 0.5


def blurred(picture: Floats, sigma: float) -> Floats:
    """A picture, blurred; blank beyond its edges."""
    import numpy as np

    if not sigma:
        return picture
    reach = int(3 * sigma) + 1
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    taps = (taps / (2 * taps.sum() - taps[0])).astype(np.float32)
    for _ in range(2):  # down, and then across: what is turned twice is upright again
        wide = np.pad(picture, ((reach, reach), (0, 0)))
        length = len(picture)
        picture = wide[reach : reach + length] * taps[0]
        for off in range(1, reach + 1):
            picture += (wide[reach - off : reach - off + length] + wide[reach + off : reach + off + length]) * taps[off]
        picture = np.ascontiguousarray(picture.T)
    return picture
