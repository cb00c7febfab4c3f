"""Characters judged cell by cell: what is left of a strip once its text is explained, against each character's rivals.

A strip of a picture is explained by the text's own drawing, through one blur for a font and a gain for the page. Where
a rival (another character of the font, or blank paper) explains what is left of a character's cell, it is that rival
which stands there. A cell whose rivals are not further from it than the noise allows is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from bss_mfg.imaging.expected_content import PHASES, ExpectedText, GlyphSet
from bss_mfg.imaging.glyph_lens import Rivals, Room, cell_window, character_bank, rivals
from bss_mfg.imaging.moved_rivals import find_moved_rival, moved_characters
from bss_mfg.imaging.text_certainty import Leanings, no_leanings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats
    from bss_mfg.imaging.text_strips import Fit

_CERTAIN = 9.0
"""How many times the noise a character must differ from a rival for the two to be told apart."""
_LEAST_NOISE, _LEAST_NOISE_ALONE, _ALONE = 0.14, 0.25, 300
"""Noise as a share of the gain that is always reckoned with: where the picture's pixels lie between the drawing's,
edges differ by that much, however clean the picture is. More on a page of so few characters that they don't tell how
it was printed."""
_RIVAL_SHARE = 0.5
"""Where between a character (0) and its rival (1) what was seen must lie to be the rival."""
_NEARLY = 0.99
"""For what rounding may do to a comparison."""
_EXPLAINED = 0.35
"""Share of what is unlike the character, noise apart, that a rival must explain to be it."""
_NEAR = 0.15
"""Share of a character's own ink below which a rival's difference is so small that hinting and the printer's dots look
like it: more of it must be seen then, up to `_MORE`."""
_MORE = 0.4
_SAME, _SAME_FIXED = 0.04, 0.12
"""Such a share below which two characters are as good as the same: in a text of this label, and in one that is on every
label, in which nobody types a wrong one."""
_UNLIKE, _UNLIKE_MORE, _UNLIKE_TIMES = 0.4, 0.15, 3.0
"""Share of a character's own ink beyond which what is seen and not explained is something else; where the page's print
is bolder or thinner than its drawing, so many times what is usual on it, and more."""
_SAME_TIMES, _SAME_MOST, _SAME_FEWEST = 1.8, 0.35, 5
"""The same for what is usual of one character, which a printer's dots may change more than others: so many times it, it
being counted up to a share, where there are so many on the page."""
_DOUBT = 0.4
"""Share of what may be unlike of a character from which on others are tried beside its place, too."""
_PAPER_LEANING, _MOST = 0.2, 0.9
"""How far so many of a page's characters may lean towards blank paper for missing ones to be told, however much they
lean towards each other: whether there is ink is seen where it can't be told which character it is."""
_LEANING_ROWS = 80
"""Characters of a font by which it is told how far a page's lean towards others."""
_CLEARLY = 0.5
"""Share of what two characters must differ by to be told apart by which one must be more like a cell than a third."""
_LARGE = 2.0
"""How much more than certain a character must stand out for something else to be told from it."""


class GlyphVerdict(Enum):
    """What stands in a character's place."""

    RIGHT = "right"
    OTHER = "other"
    LIKELY = "likely"
    """Another one, as far as it can be told: a third is hardly less like it."""
    BLANK = "blank"
    UNLIKE = "unlike"
    """Something else, that no character of the font is like."""


Seen = tuple[GlyphVerdict, str]
"""What stands in a character's place, and which character that is where it is known."""
_Kind = tuple[int, Room, bool]
"""A character (its index), what lies beside it, and whether its text is another on other labels."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of the texts of one font, which go by numbers: how many of their characters could be told from
    blank paper, how many of these from no other character that is much like them, and those that are not right by their
    place."""

    told: Mapping[int, int]
    doubtful: Mapping[int, int]
    wrong: Mapping[int, Mapping[int, Seen]]


class _Block(NamedTuple):
    """A character of a text, and its cells (texts, rows, columns) in all texts that are alike."""

    texts: Sequence[int]
    at: int
    gains: Sequence[float]
    cells: Floats


