"""All that is on labels besides the packages' own symbols, compared with what was to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import dist, hypot
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING

from bss_mfg.core.languages import phrase
from bss_mfg.imaging.added_text import find_added
from bss_mfg.imaging.bar_heights import LEAST_SHARE, height_share, squashed_share
from bss_mfg.imaging.blank_texts import find_blank, symbol_gain
from bss_mfg.imaging.content_pictures import ContentPictures
from bss_mfg.imaging.expected_content import ExpectedCode, ExpectedLabels, ExpectedPicture, ExpectedText, PictureKind
from bss_mfg.imaging.label_codes import CodeReading, read_codes
from bss_mfg.imaging.other_texts import find_other
from bss_mfg.imaging.picture_judge import PictureVerdict, PlacedPicture, judge_pictures
from bss_mfg.imaging.picture_levels import is_black_and_white
from bss_mfg.imaging.shape_judge import ShapeVerdict, judge_shapes
from bss_mfg.imaging.strip_places import Picture, area_place, pixels_per_mm
from bss_mfg.imaging.text_cells import GlyphVerdict
from bss_mfg.imaging.text_contrast import text_contrasts
from bss_mfg.imaging.text_judge import NOT_MADE_OUT, PlacedText, TextVerdict, judge_texts
from bss_mfg.imaging.text_ocr import TextReader

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey

MOVED_MM = 0.6
"""How far a text may lie from where the other texts of its label say."""
_PALE_GAIN = 128.0
"""Grey levels between a symbol's paper and ink below which its label is pale as a whole."""
_ASKEW_MM = 0.25
_FEWEST_TEXTS = 3
_SHORT, _BESIDE_MM = 2, 0.06
"""A text of so few characters that lies so far from where its label's other texts say was rather looked for in a wrong
place than is wrong."""
_PALE_SHARE, _FEWEST_PALE = 0.6, 3
"""Of the usual gain of symbols, below which a label is paler than the others; and how many labels tell the usual."""
_DOUBTFUL_SHARE = 0.34
_JUDGED_SHARE = 0.5
"""Share of a text's characters that must be judged for the text to count as judged."""

_GREYLESS_PIXELS_PER_MM = 22.0
"""Pixels per mm from which on texts can be right in a picture without grey: 600 dpi, nearly."""


class ContentFault(StrEnum):
    """In what a label differs from what was to be on it. The values are those of all reports."""

    WRONG_CODE = "wrong code"
    MISSING_CODE = "missing code"
    UNREADABLE_CODE = "unreadable code"
    LOW_CODE = "low code"
    WRONG_TEXT = "wrong text"
    MISSING_TEXT = "missing text"
    MOVED_TEXT = "moved text"
    PALE_TEXTS = "pale texts"
    WRONG_PICTURE = "wrong picture"
    MISSING_PICTURE = "missing picture"
    MOVED_PICTURE = "moved picture"


@dataclass(frozen=True)
class ContentFinding:
    """A fault: the element of the template (from 0) that it is about (-1: what stands beside the label, -2: the SAMPLE
    mark), what it is called, what was to be there and what is, as text; and pictures (PNG) of both where there are
    some."""

    fault: ContentFault
    element: int
    name: str
    planned: str = ""
    seen: str = ""
    planned_picture: bytes | None = None
    seen_picture: bytes | None = None
    by_ocr: bool = False
    """Whether a reader of texts named what is seen: it may have guessed."""
    guess: bool = False
    """Whether what is seen is a guess, also by the characters' own pictures."""

    @property
    def words(self) -> str:
        """It, as people read it."""
        what = phrase(self.name)
        what = phrase("{element} {text}", element=what, text=repr(self.planned)) if self.planned else what
        if self.fault is ContentFault.PALE_TEXTS:
            return phrase("printed too pale for its texts to be made out ({seen}): print it darker", seen=self.seen)
        if self.fault in (ContentFault.MISSING_CODE, ContentFault.MISSING_TEXT, ContentFault.MISSING_PICTURE):
            return phrase("the {element} is missing", element=what)
        if self.fault is ContentFault.UNREADABLE_CODE:
            return phrase("the {element} can't be read", element=what)
        if self.fault is ContentFault.LOW_CODE:
            return phrase("the bars of the {element} have {share} of their height", element=what, share=self.seen)
        if self.fault in (ContentFault.MOVED_TEXT, ContentFault.MOVED_PICTURE):
            return phrase("the {element} is moved by {distance}", element=what, distance=self.seen)
        if self.seen and self.guess:
            seen = repr(self.seen)
            return phrase("the {element} is not as it was drawn: {seen} seems to stand there", element=what, seen=seen)
        if self.seen:
            both = {"seen": repr(self.seen), "planned": repr(self.planned)}
            return phrase("the {element} says {seen}, not {planned}", element=phrase(self.name), **both)
        return phrase("the {element} is not as it was drawn", element=what)


