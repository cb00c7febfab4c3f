"""The texts of labels on a page, judged character by character against what is to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property, lru_cache
from math import dist
from statistics import median
from typing import TYPE_CHECKING
from unicodedata import bidirectional

from bss_mfg.imaging.expected_content import ExpectedText, GlyphSet
from bss_mfg.imaging.glyph_lens import SIGMAS, blurred
from bss_mfg.imaging.glyph_moves import MovedText, with_moved_glyphs
from bss_mfg.imaging.strip_places import Picture, Point, StripPlace, strip_place, strip_places
from bss_mfg.imaging.text_cells import GlyphCells, GlyphVerdict, Judged, Seen
from bss_mfg.imaging.text_certainty import Leanings, times_by_size
from bss_mfg.imaging.text_strips import Fit, StripModel, compose_glyphs, lay_over

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

NOT_MADE_OUT = "\ufffd"
"""Stands for a character that is like none of its font."""
_FEWEST_PIXELS = 0.55
"""Pixels of the picture in one of a strip, below which too little is seen of a text."""
_LEAST_EM = 14.2
"""Pixels of the picture in an em below which a text is not judged."""
_LEAST_GAIN = 40.0
"""Grey levels between paper and ink below which nothing is judged."""
_ALIKE = 0.8
"""Correlation below which a text may be another one: or the picture is poor."""
_MOSTLY = 0.3
"""Share of a text's characters from which on it may be another text."""
_BLUR_STRIPS = 5
"""Texts by which the blur of a page is found."""
_FIRST_BLUR = 3
"""Which of the blurs is tried first."""
_BLURS_A_PIXEL = 20
"""Blurs that are told apart in a pixel: one that is taken for less than it is by a tenth lets characters lean to
others."""
_NEAR_USUAL_MM = 0.15
"""How far off the usual shift of a page's texts that of a label may lie to be that of its other texts, too."""


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text with how its label lies in the picture: `to_pixels` takes mm of the printed page to pixels. `contrast` is
    what its ink is on its ground, 1 for black on white, negative for light on dark."""

    label: int
    text: ExpectedText
    to_pixels: Floats
    contrast: float = 1.0


class Side(Enum):
    """A side of a text, along its line."""

    BEFORE = "before"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """What was seen of a text. `judged`: how many of its characters could be told from blank paper, `doubtful` how many
    of these not from each other character that is much like them. `wrong` names the characters that are not right by
    their place, with what stands there. `shift_mm` is how far it lies from where it should."""

    label: int
    text: ExpectedText
    place: StripPlace
    judged: int = 0
    doubtful: int = 0
    wrong: Mapping[int, Seen] = field(default_factory=dict)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    outside: bool = False
    alike: float = 1.0
    """Its correlation with what is seen in its place."""
    paper: float = 0.0
    """Its paper's ink (255 - grey)."""
    gain: float = 0.0
    """Grey levels between its paper and its ink."""
    added: tuple[Side, ...] = ()
    """Where more stands beside it."""
    cut_off: bool = False
    """Whether the picture ends so near beside it that more could stand there."""

    @property
    def blank(self) -> bool:
        """Whether nothing of the text is there."""
        seen = [glyph for glyph, _ in self.text.glyphs if self.text.glyph_set.characters[glyph].strip()]
        blank = sum(kind is GlyphVerdict.BLANK for kind, _ in self.wrong.values())
        return bool(self.wrong) and blank == len(self.wrong) and blank >= 0.6 * len(seen)

    @property
    def is_mostly_wrong(self) -> bool:
        """Whether so many characters are wrong that what they seem to say may be another text altogether."""
        return len(self.wrong) >= _MOSTLY * len(self.text.glyphs)

    @property
    def may_be_other(self) -> bool:
        """Whether another text may stand there, whatever its characters seem to be: where half of a font's are wrong on
        a page, that is taken for noise, in which most others pass."""
        return (self.is_mostly_wrong or self.alike < _ALIKE) and not self.blank

    @property
    def is_other(self) -> bool:
        """Whether nothing of it is like any character that should be there."""
        names = self.text.glyph_set.characters
        inked = sum(bool(names[glyph].strip()) for glyph, _ in self.text.glyphs)
        return bool(self.wrong) and sum(kind is GlyphVerdict.UNLIKE for kind, _ in self.wrong.values()) >= inked

    @property
    def is_guess(self) -> bool:
        """Whether the text as it was seen may be another one: not all of its characters were clearly told."""
        likely = any(kind is GlyphVerdict.LIKELY for kind, _ in self.wrong.values())
        return likely or self.is_mostly_wrong or self.judged < len(self.text.glyphs)

    @property
    def seen_text(self) -> str:
        """The text as it was seen: of characters that could not be made out, and of more beside it, `NOT_MADE_OUT`;
        empty where none was."""
        if self.added:
            ends = [NOT_MADE_OUT if side in self.added else "" for side in Side]
            first, last = reversed(ends) if _is_right_to_left(self.text.text) else ends
            return f"{first}{self.text.text}{last}"
        if self.text.glyph_set.whole or self.is_other:
            return ""
        names = self.text.glyph_set.characters
        signs = {GlyphVerdict.BLANK: " ", GlyphVerdict.UNLIKE: NOT_MADE_OUT}
        shown = [
            names[glyph] if at not in self.wrong else signs.get(self.wrong[at][0], self.wrong[at][1])
            for at, (glyph, _) in enumerate(self.text.glyphs)
        ]
        return "".join(shown)


