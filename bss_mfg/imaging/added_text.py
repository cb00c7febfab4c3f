"""More than a text: ink right before it or behind it, where its label is blank as it was drawn.

A text's characters are judged in their own places, so a digit more at the end of a serial changes none of them. How far
a label is blank beside a text, its drawing says; so far, and up to an em, it is looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import PHASES, Drawing, ExpectedLabel, ExpectedText, GlyphSet
from bss_mfg.imaging.geometry import apply_homography
from bss_mfg.imaging.strip_places import Picture
from bss_mfg.imaging.text_judge import Side, TextVerdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

_TOP, _BOTTOM = -0.7, 0.0
"""Ems from the baseline between which characters have their ink."""
_ABOVE, _BELOW = (-0.9, -0.84), (0.29, 0.35)
"""Ems from the baseline at which a line or an edge goes on, and no character does."""
_ROWS, _COLUMNS = 11, 16
"""Places between these, and along an em, that are looked at."""
_GAP_EM, _GAP_PIXELS = 0.08, 1.6
"""What is left out beside a text, for its own blur: ems, and pixels of the picture."""
_BESIDE_MM, _EDGE_MM = 0.3, 0.6
"""What is left out beside other things, and at the label's edges, which are not cut where they were drawn."""
_AROUND_MM = 0.2
"""What is looked at above and below a line, for what is drawn there."""
_OVERHANG_EM = 0.12
"""How far a character's ink may reach beyond where its pen starts or ends."""
_LEAST_ROOM = 0.4
"""Ems of blank paper below which no character more has room."""
_OCCUPIED = 40
"""Grey levels from the ground from which on something is drawn."""
_STEP_MM = 0.08
"""The drawing is looked at in such steps."""
_INKED = 0.35
"""Of the way from paper to ink."""
_FAINT = 0.12
"""What noise may add up to, of the same way."""
_NOISE_INKED, _NOISE_FAINT = 4.0, 2.0
"""The same, as multiples of the paper's noise (how much lighter its lightest twentieth is than its lightest quarter:
about a standard deviation), where that is more. Light texts on a half-dark ground have little contrast."""
_TALL = 0.5
"""Share of the rows that a character reaches over: dust, hyphens and dots are less."""
_LEAST_INK = 0.5
"""Share of the ink of the font's thinnest letter or digit."""
_PAPER = 0.3
"""Share of a text's contrast by which the paper beside it may be darker or lighter than its own."""
_USUAL_INK = 0.05
"""The ink of a thin letter, in square ems, where a font has none of its own."""


def find_added(
    picture: Picture, verdicts: Sequence[TextVerdict], labels: Sequence[ExpectedLabel], drawing: Drawing
) -> list[TextVerdict]:
    """The verdicts, and of texts that are right with what stands beside them where more does."""
    rests = [_Rest.of(label, drawing) for label in labels]
    looked_at = [
        window
        for at, verdict in enumerate(verdicts)
        if verdict.judged and not verdict.wrong and verdict.gain and not verdict.text.enclosed
        for window in _windows(at, verdict, rests[verdict.label])
    ]
    if not looked_at:
        return list(verdicts)
    inside, added = _look(picture.grey, looked_at)
    found = list(verdicts)
    for window, is_inside, is_added in zip(looked_at, inside, added, strict=True):
        before = found[window.verdict_at]
        if not is_inside:
            found[window.verdict_at] = replace(before, cut_off=True)
        elif is_added:
            found[window.verdict_at] = replace(before, added=(*before.added, window.side))
    return found


@dataclass(frozen=True, slots=True)
class _Window:
    """What is looked at beside a text: from `start` (a column of its strip) on, up to `room` ems."""

    verdict_at: int
    verdict: TextVerdict
    side: Side
    start: float
    room: float