@dataclass(frozen=True)
class LabelContent:
    """What was found of one label: its faults, how many of its codes, texts and pictures could not be judged, and how
    many of its texts, which differ from label to label or have numbers in them, could have a character in them that
    looks much the same."""

    faults: tuple[ContentFinding, ...] = ()
    not_judged: int = 0
    doubtful: int = 0
    right_codes: tuple[str, ...] = ()
    """The texts of the codes that say what they should."""
    without_grey: int = 0
    """How many of those not judged are not because the picture has black and white only."""
    hidden: int = 0
    """How many texts can't be told from their ground in any picture, as they were drawn."""
    is_fine: bool = False
    """Whether the picture is so fine that a finer one would hardly tell more."""
    compared: bool = True
    """Whether it is known what was to be on the label."""


def check_labels(
    grey: Grey,
    expected: ExpectedLabels,
    maps: Sequence[Floats],
    with_pictures: bool = False,
    by_bars: Mapping[int, ExpectedCode] = MappingProxyType({}),
) -> list[LabelContent]:
    """Labels of a picture; `maps` take mm of the printed page to its pixels, for each label its own. `with_pictures`:
    faults have pictures of what was planned and what is seen. `by_bars`: labels (by index) of which nothing but the
    bars of a code says how they lie: where these are too low, nothing else is judged."""
    low = {at: share for at, code in by_bars.items() if (share := squashed_share(code, maps[at])) is not None}
    if low:
        bare = [label.bare() if at in low else label for at, label in enumerate(expected.labels)]
        expected = replace(expected, labels=tuple(bare))
    check = _Check(Picture(grey), expected, maps, with_pictures)
    for at, share in low.items():
        check.faults[at] += _height_faults(by_bars[at], share)
    check.codes()
    check.heights_of_own_bars()
    usual = check.texts()
    check.artwork(usual)
    check.shapes()
    return check.contents()


_OF_PALE = frozenset((ContentFault.WRONG_TEXT, ContentFault.MISSING_TEXT))
"""What texts seem to be on a label that is paler than the others."""