class GlyphCells:
    """The cells of a font's characters in strips of a picture, gathered by character."""

    def __init__(self, glyph_set: GlyphSet, sigma: float) -> None:
        self._set, self._sigma = glyph_set, sigma
        self._blocks: dict[_Kind, list[_Block]] = {}

    def add(self, text: ExpectedText, strips: Sequence[tuple[int, Fit, float]]) -> None:
        """The cells of a text in strips that show it: each with its number, how it was laid over, and its gain."""
        import numpy as np

        numbers, gains = [number for number, _, _ in strips], [gain for _, _, gain in strips]
        rows = _rows(self._set)
        width = strips[0][1].seen.shape[1]
        left = np.empty((len(strips), rows.stop - rows.start, width), np.float32)
        for into, (_, fit, gain) in zip(left, strips, strict=True):
            fit.left(gain, rows, into)
        for at, glyph, room, start, end in _windows(self._set, text):
            if 0 <= start < end <= width:
                kind = (glyph, room, text.changes)
                self._blocks.setdefault(kind, []).append(_Block(numbers, at, gains, left[:, :, start:end]))

    @cached_property
    def _table(self) -> _Table:
        return _Table.of(self._set, self._sigma, self._blocks)

    def leanings(self, pixels: float) -> Leanings:
        """How far its characters lean towards others."""
        if not self._blocks or self._set.whole:
            return no_leanings
        return _leanings(self._table, self._table.noise(pixels))

    def judge(self, pixels: float, times: float = 1.0) -> Judged:
        """All of them. `pixels`: how many of the picture make one of a cell, at least; `times`: how many times more
        than usual characters must differ to be told apart."""
        if not self._blocks or times == inf:
            return Judged({}, {}, {})
        return _decide(self._table, pixels, times)


def _rows(glyph_set: GlyphSet) -> slice:
    top, bottom, _, _ = cell_window(glyph_set, 0, Room.CHARACTER)
    return slice(top, bottom)


def _windows(glyph_set: GlyphSet, text: ExpectedText) -> Iterator[tuple[int, int, Room, int, int]]:
    """Of each character of a text: its place, index, what lies beside it, and the columns of its cell."""
    names, step, glyphs = glyph_set.characters, glyph_set.step, text.glyphs
    for at, (glyph, pen) in enumerate(glyphs):
        # Nothing follows that is as near as a wider one would reach.
        last = at + 1 == len(glyphs)
        if text.enclosed and (last or at == 0):
            room = Room.BARS
        else:
            room = Room.PAPER if last or not names[glyphs[at + 1][0]].strip() else Room.CHARACTER
        _, _, left, right = cell_window(glyph_set, glyph, room)
        column = round(pen / step)
        yield at, glyph, room, column + left, column + right