def _windows(at: int, verdict: TextVerdict, rest: _Rest) -> Iterator[_Window]:
    text, glyph_set = verdict.text, verdict.text.glyph_set
    step, em = glyph_set.step, glyph_set.em
    left, right = _inked(text)
    line = _Line.of(text, rest.area)
    before, behind = rest.blank_beside(text, line, (line.start + left * step, line.start + right * step))
    gap = max(_GAP_EM * em, _GAP_PIXELS / max(verdict.place.pixels, 1e-6))
    for side, edge, room in ((Side.BEFORE, left - gap, before), (Side.BEHIND, right + gap, behind)):
        ems = (room / step - gap) / em
        if ems >= _LEAST_ROOM:
            yield _Window(at, verdict, side, glyph_set.pen_column + edge, min(ems, 1.0))


def _inked(text: ExpectedText) -> tuple[float, float]:
    """Where a text's ink begins and ends, in pixels of its strip from where its pen starts."""
    glyph_set, step = text.glyph_set, text.glyph_set.step
    names, glyphs = glyph_set.characters, text.glyphs
    first, start = next(one for one in glyphs if names[one[0]].strip())
    last, end = next(one for one in reversed(glyphs) if names[one[0]].strip())
    return start / step + _ink_of(glyph_set)[first][0], end / step + _ink_of(glyph_set)[last][1]


@lru_cache(maxsize=64)
def _ink_of(glyph_set: GlyphSet) -> list[tuple[float, float]]:
    """Of each character where its ink begins and ends, in pixels from where the pen starts."""
    import numpy as np

    found = []
    for picture in glyph_set.pictures:
        columns = (picture > _INKED).any(axis=0)
        at = np.flatnonzero(columns) / PHASES - glyph_set.pen_column
        found.append((float(at[0]), float(at[-1]) + 1 / PHASES) if len(at) else (0.0, 0.0))
    return found


@lru_cache(maxsize=64)
def _least_ink(glyph_set: GlyphSet) -> float:
    """The ink of a set's thinnest letter or digit, in square ems."""
    sums = glyph_set.pictures.sum(axis=(1, 2)) / (PHASES * glyph_set.em) ** 2
    known = [
        ink for name, ink in zip(glyph_set.characters, sums.tolist(), strict=True) if name.isascii() and name.isalnum()
    ]
    return min(known) if known and not glyph_set.whole else _USUAL_INK


@dataclass(frozen=True, slots=True)
class _Line:
    """A text's line on its label, in mm: where the text starts along it, how long the label is that way, and how far
    the line lies from the label's edge above it."""

    turn: int
    start: float
    length: float
    down: float

    @classmethod
    def of(cls, text: ExpectedText, area: Rect) -> _Line:
        """The line of a text on a label's area."""
        left, top, right, bottom = text.x - area.x, text.y - area.y, area.right - text.x, area.bottom - text.y
        along = {0: (left, area.width), 90: (top, area.height), 180: (right, area.width), 270: (bottom, area.height)}
        return cls(text.turn, *along[text.turn], {0: top, 90: right, 180: bottom, 270: left}[text.turn])

    def span(self, rect: Rect, area: Rect) -> _Span:
        """How far a rectangle reaches."""
        left, top, right, bottom = rect.x - area.x, rect.y - area.y, rect.right - area.x, rect.bottom - area.y
        wide, high = area.width, area.height
        return {
            0: (left, right, top, bottom),
            90: (top, bottom, wide - right, wide - left),
            180: (wide - right, wide - left, high - bottom, high - top),
            270: (high - bottom, high - top, left, right),
        }[self.turn]

    def points(self, along: Floats, down: Floats, area: Rect) -> Floats:
        """Places (rows, columns, 2) on the printed page."""
        import numpy as np

        a, c = np.meshgrid(along, down)
        x, y = {
            0: (area.x + a, area.y + c),
            90: (area.right - c, area.y + a),
            180: (area.right - a, area.bottom - c),
            270: (area.x + c, area.bottom - a),
        }[self.turn]
        return np.stack([x, y], axis=-1)


