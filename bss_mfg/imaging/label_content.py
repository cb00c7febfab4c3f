"""All that is on labels besides the packages' own symbols, compared with what was to be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import dist, hypot
from statistics import median
from typing import TYPE_CHECKING

from bss_mfg.core.text import count_words
from bss_mfg.imaging.blank_texts import find_blank
from bss_mfg.imaging.content_pictures import ContentPictures
from bss_mfg.imaging.expected_content import ExpectedCode, ExpectedLabels, ExpectedPicture, ExpectedText, PictureKind
from bss_mfg.imaging.label_codes import CodeReading, read_codes
from bss_mfg.imaging.picture_judge import PictureVerdict, PlacedPicture, judge_pictures
from bss_mfg.imaging.picture_levels import is_black_and_white
from bss_mfg.imaging.shape_judge import ShapeVerdict, judge_shapes
from bss_mfg.imaging.strip_places import Picture, area_place
from bss_mfg.imaging.text_cells import GlyphVerdict
from bss_mfg.imaging.text_contrast import text_contrasts
from bss_mfg.imaging.text_judge import NOT_MADE_OUT, PlacedText, TextVerdict, judge_texts
from bss_mfg.imaging.text_ocr import TextReader

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey

MOVED_MM = 0.6
"""How far a text may lie from where the other texts of its label say."""
_ASKEW_MM = 0.25
_FEWEST_TEXTS = 3
_SHORT, _BESIDE_MM = 2, 0.06
"""A text of so few characters that lies so far from where its label's other texts say was rather looked for in a wrong
place than is wrong."""
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
    WRONG_TEXT = "wrong text"
    MISSING_TEXT = "missing text"
    MOVED_TEXT = "moved text"
    WRONG_PICTURE = "wrong picture"
    MISSING_PICTURE = "missing picture"
    MOVED_PICTURE = "moved picture"


@dataclass(frozen=True)
class ContentFinding:
    """A fault: the element of the template (from 0) that it is about (-1: what stands beside the label), what it is
    called, what was to be there and what is, as text; and pictures (PNG) of both where there are some."""

    fault: ContentFault
    element: int
    name: str
    planned: str = ""
    seen: str = ""
    planned_picture: bytes | None = None
    seen_picture: bytes | None = None
    by_ocr: bool = False
    """Whether a reader of texts named what is seen: it may have guessed."""

    @property
    def words(self) -> str:
        """It, as people read it."""
        shown = f" {self.planned!r}" if self.planned else ""
        if self.fault in (ContentFault.MISSING_CODE, ContentFault.MISSING_TEXT, ContentFault.MISSING_PICTURE):
            return f"the {self.name}{shown} is missing"
        if self.fault is ContentFault.UNREADABLE_CODE:
            return f"the {self.name}{shown} can't be read"
        if self.fault in (ContentFault.MOVED_TEXT, ContentFault.MOVED_PICTURE):
            return f"the {self.name}{shown} is moved by {self.seen}"
        if self.by_ocr:
            return f"the {self.name}{shown} is not as it was drawn: {self.seen!r} seems to stand there"
        if self.seen:
            return f"the {self.name} says {self.seen!r}, not {self.planned!r}"
        return f"the {self.name}{shown} is not as it was drawn"


@dataclass(frozen=True)
class LabelContent:
    """What was found of one label: its faults, how many of its codes, texts and pictures could not be judged, and how
    many of its texts, which are another on other labels, could have a character in them that looks much the same."""

    faults: tuple[ContentFinding, ...] = ()
    not_judged: int = 0
    doubtful: int = 0
    right_codes: tuple[str, ...] = ()
    """The texts of the codes that say what they should."""
    without_grey: int = 0
    """How many of those not judged are not because the picture has black and white only."""


def check_labels(
    grey: Grey, expected: ExpectedLabels, maps: Sequence[Floats], with_pictures: bool = False
) -> list[LabelContent]:
    """Labels of a picture; `maps` take mm of the printed page to its pixels, for each label its own. `with_pictures`:
    faults have pictures of what was planned and what is seen."""
    picture = Picture(grey)
    cuts = ContentPictures(picture, expected.drawing) if with_pictures else None
    faults: list[list[ContentFinding]] = [[] for _ in expected.labels]
    open_: Counter[int] = Counter()
    doubtful: Counter[int] = Counter()
    right: list[list[str]] = [[] for _ in expected.labels]
    codes = [
        (at, code, to_pixels)
        for at, (label, to_pixels) in enumerate(zip(expected.labels, maps, strict=True))
        for code in label.codes
    ]
    read = read_codes(picture, [(code, to_pixels) for _, code, to_pixels in codes])
    for (at, code, _), reading in zip(codes, read, strict=True):
        open_[at] += reading.outside
        right[at] += [code.text] if reading.right else []
        faults[at] += _shown(_code_faults(code, reading), cuts, code, maps[at])
    contrasts = text_contrasts(expected.drawing)
    placed = [
        PlacedText(at, text, to_pixels, contrast)
        for at, (label, to_pixels) in enumerate(zip(expected.labels, maps, strict=True))
        for text in label.texts
        if (contrast := contrasts.get(text.element))
    ]
    verdicts, reader = judge_texts(picture, placed), TextReader(picture)
    without_grey = is_black_and_white(
        picture,
        [verdict.place for verdict in verdicts],
        [area_place(label.symbol, at, (1, 1)) for label, at in zip(expected.labels, maps, strict=True)],
    )
    if not without_grey:
        verdicts = find_blank(picture, verdicts, expected.labels, maps, contrasts)
    greyless: Counter[int] = Counter()
    usual = _usual_shifts(verdicts)
    for verdict in verdicts:
        off = usual.get(verdict.label)
        doubtful[verdict.label] += _is_doubtful(verdict)
        if without_grey and not _is_plainly_right(verdict, off):
            greyless[verdict.label] += 1
        elif _is_judged(verdict, off):
            wrong = (_named(fault, reader, verdict, maps, contrasts) for fault in _text_faults(verdict, off))
            faults[verdict.label] += _shown(wrong, cuts, verdict.text, maps[verdict.label])
        else:
            open_[verdict.label] += 1
    pictures = [
        PlacedPicture(at, item, to_pixels)
        for at, (label, to_pixels) in enumerate(zip(expected.labels, maps, strict=True))
        for item in label.pictures
        if item.kind is PictureKind.ARTWORK
    ]
    for one, (seen, shift) in zip(pictures, judge_pictures(picture, pictures, expected.drawing), strict=True):
        found = list(_picture_faults(one.picture, seen, shift, usual.get(one.label, (0.0, 0.0))))
        if without_grey:
            greyless[one.label] += len(found)
        else:
            faults[one.label] += _shown(found, cuts, one.picture, one.to_pixels)
    shapes = [
        PlacedPicture(at, item, to_pixels)
        for at, (label, to_pixels) in enumerate(zip(expected.labels, maps, strict=True))
        for item in label.pictures
        if item.kind is not PictureKind.ARTWORK
    ]
    areas = [expected.labels[shape.label].area for shape in shapes]
    for shape, edges in zip(shapes, judge_shapes(picture, shapes, areas, expected.drawing), strict=True):
        found = list(_shape_faults(shape.picture, edges))
        if without_grey:
            greyless[shape.label] += len(found)
        else:
            faults[shape.label] += _shown(found, cuts, shape.picture, shape.to_pixels)
    return [
        LabelContent(tuple(items), open_[at] + greyless[at], doubtful[at], tuple(right[at]), greyless[at])
        for at, items in enumerate(faults)
    ]


def open_notes(contents: Sequence[LabelContent]) -> list[str]:
    """What is not known of the labels of a page, as people read it."""
    found = []
    if greyless := sum(content.without_grey for content in contents):
        found.append(
            f"{count_words(greyless, 'text or picture', 'texts and pictures')} of its labels could not be judged: "
            "the picture is black and white, without grey. Scan in grey, with 300 dpi or more"
        )
    if open_ := sum(content.not_judged for content in contents) - greyless:
        found.append(
            f"{count_words(open_, 'text or code', 'texts and codes')} of its labels could not be judged: too "
            "small, too blurred, or not all in the picture"
        )
    if doubtful := sum(content.doubtful for content in contents):
        found.append(
            f"in {count_words(doubtful, 'text')} of its labels a wrong character could pass that looks much like the "
            "right one, as 8 and 9: the type is small. Scan more labels at once, or with 600 dpi"
        )
    return found


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


def _picture_faults(
    picture: ExpectedPicture, seen: PictureVerdict, shift: tuple[float, float], usual: tuple[float, float]
) -> Iterator[ContentFinding]:
    if seen is PictureVerdict.MISSING:
        yield ContentFinding(ContentFault.MISSING_PICTURE, picture.element, "picture", picture.name)
    elif seen is PictureVerdict.OTHER:
        yield ContentFinding(ContentFault.WRONG_PICTURE, picture.element, "picture", picture.name)
    elif seen is PictureVerdict.RIGHT and (off := dist(shift, usual)) > MOVED_MM:
        yield ContentFinding(ContentFault.MOVED_PICTURE, picture.element, "picture", picture.name, f"{off:.1f} mm")


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
    """Whether a text, which is another on other labels, is too small or unclear for its characters to be told from such
    as look much like them. A few always are: `I` and `l`."""
    return verdict.text.changes and not verdict.wrong and verdict.doubtful > _DOUBTFUL_SHARE * len(verdict.text.glyphs)


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
    return replace(fault, seen=said, by_ocr=True) if said else fault


def _text_faults(verdict: TextVerdict, usual: tuple[float, float] | None) -> Iterator[ContentFinding]:
    text = verdict.text
    if verdict.wrong:
        fault = ContentFault.MISSING_TEXT if verdict.blank else ContentFault.WRONG_TEXT
        seen = "" if verdict.blank else verdict.seen_text
        yield ContentFinding(fault, text.element, "text", text.text, seen)
    elif usual and verdict.text.turn == 0 and (off := dist(verdict.shift_mm, usual)) > MOVED_MM:
        yield ContentFinding(ContentFault.MOVED_TEXT, text.element, "text", text.text, f"{off:.1f} mm")