@dataclass(frozen=True, eq=False)
class _Table:
    """All cells of a font as rows, those of one kind of character together. `kinds` numbers these, of which `windows`
    are the rivals, `cells` the pixels and `counts` how many there are. `energy` is a cell's squared length, what a
    small shift or another paper explains left out, of `sizes` pixels; `own` that of the character's ink, and `nearest`
    that by which its nearest rival differs that can be told from it; `closest`, by which any does that is not as good
    as the same."""

    glyph_set: GlyphSet
    sigma: float
    names: Sequence[str]
    characters: Sequence[_Kind]
    windows: Sequence[Rivals]
    cells: Sequence[Floats]
    counts: NDArray[np.int_]
    kinds: NDArray[np.int_]
    texts: NDArray[np.int_]
    places: NDArray[np.int_]
    gains: Floats
    sizes: NDArray[np.int_]
    energy: Floats
    own: Floats
    nearest: Floats
    closest: Floats
    least_alike: Floats
    """Share of its own ink from which on what differs from a character is another."""
    blank: NDArray[np.bool_]
    """Whether a row's character is a space."""

    @property
    def least(self) -> float:
        """Noise as a share of the gain that is always reckoned with."""
        return _least(len(self.kinds))

    def noise(self, pixels: float) -> float:
        """Grey levels that a pixel is off where all is right."""
        return (self._usual_left + 1.0) / min(pixels, 1.0)

    @cached_property
    def _usual_left(self) -> float:
        import numpy as np

        return float(np.median(np.sqrt(self.energy / self.sizes)))

    @classmethod
    def of(cls, glyph_set: GlyphSet, sigma: float, blocks: Mapping[_Kind, Sequence[_Block]]) -> _Table:
        """The table of some cells."""
        import numpy as np

        every = [block for mine in blocks.values() for block in mine]
        windows = [rivals(glyph_set, sigma, glyph, room) for glyph, room, _ in blocks]
        shown = [np.concatenate([block.cells for block in mine]) for mine in blocks.values()]
        cells = [mine.reshape(len(mine), -1) for mine in shown]
        counts = np.array([len(mine) for mine in cells])
        blank = [not glyph_set.characters[glyph].strip() for glyph, _, _ in blocks]
        alike = [_SAME if changes else _SAME_FIXED for _, _, changes in blocks]
        surely = (_CERTAIN * _least(int(counts.sum()))) ** 2
        nearest = [
            window.nearest(surely if is_blank else max(surely, share * window.own))
            for window, is_blank, share in zip(windows, blank, alike, strict=True)
        ]
        closest = [window.nearest(share * window.own) for window, share in zip(windows, alike, strict=True)]
        return cls(
            glyph_set=glyph_set,
            sigma=sigma,
            characters=tuple(blocks),
            names=("",) if glyph_set.whole else (*glyph_set.characters, ""),
            windows=windows,
            cells=cells,
            counts=counts,
            kinds=np.repeat(np.arange(len(counts)), counts),
            texts=np.array([text for block in every for text in block.texts]),
            places=np.repeat([block.at for block in every], [len(block.texts) for block in every]),
            gains=np.array([gain for block in every for gain in block.gains], np.float32),
            sizes=np.repeat([len(window.ignored) for window in windows], counts),
            energy=np.concatenate([_energy(mine, window) for mine, window in zip(cells, windows, strict=True)]),
            own=np.repeat(np.array([window.own for window in windows], np.float32), counts),
            nearest=np.repeat(np.array(nearest, np.float32), counts),
            closest=np.repeat(np.array(closest, np.float32), counts),
            least_alike=np.repeat(np.array(alike, np.float32), counts),
            blank=np.repeat(blank, counts),
        )

    def dots(self, rows: NDArray[np.int_]) -> tuple[Floats, Floats]:
        """The products of some cells with the differences of their rivals, what is ignored left out; and the squared
        lengths of these."""
        import numpy as np

        kinds, first = np.unique(self.kinds[rows], return_index=True)
        ends = [*first[1:].tolist(), len(rows)]
        starts = (np.cumsum(self.counts) - self.counts).tolist()
        high, wide = _rows(self.glyph_set), self.glyph_set.pictures.shape[2] // PHASES
        seen = np.zeros((len(rows), high.stop - high.start, wide), np.float32)
        for kind, start, end in zip(kinds.tolist(), first.tolist(), ends, strict=True):
            window, cells = self.windows[kind], self.cells[kind][rows[start:end] - starts[kind]]
            left = cells - (cells @ window.ignored) @ window.ignored.T
            seen[start:end, :, slice(*window.columns)] = left.reshape(end - start, seen.shape[1], -1)
        counts = np.array(ends) - first
        products = seen.reshape(len(rows), -1) @ character_bank(self.glyph_set, self.sigma)
        own = np.repeat([self.windows[kind].character for kind in kinds.tolist()], counts)
        of_own = products[np.arange(len(rows)), own][:, None]
        squares = np.repeat(np.stack([self.windows[kind].squares for kind in kinds.tolist()]), counts, axis=0)
        found = -of_own if self.glyph_set.whole else np.concatenate([products - of_own, -of_own], axis=1)
        found[squares == 0] = 0  # itself, and what is no rival
        return found, squares


def _least(cells: int) -> float:
    return _LEAST_NOISE if cells >= _ALONE else _LEAST_NOISE_ALONE


