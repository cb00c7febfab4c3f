"""Where the codes, texts and pictures of one label lie on the page that is printed, for whoever compares prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from bss_mfg import gs1
from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.errors import InputError
from bss_mfg.imaging.expected_content import (
    SAMPLE_ELEMENT,
    CodeKind,
    ExpectedCode,
    ExpectedLabel,
    ExpectedPicture,
    ExpectedText,
    GlyphSet,
    PictureKind,
)
from bss_mfg.label.layout.codes import CodePlan
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.glyph_pictures import character_set, run_set
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.symbol_elements import (
    Code128,
    DataMatrixText,
    EanUpc,
    Gs1DataMatrix,
    Gs1128,
    Itf14,
    TextCode,
    carries_payload,
)
from bss_mfg.label.type.paragraph import Line as TextLine
from bss_mfg.label.type.shaping import GlyphRun
from bss_mfg.model import Rect


@dataclass(frozen=True, slots=True)
class _Part:
    """Glyphs of one face on one line, from `start` em on; `glyphs` are characters with their start in em from there,
    none where they can be judged as a whole only."""

    run: GlyphRun
    start: float
    glyphs: tuple[tuple[str, float], ...]


class ExpectedPlaces:
    """What is on the labels of a layout, all constants filled in."""

    def __init__(self, layout: PageLayout, with_modules: bool = False) -> None:
        """`with_modules`: codes are told with where their modules lie, which takes as long as drawing them."""
        self._layout, self._with_modules = layout, with_modules
        self._symbols = layout.symbol_boxes()

    def label(self, number: int, place: int, row: LabelRow) -> ExpectedLabel:
        """The label of a row at a place (from 0) of a page."""
        frame = _Frame(self._layout, place)
        media = self._layout.template.definition.media
        return ExpectedLabel(
            number,
            frame.area(Rect(0.0, 0.0, media.label_width, media.label_height)),
            self._symbols[place],
            tuple(self._codes(frame, row)),
            tuple(self._texts(frame, row)),
            tuple(self._pictures(frame, row)),
            self._bars(frame, row),
        )

    def _codes(self, frame: _Frame, row: LabelRow) -> Iterator[ExpectedCode]:
        for plan, text in zip(self._layout.codes, row.codes, strict=True):
            element = plan.placed_element.element
            if text and isinstance(element, TextCode) and not carries_payload(element):
                kind, encoded = encoded_text(element, text)
                code = ExpectedCode(plan.placed_element.index, kind, encoded, frame.area(plan.area))
                yield self._with_places(frame, plan, text, code) if self._with_modules else code

    def _bars(self, frame: _Frame, row: LabelRow) -> ExpectedCode | None:
        """The package's own symbol where it is a Code 128."""
        for plan, text in zip(self._layout.codes, row.codes, strict=True):
            if text and carries_payload(plan.placed_element.element):
                code = ExpectedCode(plan.placed_element.index, CodeKind.CODE_128, text, frame.area(plan.area))
                return self._with_places(frame, plan, text, code) if self._with_modules else code
        return None

    def _with_places(self, frame: _Frame, plan: CodePlan, text: str, code: ExpectedCode) -> ExpectedCode:
        """A code with where its modules lie on the page as it is printed, in mm, and what they are."""
        drawn, turned = self._layout.draw_code(plan, text)[0]
        printer = self._layout.printer
        x, y = drawn.origins[frame.place]
        modules = self._layout.grid.as_printed(
            Rect(
                x / printer.dots_per_mm_x,
                y / printer.dots_per_mm_y,
                drawn.columns * drawn.module_dots_x / printer.dots_per_mm_x,
                drawn.rows * drawn.module_dots_y / printer.dots_per_mm_y,
            )
        )
        turn = (plan.rotate + frame.turn) % 360
        return replace(code, modules=modules, turn=turn, matrix=turned.turned(360 - plan.rotate))

    def _texts(self, frame: _Frame, row: LabelRow) -> Iterator[ExpectedText]:
        layout = self._layout
        changing = (
            placed
            for (_, plan), text in zip(layout.texts, row.texts, strict=True)
            if text
            for placed in _placed_texts(layout, plan, text, changes=True)
        )
        for point, text in (*self._fixed_texts, *changing):
            x, y = frame.point(*point)
            yield replace(text, x=x, y=y, turn=(text.turn + frame.turn) % 360)

    @cached_property
    def _fixed_texts(self) -> tuple[_PlacedText, ...]:
        """Those that are on every label."""
        layout = self._layout
        return tuple(
            placed for plan, text in layout.fixed_texts for placed in _placed_texts(layout, plan, text, changes=False)
        )

    def _pictures(self, frame: _Frame, row: LabelRow) -> Iterator[ExpectedPicture]:
        layout = self._layout
        shown = [item for item, drawn in zip(layout.shapes, row.shapes_drawn, strict=True) if drawn]
        for item in (*layout.fixed_shapes, *shown):
            kind, name = _picture(item)
            yield ExpectedPicture(item.index, kind, name, frame.area(item.rect))
        if layout.sample_mark and (mark := layout.template.definition.sample):
            area = frame.area(Rect(mark.x, mark.y, mark.width, mark.height))
            yield ExpectedPicture(SAMPLE_ELEMENT, PictureKind.SAMPLE_MARK, "", area)