class _Check:
    """The comparison at hand, and what it has found so far, by label."""

    def __init__(self, picture: Picture, expected: ExpectedLabels, maps: Sequence[Floats], with_pictures: bool) -> None:
        self.picture, self.expected, self.maps = picture, expected, maps
        self.cuts = ContentPictures(picture, expected.drawing) if with_pictures else None
        self.faults: list[list[ContentFinding]] = [[] for _ in expected.labels]
        self.right: list[list[str]] = [[] for _ in expected.labels]
        self.open: Counter[int] = Counter()
        self.doubtful: Counter[int] = Counter()
        self.greyless: Counter[int] = Counter()
        self.hidden: Counter[int] = Counter()
        self.without_grey = False

    def codes(self) -> None:
        """What codes say, and how high the bars of the right ones are."""
        codes = [
            (at, code, to_pixels)
            for at, (label, to_pixels) in enumerate(zip(self.expected.labels, self.maps, strict=True))
            for code in label.codes
        ]
        read = read_codes(self.picture, [(code, to_pixels) for _, code, to_pixels in codes])
        for (at, code, to_pixels), reading in zip(codes, read, strict=True):
            self.open[at] += reading.outside
            self.right[at] += [code.text] if reading.right else []
            self.faults[at] += _shown(_code_faults(code, reading), self.cuts, code, to_pixels)
            if reading.right:
                self._height(at, code)

    def heights_of_own_bars(self) -> None:
        """The bars that labels are known by: they were read, or the label would not be known."""
        for at, label in enumerate(self.expected.labels):
            if label.bars:
                self._height(at, label.bars)

    def _height(self, at: int, code: ExpectedCode) -> None:
        share = height_share(self.picture, code, self.maps[at], self.expected.labels[at].area, self.expected.drawing)
        self.faults[at] += _shown(_height_faults(code, share), self.cuts, code, self.maps[at])

    def texts(self) -> Mapping[int, tuple[float, float]]:
        """Texts; how far those of each label lie from their places."""
        labels, maps, picture, drawing = self.expected.labels, self.maps, self.picture, self.expected.drawing
        contrasts = text_contrasts(drawing)
        placed = [
            PlacedText(at, text, to_pixels, contrast)
            for at, (label, to_pixels) in enumerate(zip(labels, maps, strict=True))
            for text in label.texts
            if (contrast := contrasts.get(text.element))
        ]
        for at, label in enumerate(labels):
            self.hidden[at] += sum(text.element not in contrasts for text in label.texts)
        verdicts, reader = judge_texts(picture, placed), TextReader(picture)
        self.without_grey = is_black_and_white(
            picture,
            [verdict.place for verdict in verdicts],
            [area_place(label.symbol, at, (1, 1)) for label, at in zip(labels, maps, strict=True)],
        )
        if not self.without_grey:
            verdicts = find_blank(picture, verdicts, labels, maps, contrasts)
        verdicts = find_added(picture, verdicts, labels, drawing)
        usual = _usual_shifts(verdicts)
        for verdict in verdicts:
            off = usual.get(verdict.label)
            self.doubtful[verdict.label] += _is_doubtful(verdict)
            if self.without_grey and not _is_plainly_right(verdict, off):
                self.greyless[verdict.label] += 1
                continue
            is_judged = _is_judged(verdict, off)
            other = None
            if not is_judged or verdict.may_be_other:
                other = find_other(picture, verdict, drawing, contrasts)
            judged = other or (verdict if is_judged else None)
            if judged is None:
                self.open[verdict.label] += 1
                continue
            wrong = [_named(fault, reader, judged, maps, contrasts) for fault in _text_faults(judged, off)]
            self.open[verdict.label] += judged.cut_off and not wrong
            self.faults[verdict.label] += _shown(wrong, self.cuts, verdict.text, maps[verdict.label])
        self._name_pale()
        return usual

    def _name_pale(self) -> None:
        """Texts are judged by those of the whole picture: of a label that is paler than the others several seem wrong,
        and what is wrong is its print."""
        suspects = [at for at, faults in enumerate(self.faults) if sum(one.fault in _OF_PALE for one in faults) > 1]
        if not suspects or len(self.maps) < _FEWEST_PALE:
            return
        gains = [symbol_gain(self.picture, *one) for one in zip(self.expected.labels, self.maps, strict=True)]
        usual = median(gains)
        for at in suspects:
            if 0 < gains[at] < _PALE_SHARE * usual:
                first = next(one for one in self.faults[at] if one.fault in _OF_PALE)
                seen = f"{gains[at] / usual:.0%} of the others' contrast"
                pale = replace(first, fault=ContentFault.PALE_TEXTS, planned="", seen=seen, by_ocr=False, guess=False)
                self.faults[at] = [*(one for one in self.faults[at] if one.fault not in _OF_PALE), pale]

    def artwork(self, usual: Mapping[int, tuple[float, float]]) -> None:
        """Pictures that are no plain shapes."""
        placed = self._placed_pictures(shapes=False)
        judged = judge_pictures(self.picture, placed, self.expected.drawing)
        for one, (seen, shift) in zip(placed, judged, strict=True):
            if seen is PictureVerdict.FAINT:
                seen = PictureVerdict.RIGHT if self._is_pale(one.label) else PictureVerdict.MISSING
            self._take(one, list(_picture_faults(one.picture, seen, shift, usual.get(one.label, (0.0, 0.0)))))

    def shapes(self) -> None:
        """Boxes and lines."""
        placed = self._placed_pictures(shapes=True)
        areas = [self.expected.labels[shape.label].area for shape in placed]
        for one, edges in zip(placed, judge_shapes(self.picture, placed, areas, self.expected.drawing), strict=True):
            self._take(one, list(_shape_faults(one.picture, edges)))

    def _is_pale(self, at: int) -> bool:
        """Whether all of a label is printed pale, its symbol, too: that is a matter of its grade."""
        return 0 < symbol_gain(self.picture, self.expected.labels[at], self.maps[at]) < _PALE_GAIN

    def _placed_pictures(self, shapes: bool) -> list[PlacedPicture]:
        return [
            PlacedPicture(at, item, to_pixels)
            for at, (label, to_pixels) in enumerate(zip(self.expected.labels, self.maps, strict=True))
            for item in label.pictures
            if item.kind.is_shape is shapes
        ]

    def _take(self, one: PlacedPicture, found: Sequence[ContentFinding]) -> None:
        """Faults of a picture; in one without grey they can't be told from how it was made."""
        if self.without_grey:
            self.greyless[one.label] += len(found)
        else:
            self.faults[one.label] += _shown(found, self.cuts, one.picture, one.to_pixels)

    def contents(self) -> list[LabelContent]:
        """What was found, label by label."""
        return [
            LabelContent(
                tuple(faults),
                self.open[at] + self.greyless[at],
                self.doubtful[at],
                tuple(self.right[at]),
                self.greyless[at],
                self.hidden[at],
                pixels_per_mm(self.expected.labels[at].symbol, self.maps[at]) >= _GREYLESS_PIXELS_PER_MM,
            )
            for at, faults in enumerate(self.faults)
        ]