_Span = tuple[float, float, float, float]
"""From where to where something reaches along a line, and down from the label's edge, in mm."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is on a label beside a text: as it is drawn, and what is not as on the drawing."""

    area: Rect
    drawing: Drawing
    texts: Sequence[tuple[ExpectedText, _Span]]
    areas: Sequence[Rect]

    @classmethod
    def of(cls, label: ExpectedLabel, drawing: Drawing) -> _Rest:
        """That of a label."""
        texts = [(text, _span(text, _Line.of(text, label.area))) for text in label.texts if text.changes]
        shown = _elements(drawing)
        areas = [picture.area for picture in label.pictures if picture.element not in shown]
        areas += [code.area for code in label.codes if code.element not in shown]
        return cls(label.area, drawing, texts, areas)

    def blank_beside(self, text: ExpectedText, line: _Line, own: tuple[float, float]) -> tuple[float, float]:
        """How many mm are blank before a text's ink and behind it."""
        em = text.glyph_set.em * text.glyph_set.step
        fixed = None if text.changes else (round(own[0], 1), round(own[1], 1))
        drawn = _drawn(self.drawing, line.turn, round(line.down, 1), round(em, 2), fixed)
        last, first = bisect_left(drawn, own[0]), bisect_right(drawn, own[1])
        before = max(drawn[last - 1] + _BESIDE_MM if last else 0.0, _EDGE_MM)
        behind = min(drawn[first] - _BESIDE_MM if first < len(drawn) else line.length, line.length - _EDGE_MM)
        others = [span for other, span in self.texts if other is not text and other.turn == line.turn]
        others += [line.span(area, self.area) for area in self.areas]
        upper, lower = line.down + _TOP * em, line.down + _BOTTOM * em
        for start, end, top, bottom in others:
            if bottom > upper and top < lower:
                if end <= own[1]:
                    before = max(before, end + _BESIDE_MM)
                if start >= own[0]:
                    behind = min(behind, start - _BESIDE_MM)
        return own[0] - before, behind - own[1]


def _span(text: ExpectedText, line: _Line) -> _Span:
    em = text.glyph_set.em * text.glyph_set.step
    return line.start, line.start + text.width, line.down - 0.75 * em, line.down + 0.22 * em


@lru_cache(maxsize=8)
def _elements(drawing: Drawing) -> frozenset[int]:
    pictures, codes = drawing.label.pictures, drawing.label.codes
    return frozenset({picture.element for picture in pictures} | {code.element for code in codes})


@lru_cache(maxsize=256)
def _drawn(drawing: Drawing, turn: int, down: float, em: float, fixed: tuple[float, float] | None) -> tuple[float, ...]:
    """Where along a line something is drawn, in steps, but for texts that change, and the fixed one that is asked for.
    An empty line is as long as its label."""
    import numpy as np

    area = drawing.label.area
    length = area.width if turn in (0, 180) else area.height
    line = _Line(turn, 0.0, length, down)
    along = np.arange(0.0, length, _STEP_MM)
    rows = np.arange(down + _TOP * em - _AROUND_MM, down + _BOTTOM * em + _AROUND_MM, _STEP_MM)
    points = line.points(along, rows, area)
    places = apply_homography(drawing.to_pixels, points.reshape(-1, 2)).astype(int).T
    high, wide = drawing.grey.shape
    grey = drawing.grey[places[1].clip(0, high - 1), places[0].clip(0, wide - 1)].reshape(points.shape[:2]).astype(int)
    changing = [text for text in drawing.label.texts if text.changes and text.turn == turn]
    spans = [_span(text, _Line.of(text, area)) for text in changing]
    mine = [
        (start, end)
        for start, end, top, bottom in spans
        if bottom > down + _TOP * em - _AROUND_MM and top < down + _BOTTOM * em + _AROUND_MM
    ]
    if fixed:
        mine.append(fixed)
    own = np.zeros(len(along), bool)
    for start, end in mine:
        own |= (along > start - _OVERHANG_EM * em) & (along < end + _OVERHANG_EM * em)
    ground = float(np.median(grey[:, own])) if own.any() else 255.0
    drawn = (np.abs(grey - ground) > _OCCUPIED).any(axis=0) & ~own
    return tuple(along[drawn].tolist())


