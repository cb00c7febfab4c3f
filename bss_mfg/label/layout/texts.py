"""Texts on a label: where they start, how they turn, and how they are fitted: refused, shrunk or wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bss_mfg.core.languages import Phrase, counted, phrase
from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.ink import InkRoom
from bss_mfg.label.template.fields import SMALLEST_FONT_SIZE
from bss_mfg.label.template.fonts import Font
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.symbol_elements import Bars, EanUpc
from bss_mfg.label.template.text_element import MOST_LINES, TextElement
from bss_mfg.label.type.itemization import Direction, Setting
from bss_mfg.label.type.markup import without_switches
from bss_mfg.label.type.paragraph import Line, Paragraph, prepare, simple_line
from bss_mfg.label.type.patterns import LinePattern, line_pattern
from bss_mfg.label.type.plain import PlainTable, plain_table
from bss_mfg.label.type.scripts import VERTICAL, script_name
from bss_mfg.model import Rect

_STEP = 20
"""Font sizes step by a twentieth of a point."""
_REMEMBERED = 1024
"""Patterns of texts of which a checker remembers whether they lie clear of everything."""
_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0, "justify": 0.0}
"""How much of a text's width lies before its anchor."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text looks: its font by name (or several), sizes in points (never below `min_size`), at most `lines` lines,
    `leading` and `letter_spacing` in font sizes."""

    font: str | tuple[str, ...]
    size: float
    min_size: float
    lines: int
    leading: float
    align: Literal["left", "center", "right", "justify"]
    color: str
    wrap: bool = False
    valign: Literal["capitals", "baseline", "middle", "bottom"] = "capitals"
    letter_spacing: float = 0.0
    direction: Direction = "auto"
    language: str = ""

    def setting(self, font: Font) -> Setting:
        """How its text is set in a font."""
        if not self.letter_spacing and self.direction == "auto" and not self.language:
            return font.setting
        return _setting(font.setting, self.letter_spacing, self.direction, self.language)


@lru_cache(maxsize=256)
def _setting(setting: Setting, letter_spacing: float, direction: Direction, language: str) -> Setting:
    return replace(setting, letter_spacing=letter_spacing, direction=direction, language=language)


@dataclass(frozen=True, slots=True)
class TextPlan:
    """A text's place: points from the label's top left corner, y upwards, in the text's own turned frame.

    (`x`, `y`) is the anchor on the top of the place: left end, middle or right end by the style's `align`. `room` is
    the width, `height` the place's height, `cap_height` that of the capitals in font sizes.
    """

    element_index: int
    style: TextStyle
    x: float
    y: float
    rotate: int
    room: float
    height: float
    cap_height: float

    @classmethod
    def of(cls, template: LoadedTemplate, item: PlacedElement) -> TextPlan:
        """The plan of a text element."""
        element = item.element
        assert isinstance(element, TextElement)  # noqa: S101  (for the type checker)
        style = TextStyle(
            font=element.font,
            size=element.size,
            min_size=element.smallest,
            lines=element.most_lines,
            leading=element.leading,
            align=element.align,
            color=element.color,
            wrap=element.fit == "wrap" and element.lines > 1,
            valign=element.valign,
            letter_spacing=element.letter_spacing,
            direction=element.direction,
            language=element.language,
        )
        return cls._anchored(template, item, style, element.rotate, element.width)

    @classmethod
    def caption(cls, template: LoadedTemplate, item: PlacedElement, element: Bars) -> TextPlan:
        """The plan of the plain text above or below bars, centred."""
        size = element.caption_size
        style = TextStyle(element.font, size, min(4.0, size), 1, 1.2, "center", "#000000")
        capitals = template.font(element.font).cap_height * size / POINTS_PER_MM
        down = element.height - capitals if element.caption == "below" else 0.0
        return cls._anchored(template, item, style, element.rotate, element.width, down)

    @classmethod
    def digits(
        cls, template: LoadedTemplate, item: PlacedElement, element: Bars, size: float, width: float
    ) -> TextPlan:
        """The plan of digits of a font size that fill a rectangle `width` mm wide (before rotation)."""
        style = TextStyle(element.font, size, size, 1, 1.2, "center", "#000000")
        return cls._anchored(template, item, style, element.rotate, width)

    @classmethod
    def _anchored(
        cls,
        template: LoadedTemplate,
        item: PlacedElement,
        style: TextStyle,
        rotate: int,
        width: float,
        down: float = 0.0,
    ) -> TextPlan:
        """A text `width` mm wide, its capitals `down` mm below the top of the element before rotation."""
        x, y, outer_width, outer_height = item.rect
        along = _SHARES[style.align] * width
        # (along, down) in the unturned frame, to the label: the frame's top left corner goes round with the rotation.
        anchor_x, anchor_y = {
            0: (x + along, y + down),
            90: (x + outer_width - down, y + along),
            180: (x + outer_width - along, y + outer_height - down),
            270: (x + down, y + outer_height - along),
        }[rotate]
        return cls(
            item.index,
            style,
            anchor_x * POINTS_PER_MM,
            -anchor_y * POINTS_PER_MM,
            rotate,
            width * POINTS_PER_MM,
            (outer_width if rotate in (90, 270) else outer_height) * POINTS_PER_MM,
            template.font(style.font).cap_height,
        )

    def place_lines(self, lines: Sequence[Line], size: float) -> list[tuple[Line, float, float]]:
        """Each line with where it begins on its baseline: along the text and down from the anchor, in points of the
        text's own turned frame."""
        style = self.style
        capitals = self.cap_height * size
        if len(lines) == 1 and style.valign == "capitals" and style.align != "justify":
            return [(lines[0], -_SHARES[style.align] * lines[0].width * size, capitals)]
        block = capitals + (len(lines) - 1) * style.leading * size
        down = {
            "capitals": capitals,
            "baseline": self.cap_height * style.size,
            "middle": (self.height - block) / 2 + capitals,
            "bottom": self.height - block + capitals,
        }[style.valign]
        share = _SHARES[style.align]
        placed: list[tuple[Line, float, float]] = []
        for number, line in enumerate(lines):
            along = -share * line.width * size
            if style.align == "justify" and line.right_to_left:
                along += self.room - line.width * size
            placed.append((line, along, down + number * style.leading * size))
        return placed

    def turn(self, along: float, down: float) -> tuple[float, float]:
        """A place of the text's own frame on the label: points from the top left corner, y upwards."""
        if self.rotate == 0:
            return self.x + along, self.y - down
        dx, dy = {90: (-down, -along), 180: (-along, down), 270: (down, along)}[self.rotate]
        return self.x + dx, self.y + dy

    def ink(self, lines: Sequence[Line], size: float) -> Iterator[Rect]:
        """What each line's glyphs cover, in mm from the label's top left corner."""
        return self.boxes([(line, line.ink()) for line in lines], size)

    def boxes(
        self, lines: Sequence[tuple[Line, tuple[float, float, float, float] | None]], size: float
    ) -> Iterator[Rect]:
        """Boxes of lines (left, bottom, right, top in em from their start) in mm from the label's top left corner."""
        placed = self.place_lines([line for line, _ in lines], size)
        for (_, along, down), (_, box) in zip(placed, lines, strict=True):
            if box:
                left, bottom, right, top = box
                yield self._rect(along + left * size, down - top * size, along + right * size, down - bottom * size)

    def _rect(self, left: float, top: float, right: float, bottom: float) -> Rect:
        (x1, y1), (x2, y2) = self.turn(left, top), self.turn(right, bottom)
        return Rect(
            min(x1, x2) / POINTS_PER_MM,
            -max(y1, y2) / POINTS_PER_MM,
            abs(x2 - x1) / POINTS_PER_MM,
            abs(y2 - y1) / POINTS_PER_MM,
        )

    def plain_table(self, font: Font) -> PlainTable | None:
        """The widths of its texts in plain ASCII, where they are set without shaping."""
        setting = self.style.setting(font)
        return plain_table(font.face) if setting.is_plain else None

    def fit(self, text: str, font: Font) -> tuple[float, list[Line]]:
        """(size in points, lines, their widths in em). What does not fit at the smallest size stays wider."""
        style = self.style
        setting = style.setting(font)
        line = simple_line(text, setting)
        if line is None and (pattern := line_pattern(text, setting)):
            line = pattern.line(text)
        if line is not None and line.width * style.size <= self.room:
            return style.size, [line]
        if line is not None and not style.wrap:
            return self.size_for(line.width), [line]
        size, lines = self._fit_paragraphs(prepare(text, setting))
        if style.align == "justify":
            lines = [line.justified(self.room / size) for line in lines]
        return size, lines

    def size_for(self, width: float) -> float:
        """The size in points at which a line of a width in em fits, or the smallest."""
        if width * self.style.size <= self.room:
            return self.style.size
        return max(int(self.room / width * _STEP) / _STEP, self.style.min_size)

    def _fit_paragraphs(self, paragraphs: Sequence[Paragraph]) -> tuple[float, list[Line]]:
        style = self.style
        lines = [paragraph.line() for paragraph in paragraphs]
        widest = max(line.width for line in lines)
        if not style.wrap or (widest * style.size <= self.room and len(lines) <= style.lines):
            return self.size_for(widest), lines
        size = style.size
        while True:
            room = self.room / size
            lines = [line for paragraph in paragraphs for line in paragraph.wrapped(room)]
            fits = len(lines) <= style.lines and all(line.width <= room + 1e-6 for line in lines)
            if fits or size <= style.min_size:
                return size, lines
            size = max(round(size - 0.25, 2), style.min_size)