def _energy(cells: Floats, window: Rivals) -> Floats:
    """Cells' squared lengths, what is ignored left out."""
    import numpy as np

    ignored = cells @ window.ignored
    energy: Floats = np.einsum("ij,ij->i", cells, cells) - np.einsum("ij,ij->i", ignored, ignored)
    return np.maximum(energy, 0)


def _shares(table: _Table, noise: float) -> Floats:
    """What is not explained of each character, as a share of its own ink."""
    excess = table.energy - table.sizes * noise**2
    shares: Floats = excess / (table.gains**2 * table.own + 1e-9)
    return shares


def _unlike_limits(table: _Table, noise: float) -> Floats:
    """What may be unlike of each character: what is usual on the page, or more where it is of all of its kind."""
    import numpy as np

    shares = _shares(table, noise)
    inked = shares[~table.blank]
    usual = max(float(np.median(inked)), 0.0) if len(inked) else 0.0
    own = [
        min(middle, _SAME_MOST) * _SAME_TIMES + _UNLIKE_MORE if count >= _SAME_FEWEST else 0.0
        for count, middle in zip(table.counts.tolist(), _medians(shares, table), strict=True)
    ]
    limits: Floats = np.maximum(max(_UNLIKE, _UNLIKE_TIMES * usual + _UNLIKE_MORE), np.repeat(own, table.counts))
    return limits