def _is_right_to_left(text: str) -> bool:
    strong = (direction for sign in text if (direction := bidirectional(sign)) in ("L", "R", "AL"))
    return next(strong, "L") != "L"


def judge_texts(picture: Picture, texts: Sequence[PlacedText]) -> list[TextVerdict]:
    """The verdicts on texts of a page, in their order."""
    by_set: dict[GlyphSet, list[int]] = {}
    for at, placed in enumerate(texts):
        by_set.setdefault(placed.text.glyph_set, []).append(at)
    if not by_set:
        return []
    # One blur for a page: found by the texts of which there are most, if they have pixels enough.
    by_size = sorted(by_set.values(), key=lambda indexes: -sum(len(texts[at].text.glyphs) for at in indexes))
    views = (_find_view(picture, [texts[at] for at in indexes]) for indexes in by_size)
    view = next((view for view in views if view), _View())
    judges = [
        _SetJudge(picture, glyph_set, [texts[at] for at in indexes], view) for glyph_set, indexes in by_set.items()
    ]
    times = times_by_size({at: (judge.em, judge.leanings()) for at, judge in enumerate(judges)})
    verdicts: dict[int, TextVerdict] = {}
    for at, (judge, indexes) in enumerate(zip(judges, by_set.values(), strict=True)):
        verdicts.update(zip(indexes, judge.verdicts(times[at]), strict=True))
    return [verdicts[at] for at in range(len(texts))]


@dataclass(frozen=True, slots=True)
class _View:
    """How a picture shows texts: with how much blur (a standard deviation), and how far off their places, in mm."""

    blur_mm: float = 0.06
    shift_mm: Point = (0.0, 0.0)
    _of_label: dict[tuple[int, int], Point] = field(default_factory=dict)
    """By label and turn, how far off it lies."""
    _of_element: dict[int, Point] = field(default_factory=dict)
    """How much further off than their labels an element's texts are: what draws them puts them on whole pixels."""

    def near(self, placed: PlacedText) -> Point:
        """Where a text is looked for first."""
        x, y = self._of_label.get((placed.label, placed.text.turn), self._usual(placed))
        more = self._of_element.get(placed.text.element, (0.0, 0.0))
        return x + more[0], y + more[1]

    def note(self, placed: PlacedText, fit: Fit) -> None:
        """A text was seen: the others of its label lie about as far off, if that is not far from what is usual."""
        step, label, element = placed.text.glyph_set.step, (placed.label, placed.text.turn), placed.text.element
        x, y = fit.shift[0] + fit.rest[0] * step, fit.shift[1] + fit.rest[1] * step
        if dist((x, y), self._usual(placed)) >= _NEAR_USUAL_MM:
            return
        if of_label := self._of_label.get(label):
            self._of_element[element] = x - of_label[0], y - of_label[1]
        else:
            more = self._of_element.setdefault(element, (0.0, 0.0))
            self._of_label[label] = x - more[0], y - more[1]

    def _usual(self, placed: PlacedText) -> Point:
        return self.shift_mm if placed.text.turn == 0 else (0.0, 0.0)