class TextChecker:
    """Checks the texts of one plan. Those that fit and lie clear of everything cost next to nothing, if they are plain
    or differ in their serial numbers alone."""

    def __init__(self, template: LoadedTemplate, plan: TextPlan, findings: DesignFindings, room: InkRoom) -> None:
        self.plan = plan
        self._template, self._findings, self._room = template, findings, room
        font = template.font(plan.style.font)
        self._setting = plan.style.setting(font)
        self._plain = plan.plain_table(font)
        # Whatever is said in ASCII on one line, its ink stays in this box; mostly it does not reach out at its ends.
        left, bottom, right, top = font.ascii_bounds
        self._is_clear = self._is_box_clear((left, bottom, right, top))
        self._is_clear_inside = self._is_clear or self._is_box_clear((0.0, bottom, 0.0, top))
        self._most = plan.room / (plan.style.size if plan.style.wrap else plan.style.min_size)
        self._clear: dict[LinePattern, bool] = {}

    def check(self, text: str) -> None:
        """Note what is wrong with a text."""
        if not (self._is_plainly_good(text) if text.isascii() else self._is_like_a_good_one(text)):
            check_text(self._template, self.plan, text, self._findings, self._room)

    def _is_plainly_good(self, text: str) -> bool:
        plain = self._plain
        if not (self._is_clear_inside and plain and text.isprintable() and plain.is_within(text, self._most)):
            return False
        return self._is_clear or plain.reach(text) == (0.0, 0.0)

    def _is_like_a_good_one(self, text: str) -> bool:
        pattern = line_pattern(text, self._setting)
        if pattern is None:
            return False
        is_clear = self._clear.get(pattern)
        if is_clear is None:
            if len(self._clear) >= _REMEMBERED:
                self._clear.clear()
            is_clear = self._clear[pattern] = self._is_box_clear(pattern.bounds)
        if not is_clear:
            return False
        line = pattern.line(text)
        return line.width <= self._most and pattern.stays_within(line)

    def _is_box_clear(self, bounds: tuple[float, float, float, float]) -> bool:
        """Whether ink that fills the room, and reaches out at its ends (left, right) and above and below its baseline
        (bottom, top, in em), touches nothing that it may not."""
        plan, room = self.plan, self._room
        left, bottom, right, top = bounds
        whole = Line("", plan.room / plan.style.size)
        boxes = plan.boxes([(whole, (left, bottom, whole.width + right, top))], plan.style.size)
        return all(room.is_clear(plan.element_index, rect) for rect in boxes)


