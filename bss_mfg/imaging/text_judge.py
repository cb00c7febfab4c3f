"""The texts of labels on a page, judged character by character against what is to be there.

A strip of a picture is explained by the text's own drawing, through one blur for a font and a gain for the page. Where
a rival (another character of the font, or blank paper) explains what is left of a character's cell, it is that rival
which stands there. A cell whose rivals are not further from it than the noise allows is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING

from bss_mfg.imaging.expected_content import ExpectedText, GlyphSet
from bss_mfg.imaging.glyph_lens import SIGMAS, Rivals, blurred, rivals
from bss_mfg.imaging.text_strips import Fit, Picture, StripPlace, compose, lay_over, strip_place

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

_CERTAIN = 9.0
"""How many times the noise a character must differ from a rival for the two to be told apart."""
_LEAST_NOISE, _LEAST_NOISE_ALONE, _ALONE = 0.14, 0.25, 300
"""Noise as a share of the gain that is always reckoned with: where the picture's pixels lie between the drawing's,
edges differ by that much, however clean the picture is. More on a page of so few characters that they don't tell how
it was printed."""
_RIVAL_SHARE = 0.5
"""Where between a character (0) and its rival (1) what was seen must lie to be the rival."""
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
_LARGE = 2.0
"""How much more than certain a character must stand out for something else to be told from it."""
_FAINT = 0.35
"""Share of the page's gain below which a text is as good as not there."""
_FEWEST_PIXELS = 0.55
"""Pixels of the picture in one of a strip, below which too little is seen of a text."""
_LEAST_EM = 14.2
"""Pixels of the picture in an em below which a text is not judged."""
_LEAST_GAIN = 40.0
"""Grey levels between paper and ink below which nothing is judged."""
_BLUR_STRIPS = 5
"""Texts by which the blur of a page is found."""


class GlyphVerdict(Enum):
    """What stands in a character's place."""

    RIGHT = "right"
    OTHER = "other"
    BLANK = "blank"
    UNLIKE = "unlike"
    """Something else, that no character of the font is like."""


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text with how its label lies in the picture: `to_pixels` takes mm of the printed page to pixels. `contrast` is
    what its ink is on its ground, 1 for black on white, negative for light on dark."""

    label: int
    text: ExpectedText
    to_pixels: Floats
    contrast: float = 1.0


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """What was seen of a text. `judged`: how many of its characters could be told from their rivals. `wrong` names the
    characters that are not right by their place, with what stands there. `shift_mm` is how far it lies from where it
    should."""

    label: int
    text: ExpectedText
    place: StripPlace
    judged: int = 0
    wrong: Mapping[int, tuple[GlyphVerdict, str]] = field(default_factory=dict)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    outside: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing of the text is there."""
        seen = [glyph for glyph, _ in self.text.glyphs if self.text.glyph_set.characters[glyph].strip()]
        blank = sum(kind is GlyphVerdict.BLANK for kind, _ in self.wrong.values())
        return bool(self.wrong) and blank == len(self.wrong) and blank >= 0.6 * len(seen)

    @property
    def seen_text(self) -> str:
        """The text as it was seen: of characters that could not be made out, `?`."""
        if self.text.glyph_set.whole:
            return ""
        names = self.text.glyph_set.characters
        signs = {GlyphVerdict.BLANK: " ", GlyphVerdict.UNLIKE: "\ufffd"}
        shown = [
            names[glyph] if at not in self.wrong else signs.get(self.wrong[at][0], self.wrong[at][1])
            for at, (glyph, _) in enumerate(self.text.glyphs)
        ]
        return "".join(shown)