def _find_view(picture: Picture, texts: Sequence[PlacedText]) -> _View | None:
    """The blur that explains some texts best, and their usual shift; None where too little is seen of them. Such as are
    on every label will do, if there are any: these models are kept."""
    texts = [placed for placed in texts if not placed.text.changes] or texts
    step = texts[0].text.glyph_set.step
    found: list[tuple[Fit, PlacedText, StripPlace]] = []
    for placed in texts[:: max(len(texts) // _BLUR_STRIPS, 1)]:
        place = strip_place(placed.text, placed.to_pixels)
        if not _is_seen(place, placed.text.glyph_set):
            continue
        if fit := lay_over(picture, place, _view_model(placed.text, _FIRST_BLUR, place), step):
            found.append((fit, placed, place))
    if not found:
        return None

    @lru_cache
    def loss(at: int) -> float:
        return sum(1 - _view_model(placed.text, at, place).likeness(fit.seen) ** 2 for fit, placed, place in found)

    best = _FIRST_BLUR
    while near := [at for at in (best - 1, best + 1) if 0 <= at < len(SIGMAS) and loss(at) < loss(best)]:
        best = near[0]
    shifts = [fit.shift for fit, _, _ in found]
    return _View(
        _least_between(best, loss) * step, (median(one[0] for one in shifts), median(one[1] for one in shifts))
    )


def _least_between(best: int, loss: Callable[[int], float]) -> float:
    """The blur at which a loss is least, by the parabola through the best of `SIGMAS` and those beside it."""
    if not 0 < best < len(SIGMAS) - 1:
        return SIGMAS[best]
    low, middle, high = SIGMAS[best - 1 : best + 2]
    fall, rise = (loss(best - 1) - loss(best)) / (middle - low), (loss(best + 1) - loss(best)) / (high - middle)
    # Its slopes halfway between the three are -fall and rise.
    return (low + middle + (high - low) * fall / (fall + rise)) / 2 if fall + rise > 0 else middle


def _view_model(text: ExpectedText, blur: int, place: StripPlace) -> StripModel:
    make = _blurred_model if text.changes else _kept_blurred_model
    return make(text.glyph_set, text.glyphs, blur, place.size)


def _blurred_model(
    glyph_set: GlyphSet, glyphs: tuple[tuple[int, float], ...], blur: int, size: tuple[int, int]
) -> StripModel:
    """A text as one of the blurs shows it, quickly: blurred as a whole."""
    return StripModel(blurred(compose_glyphs(glyph_set, glyphs, 0.0, size), SIGMAS[blur]))


_kept_blurred_model = lru_cache(maxsize=64)(_blurred_model)


def _is_seen(place: StripPlace, glyph_set: GlyphSet) -> bool:
    """Whether a text has enough pixels to be judged."""
    return place.pixels >= _FEWEST_PIXELS and place.pixels * glyph_set.em >= _LEAST_EM


class _SetJudge:
    """Judges the texts of one font and size on a page."""

    def __init__(self, picture: Picture, glyph_set: GlyphSet, texts: Sequence[PlacedText], view: _View) -> None:
        self._picture, self._set, self._texts, self._view = picture, glyph_set, texts, view
        self._places = strip_places([(placed.text, placed.to_pixels) for placed in texts])
        blur = min(view.blur_mm / glyph_set.step, SIGMAS[-1])
        self._sigma = round(blur * _BLURS_A_PIXEL) / _BLURS_A_PIXEL
        self._alike: dict[tuple[bool, tuple[tuple[int, float], ...]], list[int]] = {}
        for at, placed in enumerate(texts):
            self._alike.setdefault((placed.text.changes, placed.text.glyphs), []).append(at)
        self._fits: dict[int, Fit] = {}
        for mine in self._alike.values():
            self._lay_over(mine)
        gains = [
            fit.gain / texts[at].contrast
            for at, fit in self._fits.items()
            if fit.alike * texts[at].contrast > 0 and abs(fit.alike) > 0.7
        ]
        self._gain = median(gains) if gains else 0.0

    def _lay_over(self, alike: Sequence[int]) -> None:
        """Texts of the same characters."""
        seen = [at for at in alike if _is_seen(self._places[at], self._set)]
        if not seen:
            return
        text, size = self._texts[seen[0]].text, self._places[seen[0]].size
        make = _strip_model if text.changes else _kept_strip_model
        model = make(self._set, text.glyphs, self._sigma, size)
        for at in seen:
            placed = self._texts[at]
            if fit := lay_over(self._picture, self._places[at], model, self._set.step, self._view.near(placed)):
                self._fits[at] = fit
                self._view.note(placed, fit)

    @property
    def em(self) -> float:
        """Its em in mm."""
        return self._set.em * self._set.step

    def leanings(self) -> Leanings:
        """How far its characters lean towards others."""
        return self._cells.leanings(self._pixels)

    def verdicts(self, times: float) -> Iterator[TextVerdict]:
        """The verdict on each text; `times`: how many times more than usual characters must differ to be told apart."""
        judged = self._cells.judge(self._pixels, times)
        if judged.wrong and not self._set.whole:
            judged = self._without_moved(judged, times)
        for at, (placed, place) in enumerate(zip(self._texts, self._places, strict=True)):
            fit = self._fits.get(at)
            yield TextVerdict(
                placed.label,
                placed.text,
                place,
                judged.told.get(at, 0),
                judged.doubtful.get(at, 0),
                judged.wrong.get(at, {}),
                fit.shift if fit else (0.0, 0.0),
                outside=fit is None,
                alike=(fit.alike if placed.contrast > 0 else -fit.alike) if fit else 0.0,
                paper=fit.paper if fit else 0.0,
                gain=fit.gain if fit else 0.0,
            )

    @cached_property
    def _pixels(self) -> float:
        return min((place.pixels for place in self._places), default=1.0)

    @cached_property
    def _cells(self) -> GlyphCells:
        return self._all_cells({})

    def _all_cells(self, moved: Mapping[int, MovedText]) -> GlyphCells:
        """The characters' places, some texts (by number) as they were composed again."""
        cells = GlyphCells(self._set, self._sigma)
        # Where nothing like its texts is seen, there is no gain to tell their levels by.
        for mine in self._alike.values() if self._gain >= _LEAST_GAIN else ():
            text = self._texts[mine[0]].text
            strips = [(at, fit, self._level(at, fit)) for at in mine if at not in moved and (fit := self._fits.get(at))]
            if strips:
                cells.add(text, strips)
            for at in mine:
                if again := moved.get(at):
                    strip = (at, again.fit, self._level(at, again.fit))
                    cells.add(replace(text, glyphs=again.glyphs), [strip])
        return cells

    def _without_moved(self, judged: Judged, times: float) -> Judged:
        """The same, but for characters that are right a little beside their places."""
        moved = {}
        for at, wrong in judged.wrong.items():
            fit = self._fits[at]
            seen = (fit, self._level(at, fit), self._places[at].pixels)
            found = with_moved_glyphs(self._set, self._sigma, self._texts[at].text.glyphs, seen, wrong)
            if found.is_explained:
                moved[at] = found
        if not moved:
            return judged
        again = self._all_cells(moved).judge(self._pixels, times)
        told, left = dict(judged.told), dict(judged.wrong)
        for at in moved:
            mine, now = again.wrong.get(at, {}), again.told.get(at, 0)
            if len(mine) < len(left[at]) and now >= told.get(at, 0):
                told[at], left[at] = now, mine
        return Judged(told, judged.doubtful, {at: wrong for at, wrong in left.items() if wrong})

    def _level(self, at: int, fit: Fit) -> float:
        """The gain of a text: its own where it is near the page's, else the page's."""
        usual = self._gain * self._texts[at].contrast
        return fit.gain if 0.6 * usual < fit.gain < 1.6 * usual else usual


def _strip_model(
    glyph_set: GlyphSet, glyphs: tuple[tuple[int, float], ...], sigma: float, size: tuple[int, int]
) -> StripModel:
    return StripModel(compose_glyphs(glyph_set, glyphs, sigma, size))


_kept_strip_model = lru_cache(maxsize=64)(_strip_model)
"""Of texts that are on every label, which come again on every page."""