def _shown(
    faults: Iterable[ContentFinding],
    cuts: ContentPictures | None,
    item: ExpectedCode | ExpectedText | ExpectedPicture,
    to_pixels: Floats,
) -> Iterator[ContentFinding]:
    """The faults of an item with its pictures, where those are wanted."""
    for fault in faults:
        if cuts is None:
            yield fault
        else:
            pair = cuts.of(item, to_pixels)
            yield replace(fault, planned_picture=pair.planned, seen_picture=pair.seen)


def _code_faults(code: ExpectedCode, reading: CodeReading) -> Iterator[ContentFinding]:
    if reading.right or reading.outside:
        return
    if reading.text is not None:
        yield ContentFinding(ContentFault.WRONG_CODE, code.element, str(code.kind), code.text, reading.text)
    else:
        fault = ContentFault.MISSING_CODE if reading.blank else ContentFault.UNREADABLE_CODE
        yield ContentFinding(fault, code.element, str(code.kind), code.text)


def _height_faults(code: ExpectedCode, share: float | None) -> Iterator[ContentFinding]:
    if share is not None and share < LEAST_SHARE:
        yield ContentFinding(ContentFault.LOW_CODE, code.element, str(code.kind), code.text, f"{share:.0%}")


def _picture_faults(
    picture: ExpectedPicture, seen: PictureVerdict, shift: tuple[float, float], usual: tuple[float, float]
) -> Iterator[ContentFinding]:
    if seen is PictureVerdict.MISSING:
        yield ContentFinding(ContentFault.MISSING_PICTURE, picture.element, str(picture.kind), picture.name)
    elif seen is PictureVerdict.OTHER:
        yield ContentFinding(ContentFault.WRONG_PICTURE, picture.element, str(picture.kind), picture.name)
    elif seen is not PictureVerdict.RIGHT or picture.kind is PictureKind.SAMPLE_MARK:
        return  # it marks samples wherever it lies
    elif (off := dist(shift, usual)) > MOVED_MM:
        yield ContentFinding(
            ContentFault.MOVED_PICTURE, picture.element, str(picture.kind), picture.name, f"{off:.1f} mm"
        )


def _shape_faults(shape: ExpectedPicture, seen: ShapeVerdict) -> Iterator[ContentFinding]:
    name = "" if shape.name == shape.kind else shape.name
    if seen is ShapeVerdict.MISSING:
        yield ContentFinding(ContentFault.MISSING_PICTURE, shape.element, str(shape.kind), name)
    elif seen is ShapeVerdict.PARTLY:
        yield ContentFinding(ContentFault.WRONG_PICTURE, shape.element, str(shape.kind), name)