def judge_texts(picture: Picture, texts: Sequence[PlacedText]) -> list[TextVerdict]:
    """The verdicts on texts of a page, in their order."""
    by_set: dict[GlyphSet, list[int]] = {}
    for at, placed in enumerate(texts):
        by_set.setdefault(placed.text.glyph_set, []).append(at)
    if not by_set:
        return []
    # One blur for a page: found by the texts of which there are most.
    most = max(by_set.values(), key=lambda indexes: sum(len(texts[at].text.glyphs) for at in indexes))
    view = _find_view(picture, [texts[at] for at in most])
    verdicts: dict[int, TextVerdict] = {}
    for glyph_set, indexes in by_set.items():
        mine = [texts[at] for at in indexes]
        verdicts.update(zip(indexes, _SetJudge(picture, glyph_set, mine, view).verdicts(), strict=True))
    return [verdicts[at] for at in range(len(texts))]


@dataclass(frozen=True, slots=True)
class _View:
    """How a picture shows texts: with how much blur (a standard deviation), and how far off their places, in mm."""

    blur_mm: float = 0.06
    shift_mm: tuple[float, float] = (0.0, 0.0)


def _find_view(picture: Picture, texts: Sequence[PlacedText]) -> _View:
    """The blur that explains some texts best, and their usual shift."""
    step = texts[0].text.glyph_set.step
    found: list[tuple[Fit, Floats]] = []
    for placed in texts[:: max(len(texts) // _BLUR_STRIPS, 1)]:
        place = strip_place(placed.text, placed.to_pixels)
        sharp = compose(placed.text, 0.0, place.size)
        if _is_seen(place, placed.text.glyph_set) and (fit := lay_over(picture, place, blurred(sharp, 0.7), step)):
            found.append((fit, sharp))
    if not found:
        return _View()

    @lru_cache
    def loss(at: int) -> float:
        return sum(_loss(fit.seen, blurred(sharp, SIGMAS[at])) for fit, sharp in found)

    best = 3
    while near := [at for at in (best - 1, best + 1) if 0 <= at < len(SIGMAS) and loss(at) < loss(best)]:
        best = near[0]
    shifts = [fit.shift for fit, _ in found]
    return _View(SIGMAS[best] * step, (median(one[0] for one in shifts), median(one[1] for one in shifts)))


def _is_seen(place: StripPlace, glyph_set: GlyphSet) -> bool:
    """Whether a text has enough pixels to be judged."""
    return place.pixels >= _FEWEST_PIXELS and place.pixels * glyph_set.em >= _LEAST_EM


class _SetJudge:
    """Judges the texts of one font and size on a page."""

    def __init__(self, picture: Picture, glyph_set: GlyphSet, texts: Sequence[PlacedText], view: _View) -> None:
        self._picture, self._set, self._texts, self._view = picture, glyph_set, texts, view
        self._places = [strip_place(placed.text, placed.to_pixels) for placed in texts]
        self._sigma = min(SIGMAS, key=lambda sigma: abs(sigma * glyph_set.step - view.blur_mm))
        self._fits = [self._fit(at) for at in range(len(texts))]
        gains = [
            fit.gain / placed.contrast
            for fit, placed in zip(self._fits, texts, strict=True)
            if fit and fit.alike * placed.contrast > 0 and abs(fit.alike) > 0.7
        ]
        self._gain = median(gains) if gains else 0.0

    def _fit(self, at: int) -> Fit | None:
        placed, place = self._texts[at], self._places[at]
        if not _is_seen(place, self._set):
            return None
        model = compose(placed.text, self._sigma, place.size)
        near = _turned(self._view.shift_mm, placed.text.turn)
        return lay_over(self._picture, place, model, self._set.step, near)

    def verdicts(self) -> Iterator[TextVerdict]:
        """The verdict on each text."""
        cells = _Cells()
        for at, fit in enumerate(self._fits):
            if fit and self._gain >= _LEAST_GAIN:
                cells.add(at, self._texts[at].text, fit, self._level(at, fit), self._sigma)
        wrong, judged = cells.judge(min((place.pixels for place in self._places), default=1.0))
        for at, (placed, place, fit) in enumerate(zip(self._texts, self._places, self._fits, strict=True)):
            yield TextVerdict(
                placed.label,
                placed.text,
                place,
                judged.get(at, 0),
                wrong.get(at, {}),
                fit.shift if fit else (0.0, 0.0),
                outside=fit is None,
            )

    def _level(self, at: int, fit: Fit) -> float:
        """The gain of a text: its own where it is near the page's, else the page's."""
        usual = self._gain * self._texts[at].contrast
        return fit.gain if 0.6 < fit.gain / usual < 1.6 else usual


def _turned(shift: tuple[float, float], turn: int) -> tuple[float, float]:
    """A shift that is usual for upright texts, for one that is turned."""
    return shift if turn == 0 else (0.0, 0.0)


def _loss(seen: Floats, model: Floats) -> float:
    """What a model leaves of what was seen, as a share."""
    a, b = seen - seen.mean(), model - model.mean()
    both = float((a * b).sum())
    return 1 - both * both / (float((a * a).sum()) * float((b * b).sum()) + 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The cells of one character: of each the text it is of, its place in it, its gain and its pixels."""

    glyph_set: GlyphSet
    glyph: int
    window: Rivals
    changes: bool
    items: Sequence[tuple[int, int, float, Floats]]
    cells: Floats


class _Cells:
    """What is left of characters' cells once their text is explained, gathered by character."""

    def __init__(self) -> None:
        self._by_character: dict[tuple[GlyphSet, float, int, bool, bool], list[tuple[int, int, float, Floats]]] = {}

    def add(self, owner: int, text: ExpectedText, fit: Fit, gain: float, sigma: float) -> None:
        """The cells of a text, numbered `owner`."""
        # Between texts of one gain the paper is what the cells' own constant takes up.
        left = fit.seen - gain * fit.model
        for at, (glyph, pen) in enumerate(text.glyphs):
            column = round(pen / text.glyph_set.step)
            free = _is_last_of_word(text, at)
            window = rivals(text.glyph_set, sigma, glyph, free)
            cell = left[window.top : window.bottom, column + window.left : column + window.right]
            if cell.shape[1] == window.right - window.left:
                key = (text.glyph_set, sigma, glyph, free, text.changes)
                self._by_character.setdefault(key, []).append((owner, at, gain, cell.ravel()))

    def judge(self, pixels: float) -> tuple[dict[int, dict[int, tuple[GlyphVerdict, str]]], dict[int, int]]:
        """By text: its wrong characters by place, and how many could be judged. `pixels`: how many of the picture make
        one of a cell, at least."""
        import numpy as np

        groups: list[_Group] = []
        for (glyph_set, sigma, glyph, free, changes), items in self._by_character.items():
            window = rivals(glyph_set, sigma, glyph, free)
            cells = np.stack([cell for *_, cell in items])
            cells -= (cells @ window.ignored) @ window.ignored.T
            groups.append(_Group(glyph_set, glyph, window, changes, items, cells))
        noise = _noise([group.cells for group in groups]) / min(pixels, 1.0)
        least = _LEAST_NOISE if sum(len(group.cells) for group in groups) >= _ALONE else _LEAST_NOISE_ALONE
        wrong: dict[int, dict[int, tuple[GlyphVerdict, str]]] = {}
        judged: dict[int, int] = {}
        unlike = max(_UNLIKE, _UNLIKE_TIMES * _usual_share(groups, noise) + _UNLIKE_MORE)
        for group in groups:
            for (owner, at, *_), found in zip(
                group.items, _decide(group, (noise, least), max(unlike, _own_limit(group, noise))), strict=True
            ):
                if found is None:
                    continue
                judged[owner] = judged.get(owner, 0) + 1
                if found[0] is not GlyphVerdict.RIGHT:
                    wrong.setdefault(owner, {})[at] = found
        return wrong, judged


def _is_last_of_word(text: ExpectedText, at: int) -> bool:
    """Whether nothing follows a character that is as near as a wider one would reach."""
    names = text.glyph_set.characters
    return at + 1 == len(text.glyphs) or not names[text.glyphs[at + 1][0]].strip()


def _noise(groups: Sequence[Floats]) -> float:
    """Grey levels that a pixel is off where all is right."""
    import numpy as np

    levels = [np.sqrt((cells**2).mean(axis=1)) for cells in groups if cells.size]
    return float(np.median(np.concatenate(levels))) + 1.0 if levels else 1.0


def _shares(group: _Group, noise: float) -> Floats:
    """What is not explained of each character, as a share of its own ink."""
    import numpy as np

    gains = np.array([gain for _, _, gain, _ in group.items])
    excess = (group.cells**2).sum(axis=1) - group.cells.shape[1] * noise**2
    shares: Floats = excess / (gains**2 * float(group.window.squares[-1]) + 1e-9)
    return shares


def _own_limit(group: _Group, noise: float) -> float:
    """What may be unlike of a character, by all of its kind on the page."""
    import numpy as np

    if len(group.items) < _SAME_FEWEST:
        return 0.0
    return min(float(np.median(_shares(group, noise))), _SAME_MOST) * _SAME_TIMES + _UNLIKE_MORE


def _usual_share(groups: Sequence[_Group], noise: float) -> float:
    """What is usually not explained of a character, as a share of its own ink."""
    import numpy as np

    shares = [_shares(group, noise) for group in groups if group.glyph_set.characters[group.glyph].strip()]
    return max(float(np.median(np.concatenate(shares))), 0.0) if shares else 0.0


_RIGHT = (GlyphVerdict.RIGHT, "")


def _decide(group: _Group, levels: tuple[float, float], unlike: float) -> Iterator[tuple[GlyphVerdict, str] | None]:
    """What each cell of a character shows; None where that can't be told. `levels` are the noise, in grey levels, and
    the least of it, as a share of the gain."""
    import numpy as np

    noise, least = levels
    glyph_set, window, cells = group.glyph_set, group.window, group.cells
    gains = np.array([gain for _, _, gain, _ in group.items], np.float32)[:, None]
    is_blank = not glyph_set.characters[group.glyph].strip()
    lengths = np.abs(gains) * np.sqrt(window.squares)[None]
    alike = window.squares / max(float(window.squares[-1]), 1e-9) if not is_blank else np.ones_like(window.squares)
    certain = _CERTAIN * np.maximum(noise, least * np.abs(gains))
    told_apart = (lengths > certain) & (alike > (_SAME if group.changes else _SAME_FIXED))[None]
    more = _MORE * np.clip(1 - alike / _NEAR, 0, 1)[None]
    dots = (cells @ window.differences.T) * gains
    shares = dots / np.maximum(gains**2 * window.squares[None], 1e-9)
    gained = 2 * dots - lengths**2
    excess = (cells**2).sum(axis=1) - cells.shape[1] * noise**2
    is_it = told_apart & (shares > _RIVAL_SHARE + more) & (gained > (_EXPLAINED + more) * excess[:, None])
    scores = np.where(is_it, gained, -np.inf)
    best = scores.argmax(axis=1)
    own = lengths[:, -1] ** 2
    strange = (excess > unlike * own) & (lengths[:, -1] > _LARGE * certain[:, 0]) & (not is_blank)
    untold = ~told_apart[:, -1] & (not is_blank)
    is_rival = np.isfinite(scores[np.arange(len(cells)), best])
    names = [*glyph_set.characters, ""] if len(window.squares) > 1 else [""]
    for hidden, rival, other, name in zip(
        untold.tolist(), is_rival.tolist(), strange.tolist(), best.tolist(), strict=True
    ):
        if hidden:
            yield None
        elif rival:
            yield (GlyphVerdict.OTHER, names[name]) if names[name].strip() else (GlyphVerdict.BLANK, "")
        else:
            yield (GlyphVerdict.UNLIKE, "") if other else _RIGHT