def check_text(
    template: LoadedTemplate, plan: TextPlan, text: str, findings: DesignFindings, room: InkRoom | None = None
) -> None:
    """Note a text that is too wide, has a character without glyph or a script that its font can't set, or whose ink
    reaches where it may not."""
    font = template.font(plan.style.font)
    setting = plan.style.setting(font)
    is_simple = simple_line(text, setting) is not None or line_pattern(text, setting) is not None
    if not is_simple and not _is_settable(plan, text, setting, findings):
        return
    size, lines = plan.fit(text, font)
    shown = without_switches(text)
    width = max(line.width for line in lines) * size
    if width > plan.room + 0.05:
        findings.error(
            DesignFindingKind.TEXT_TOO_WIDE,
            plan.element_index,
            phrase(
                "the text {text} is {width:.1f} mm wide at {size:g} points, its place {room:.1f} mm",
                text=repr(shown[:80]),
                width=width / POINTS_PER_MM,
                size=size,
                room=plan.room / POINTS_PER_MM,
            ),
            _ways_to_fit(template, plan, text, int(size * plan.room / width * 10) / 10),
            "text",
        )
    elif len(lines) > plan.style.lines:
        findings.error(
            DesignFindingKind.TOO_MANY_LINES,
            plan.element_index,
            counted(
                "the text {text} needs {lines} lines at {size:g} points, {count} is allowed",
                "the text {text} needs {lines} lines at {size:g} points, {count} are allowed",
                plan.style.lines,
                text=repr(shown[:80]),
                lines=len(lines),
                size=size,
            ),
            phrase("Allow more lines, set a smaller min_size, widen the element, or shorten the text."),
            "text",
        )
    elif room and not all(
        room.is_clear(plan.element_index, rect) for rect in plan.boxes([(line, line.bounds()) for line in lines], size)
    ):
        room.check(plan.element_index, shown, plan.ink(lines, size), findings)