def _look(grey: Grey, windows: Sequence[_Window]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of each window whether it is in the picture, and whether ink stands in it that may be a character's."""
    import numpy as np

    ink, rooms = _cut_out(grey, windows)
    inside = np.asarray(~np.isnan(ink).any(axis=(1, 2)), bool)
    ink = np.nan_to_num(ink)
    free = np.arange(_COLUMNS) + 0.5 < rooms[:, None] * _COLUMNS
    # The paper: what a quarter of the window is lighter than, if that is near the text's own.
    every = np.where(free[:, None, :], ink[:, :_ROWS], np.inf)[:, ::2].reshape(len(windows), -1)
    every.sort(axis=1)
    quarter = (np.isfinite(every).sum(axis=1) // 4)[:, None]
    lighter = np.take_along_axis(every, quarter, axis=1)[:, 0]
    noise = (lighter - np.take_along_axis(every, quarter // 5, axis=1)[:, 0])[:, None, None]
    paper = lighter.clip(-_PAPER, _PAPER)
    ink = ink - paper[:, None, None]
    goes_on = (ink[:, _ROWS : _ROWS + 2].min(axis=1) > _INKED) | (ink[:, _ROWS + 2 :].min(axis=1) > _INKED)
    ink = ink[:, :_ROWS] * (free & ~goes_on)[:, None, :]
    inked = ink > np.maximum(_INKED, _NOISE_INKED * noise)
    tall = inked.any(axis=2).sum(axis=1) >= _TALL * _ROWS
    area = (_BOTTOM - _TOP) / _ROWS / _COLUMNS
    faint = np.maximum(_FAINT, _NOISE_FAINT * noise)
    amount = np.where(ink > faint, np.minimum(ink, 1.0), 0.0).sum(axis=(1, 2)) * area
    least = np.array([_least_ink(window.verdict.text.glyph_set) for window in windows])
    added: NDArray[np.bool_] = tall & (amount >= _LEAST_INK * least)
    return inside, added


def _cut_out(grey: Grey, windows: Sequence[_Window]) -> tuple[Floats, Floats]:
    """The windows' ink (windows, rows, columns), 1 where it is as dark as that of the text, NaN outside of the picture;
    the last rows are those above and below. And their rooms in ems."""
    import numpy as np

    table = np.array([_sight(window) for window in windows], np.float32).T[:, :, None, None]
    x, y, right_x, right_y, down_x, down_y, along, under, start, em, base, em_down, paper, gain, room = table
    steps = (np.arange(_COLUMNS, dtype=np.float32) + 0.5) / _COLUMNS
    inner = _TOP + (_BOTTOM - _TOP) * (np.arange(_ROWS, dtype=np.float32) + 0.5) / _ROWS
    columns, rows = start + em * steps, base + em_down * np.array([*inner, *_ABOVE, *_BELOW], np.float32)[:, None]
    across, down = (x + right_x * columns) + down_x * rows, (y + right_y * columns) + down_y * rows
    if along.any() or under.any():
        far = 1 + along * columns + under * rows
        across, down = across / far, down / far
    high, wide = grey.shape
    outside = (across < 0) | (across >= wide) | (down < 0) | (down >= high)
    at = down.clip(0, high - 1).astype(np.intp) * wide + across.clip(0, wide - 1).astype(np.intp)
    ink: Floats = (np.float32(255) - grey.ravel().take(at) - paper) / gain
    if outside.any():
        ink[outside] = 0.0
        outside[:, _ROWS:] = False
        ink[outside & (steps < room.clip(max=_LEAST_ROOM))] = np.nan
    return ink, room[:, 0, 0]


def _sight(window: _Window) -> tuple[float, ...]:
    """How a window lies in its picture: its strip, where it begins there, and its levels."""
    verdict, place = window.verdict, window.verdict.place
    glyph_set, (x, y) = verdict.text.glyph_set, verdict.shift_mm
    start, base = window.start + x / glyph_set.step, glyph_set.baseline_row + y / glyph_set.step
    em = glyph_set.em if window.side is Side.BEHIND else -glyph_set.em
    lies = (*place.corner, *place.right, *place.down, *place.bend)
    return (*lies, start, em, base, glyph_set.em, verdict.paper, verdict.gain, window.room)