_PlacedText = tuple[tuple[float, float], ExpectedText]
"""A text, and where it starts on its label, in points from the top left corner; `x` and `y` are not known yet."""


def _placed_texts(layout: PageLayout, plan: TextPlan, text: str, changes: bool) -> Iterator[_PlacedText]:
    """The parts of a text by line and face."""
    size, lines = plan.fit(text, layout.template.font(plan.style.font))
    em = size / POINTS_PER_MM
    enclosed = layout.template.definition.element[plan.element_index].kind == "ean-upc"
    for line, along, down in plan.place_lines(lines, size):
        for part in _parts(line):
            run = part.run
            if part.glyphs:
                more = "".join(sorted({one for one in run.text if not one.isascii()}))
                glyph_set = character_set(run.face, size, more)
                glyphs = tuple((_index(glyph_set, one), pen * em) for one, pen in part.glyphs)
            else:
                glyph_set, glyphs = run_set(run, size), ((0, 0.0),)
            yield (
                plan.turn(along + part.start * size, down),
                ExpectedText(
                    *(plan.element_index, run.text, 0.0, 0.0, plan.rotate, run.width * em, glyphs, glyph_set, changes),
                    enclosed=enclosed,
                ),
            )


def _picture(item: PlacedElement) -> tuple[PictureKind, str]:
    element = item.element
    if isinstance(element, Image):
        return PictureKind.ARTWORK, element.name or element.file
    assert isinstance(element, (Box, Line))  # noqa: S101  (for the type checker)
    return PictureKind.BOX if isinstance(element, Box) else PictureKind.LINE, element.name or element.kind


class _Frame:
    """From a label's own millimetres and points to the printed page."""

    def __init__(self, layout: PageLayout, place: int) -> None:
        printer = layout.printer
        self.place = place
        x, y = layout.places[place]
        # As the renderer has it: on a whole dot.
        self._left = round(x * printer.dots_per_mm_x) / printer.dots_per_mm_x
        self._top = round(y * printer.dots_per_mm_y) / printer.dots_per_mm_y
        self._scale = (printer.scale_x, printer.scale_y)
        self._page = (layout.page_dots[0] / printer.dots_per_mm_x, layout.page_dots[1] / printer.dots_per_mm_y)
        self.turn = printer.rotate

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point that is measured in points from the label's top left corner, y upwards."""
        return self._turned(
            self._left + x * self._scale[0] / POINTS_PER_MM, self._top - y * self._scale[1] / POINTS_PER_MM
        )

    def area(self, rect: Rect) -> Rect:
        """A rectangle of the label, in mm."""
        x1, y1 = self._turned(self._left + rect.x * self._scale[0], self._top + rect.y * self._scale[1])
        x2, y2 = self._turned(self._left + rect.right * self._scale[0], self._top + rect.bottom * self._scale[1])
        return Rect(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        width, height = self._page
        if self.turn == 0:
            return x, y
        return {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[self.turn]


def encoded_text(element: TextCode, text: str) -> tuple[CodeKind, str]:
    """What a code's text is once it is encoded."""
    try:
        if isinstance(element, Itf14):
            return CodeKind.ITF_14, gs1.carton_gtin(text, element.indicator)
        if isinstance(element, (Gs1128, Gs1DataMatrix)):
            kind = CodeKind.GS1_128 if isinstance(element, Gs1128) else CodeKind.GS1_DATA_MATRIX
            return kind, gs1.element_text(gs1.read_element_string(text))
    except ValueError as error:
        raise InputError(f"{text[:80]!a} can't be encoded: {error}") from None
    if isinstance(element, EanUpc):
        return CodeKind.EAN_UPC, text
    if isinstance(element, Code128):
        return CodeKind.CODE_128, text
    return CodeKind.DATA_MATRIX if isinstance(element, DataMatrixText) else CodeKind.QR, text


@lru_cache(maxsize=4096)
def _index(glyph_set: GlyphSet, character: str) -> int:
    return glyph_set.characters.index(character)


def _parts(line: TextLine) -> Iterator[_Part]:
    """A line's glyphs by face: as characters where each glyph is one, else as a whole."""
    for start, run in line.placed():
        if not run.text.strip() or not run.glyphs:
            continue
        glyphs: tuple[tuple[str, float], ...] = ()
        if _is_characters(run):
            glyphs = tuple((text, pen) for text, (_, pen, _) in zip(run.text, run.placed(), strict=True))
        yield _Part(run, start, glyphs)


def _is_characters(run: GlyphRun) -> bool:
    return (
        run.offsets is None
        and not run.right_to_left
        and run.clusters == tuple(range(len(run.text)))
        and all(run.face.glyph(text) == glyph for text, glyph in zip(run.text, run.glyphs, strict=True))
    )