def _ways_to_fit(template: LoadedTemplate, plan: TextPlan, text: str, fitting: float) -> Phrase:
    """What its element may be given for a text that is too wide; at `fitting` points it would not be."""
    element = template.definition.element[plan.element_index]
    field: str | Phrase
    lines = 0
    if isinstance(element, TextElement):
        both = phrase("{field} or {other_field}", field="size", other_field="min_size")
        field = "min_size" if element.min_size else "size" if element.fit == "refuse" else both
        lines = _lines_when_wrapped(template, plan, text)
    else:
        # The digits of an EAN are as large as its bars ask.
        is_retail = isinstance(element, EanUpc) and element.has_digits_between_guards
        field = "" if is_retail else "caption_size"
    if not field or fitting < SMALLEST_FONT_SIZE:
        if not lines:
            return phrase("Widen the element or shorten the text.")
        return phrase('Set fit = "wrap" and lines = {lines}, widen the element, or shorten the text.', lines=lines)
    size = f"{fitting:g}"
    if not lines:
        return phrase(
            "{size} points would fit: set {field}, widen the element, or shorten the text.", size=size, field=field
        )
    return phrase(
        '{size} points would fit: set {field}, set fit = "wrap" and lines = {lines}, widen the element, or shorten the '
        "text.",
        size=size,
        field=field,
        lines=lines,
    )


def _lines_when_wrapped(template: LoadedTemplate, plan: TextPlan, text: str) -> int:
    """How many lines a text that is not wrapped would take at its size; 0 where that would not help."""
    style = plan.style
    if style.wrap:
        return 0
    wrapped = replace(plan, style=replace(style, wrap=True, lines=MOST_LINES, min_size=style.size))
    _, lines = wrapped.fit(text, template.font(style.font))
    fits = all(line.width * style.size <= plan.room + 0.05 for line in lines)
    return len(lines) if fits and 1 < len(lines) <= MOST_LINES else 0


def _is_settable(plan: TextPlan, text: str, setting: Setting, findings: DesignFindings) -> bool:
    """Whether fonts have all the glyphs and can set the scripts; notes what they have not."""
    paragraphs = prepare(text, setting)
    shown, names = without_switches(text), plan.style.font
    if missing := "".join(paragraph.missing for paragraph in paragraphs):
        codes = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing[:5])
        unseen = {"characters": codes, "text": repr(shown[:60])}
        findings.error(
            DesignFindingKind.NO_GLYPH,
            plan.element_index,
            phrase("the font {font} has no glyph for {characters} in {text}", font=repr(names), **unseen)
            if isinstance(names, str)
            else phrase("the fonts {fonts} have no glyph for {characters} in {text}", fonts=", ".join(names), **unseen),
            phrase(
                "The bundled fonts cover Latin, Greek and Cyrillic; change the text, or name a font that has it in "
                "[fonts]."
            ),
            "text",
        )
        return False
    for script in sorted(frozenset().union(*(paragraph.unshaped for paragraph in paragraphs))):
        what, way_out = _unset(script, names, repr(shown[:60]))
        findings.error(DesignFindingKind.SCRIPT_NOT_SHAPED, plan.element_index, what, way_out, "text")
        return False
    if any(paragraph.orphans for paragraph in paragraphs):
        findings.error(
            DesignFindingKind.SCRIPT_NOT_SHAPED,
            plan.element_index,
            phrase("a mark in {text} has no letter that can carry it", text=repr(shown[:60])),
            phrase("Correct the spelling."),
            "text",
        )
        return False
    return True


def _unset(script: str, names: str | tuple[str, ...], text: str) -> tuple[Phrase, Phrase]:
    """Why a text isn't set that is in a script, and what to do."""
    name = script_name(script)
    if script in VERTICAL:
        what = phrase("{script} in {text} is written from top to bottom", script=name, text=text)
        return what, phrase("Put it into an artwork file.")
    facts = {"script": name, "text": text}
    what = (
        phrase(
            "the font {font} has letters of {script}, but not the rules to join and order them, for {text}",
            font=repr(names),
            **facts,
        )
        if isinstance(names, str)
        else phrase(
            "the fonts {fonts} have letters of {script}, but not the rules to join and order them, for {text}",
            fonts=", ".join(names),
            **facts,
        )
    )
    return what, phrase("Name a font in [fonts] that is made for that script.")