def _medians(values: Floats, table: _Table) -> list[float]:
    """The median of each kind's values."""
    import numpy as np

    ordered = values[np.lexsort((values, table.kinds))]
    counts = table.counts
    starts = np.cumsum(counts) - counts
    middles: list[float] = ((ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2).tolist()
    return middles


def _certain(table: _Table, noise: float) -> Floats:
    """How far each character must differ from another for the two to be told apart."""
    import numpy as np

    certain: Floats = _CERTAIN * np.maximum(noise, table.least * np.abs(table.gains))
    return certain


def _leanings(table: _Table, noise: float) -> Leanings:
    """How far some characters lean towards the likeliest other that differs by so many times what is certain."""
    import numpy as np

    certain = _certain(table, noise)
    told = np.flatnonzero(~table.blank & (table.gains**2 * table.own > certain**2))
    rows = told[:: max(len(told) // _LEANING_ROWS, 1)]
    if not len(rows):
        return no_leanings
    dots, squares = table.dots(rows)
    gains, own = table.gains[rows, None], np.maximum(table.own[rows, None], 1e-9)
    alike, lengths = squares / own, gains**2 * squares
    leaning = dots * gains / np.maximum(lengths, 1e-9) - _MORE * np.clip(1 - alike / _NEAR, 0, 1)
    leaning[alike <= table.least_alike[rows, None]] = -inf
    differ = lengths / certain[rows, None] ** 2

    @cache
    def by(times: float) -> Floats:
        found: Floats = np.where(differ > times**2, leaning, -inf).max(axis=1)
        return found

    return by


def _decide(table: _Table, pixels: float, times: float) -> Judged:
    """What each cell shows."""
    import numpy as np

    noise = table.noise(pixels)
    own = table.gains**2 * table.own
    once = _certain(table, noise)
    certain = times * once
    of_paper = once if times > 1 and _is_paper_told(table, once) else certain
    told = (own > certain**2) | table.blank
    excess = table.energy - table.sizes * noise**2
    limits = _unlike_limits(table, noise)
    strange = told & (excess > limits * own) & (own > (_LARGE * certain) ** 2) & ~table.blank
    # A cell of so little energy lies nearer to its own character than to any rival, whatever is in it.
    near = table.energy > (_NEARLY * _RIVAL_SHARE) ** 2 * table.gains**2 * table.nearest
    inked = (own > of_paper**2) | table.blank
    rivals_seen = _find_rivals(table, np.flatnonzero(inked & near), certain, of_paper, excess)
    if not table.glyph_set.whole:
        doubtful = told & ~table.blank & (excess > _DOUBT * limits * own) & (excess > table.sizes * noise**2)
        for row in np.flatnonzero(doubtful).tolist():
            if row not in rivals_seen and (rival := _moved_rival(table, row, noise, certain, limits)) is not None:
                rivals_seen[row] = rival, False
    wrong: dict[int, dict[int, Seen]] = {}
    for row in sorted({*rivals_seen, *np.flatnonzero(strange).tolist()}):
        rival, clearly = rivals_seen.get(row, (None, False))
        seen = _seen(None if rival is None else table.names[rival], clearly)
        wrong.setdefault(int(table.texts[row]), {})[int(table.places[row])] = seen
    unsure = told & ~table.blank & (table.gains**2 * table.closest < certain**2)
    return Judged(_counted(table.texts[told]), _counted(table.texts[unsure]), wrong)


def _counted(texts: NDArray[np.int_]) -> dict[int, int]:
    """How often each number is there."""
    import numpy as np

    return {text: count for text, count in enumerate(np.bincount(texts).tolist()) if count}


def _moved_rival(table: _Table, row: int, noise: float, certain: Floats, limits: Floats) -> int | None:
    """Another character that stands a little beside a cell, and explains it better than its own one there."""
    kind = int(table.kinds[row])
    glyph, room, _ = table.characters[kind]
    cell = table.cells[kind][row - int(table.counts[:kind].sum())]
    levels = (float(table.gains[row]), noise, float(certain[row]), float(table.own[row]))
    bank = moved_characters(table.glyph_set, table.sigma, glyph, room)
    return find_moved_rival(bank, glyph, cell, levels, _DOUBT * float(limits[row]))


def _is_paper_told(table: _Table, certain: Floats) -> bool:
    """Whether most characters are not like blank paper."""
    import numpy as np

    inked = np.flatnonzero(~table.blank & (table.gains**2 * table.own > certain**2))
    rows = inked[:: max(len(inked) // _LEANING_ROWS, 1)]
    if not len(rows):
        return False
    dots, squares = table.dots(rows)
    leaning = dots[:, -1] / (table.gains[rows] * squares[:, -1])
    return float(np.quantile(leaning, _MOST)) <= _PAPER_LEANING


def _find_rivals(
    table: _Table, rows: NDArray[np.int_], certain: Floats, of_paper: Floats, excess: Floats
) -> dict[int, tuple[int, bool]]:
    """By row, the rival that explains a cell best, of some rows, and whether clearly better than all others do; none
    where none does well enough. `certain`: by how much it must differ, and `of_paper`, where it is blank paper."""
    import numpy as np

    if not len(rows):
        return {}
    dots, squares = table.dots(rows)
    gains, excess = table.gains[rows, None], excess[rows, None]
    own = np.maximum(table.own[rows, None], 1e-9)
    alike = np.where(table.blank[rows, None], 1.0, squares / own)
    lengths = gains**2 * squares
    dots = dots * gains
    more = _MORE * np.clip(1 - alike / _NEAR, 0, 1)
    gained = 2 * dots - lengths
    least = np.repeat(certain[rows, None] ** 2, lengths.shape[1], axis=1)
    least[:, -1] = of_paper[rows] ** 2
    is_it = (lengths > least) & (alike > table.least_alike[rows, None])
    is_it &= (dots > (_RIVAL_SHARE + more) * lengths) & (gained > (_EXPLAINED + more) * excess)
    every = np.arange(len(rows))
    best = np.where(is_it, gained, -np.inf).argmax(axis=1)
    found = np.flatnonzero(is_it[every, best])
    most = gained[every, best]
    gained[every, best] = -np.inf
    clearly = most - gained.max(axis=1) > _CLEARLY * certain[rows] ** 2
    named = zip(best[found].tolist(), clearly[found].tolist(), strict=True)
    return dict(zip(rows[found].tolist(), named, strict=True))


def _seen(name: str | None, clearly: bool) -> Seen:
    """What stands there, by the name of the rival, and whether it is clearly that one; None: it is none."""
    if name is None:
        return GlyphVerdict.UNLIKE, ""
    if not name.strip():
        return GlyphVerdict.BLANK, ""
    return (GlyphVerdict.OTHER if clearly else GlyphVerdict.LIKELY), name