def _is_judged(verdict: TextVerdict, usual: tuple[float, float] | None) -> bool:
    """Whether enough of a text's characters were told from their rivals. Where it is not known that the label lies as
    it should (`usual` is how far off its right texts lie), a text that lies off its place, and of which some is unlike
    what should be there and like nothing else, is seen askew."""
    if verdict.judged < _JUDGED_SHARE * len(verdict.text.glyphs):
        return False
    unlike = sum(kind is GlyphVerdict.UNLIKE for kind, _ in verdict.wrong.values())
    only_unlike = bool(unlike) and unlike == len(verdict.wrong)
    # So short a text does not say by itself where it lies.
    if only_unlike and len(verdict.text.glyphs) <= _SHORT and dist(verdict.shift_mm, usual or (0.0, 0.0)) > _BESIDE_MM:
        return False
    if usual and hypot(*usual) < _ASKEW_MM:
        return True
    return not (only_unlike and hypot(*verdict.shift_mm) > _ASKEW_MM)


def _is_plainly_right(verdict: TextVerdict, usual: tuple[float, float] | None) -> bool:
    """Whether a text is right, in a picture without grey: what seems wrong may be the missing grey."""
    pixels_per_mm = verdict.place.pixels / verdict.text.glyph_set.step
    if pixels_per_mm < _GREYLESS_PIXELS_PER_MM or not _is_judged(verdict, usual):
        return False
    return not any(True for _ in _text_faults(verdict, usual))


def _is_doubtful(verdict: TextVerdict) -> bool:
    """Whether a text, which is another on other labels or has a number in it, is too small or unclear for its
    characters to be told from such as look much like them. A few always are: `I` and `l`."""
    text = verdict.text
    if verdict.wrong or verdict.doubtful <= _DOUBTFUL_SHARE * len(text.glyphs):
        return False
    return text.changes or (len(text.glyphs) > _SHORT and any(sign.isdigit() for sign in text.text))


def _usual_shifts(verdicts: Sequence[TextVerdict]) -> dict[int, tuple[float, float]]:
    """By label, how far its texts usually lie off their places: where there are too few to say, nothing."""
    by_label: dict[int, list[tuple[float, float]]] = {}
    for verdict in verdicts:
        if not verdict.wrong and verdict.text.turn == 0:
            by_label.setdefault(verdict.label, []).append(verdict.shift_mm)
    return {
        label: (median(x for x, _ in shifts), median(y for _, y in shifts))
        for label, shifts in by_label.items()
        if len(shifts) >= _FEWEST_TEXTS
    }


def _named(
    fault: ContentFinding,
    reader: TextReader,
    verdict: TextVerdict,
    maps: Sequence[Floats],
    contrasts: Mapping[int, float],
) -> ContentFinding:
    """A wrong text with what stands in its place, where its own characters don't say it."""
    if fault.fault is not ContentFault.WRONG_TEXT or (fault.seen and NOT_MADE_OUT not in fault.seen):
        return fault
    said = reader.read(verdict.text, maps[verdict.label], contrasts[verdict.text.element] < 0)
    return replace(fault, seen=said, by_ocr=True, guess=True) if _is_sensible(said, fault.planned) else fault


def _is_sensible(said: str, planned: str) -> bool:
    """Whether what a reader of texts says may help somebody: not where it took artwork or a neighbour for letters."""
    signs = said.replace(" ", "")
    letters = sum(sign.isalnum() for sign in signs)
    return bool(signs) and 2 * letters > len(signs) and len(said) <= 2 * len(planned) + 4


def _is_mostly_blank(verdict: TextVerdict) -> bool:
    """Whether so few of a text's characters were made out that they say nothing of it."""
    made_out, planned = (len(text.replace(" ", "")) for text in (verdict.seen_text, verdict.text.text))
    return verdict.is_guess and 2 * made_out < planned


def _text_faults(verdict: TextVerdict, usual: tuple[float, float] | None) -> Iterator[ContentFinding]:
    text = verdict.text
    if verdict.wrong or verdict.added:
        fault = ContentFault.MISSING_TEXT if verdict.blank else ContentFault.WRONG_TEXT
        seen = "" if verdict.blank or _is_mostly_blank(verdict) else verdict.seen_text
        yield ContentFinding(fault, text.element, "text", text.text, seen, guess=bool(seen) and verdict.is_guess)
    elif usual and verdict.text.turn == 0 and (off := dist(verdict.shift_mm, usual)) > MOVED_MM:
        yield ContentFinding(ContentFault.MOVED_TEXT, text.element, "text", text.text, f"{off:.1f} mm")
