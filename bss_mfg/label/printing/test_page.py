"""A page to calibrate a printer from: rulers to measure offset and scale, a dot ladder, symbols at each X-dimension.

It is an ordinary template, laid out for the printer as it is: what the page shows is what labels will get. Each symbol
stands there upright and turned by 90 degrees, so that a print that grows more in one direction than in the other shows
in one of them. Small media get a smaller frame and shorter texts; what has no room is left out, the symbols last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_fit import MIN_DOTS
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import Printer

MIN_WIDTH, MIN_HEIGHT = 20.0, 15.0
"""The smallest media that a page has room on, in mm."""
_LARGEST_MODULE = 0.7
_QUIET_ZONE = 2
_FRAME_THICKNESS = 0.25


@dataclass(frozen=True, slots=True)
class _Style:
    """Measures of a page: `inset` of the frame, `content` from the edge to what stands in it, lengths in mm; font sizes
    in points. `words`: whether sentences explain the page."""

    inset: float
    content: float
    ticks: tuple[float, float]
    ladder_height: float
    head_size: float
    text_size: float
    gap: float
    words: bool

    @property
    def line(self) -> float:
        """Height of a line of text in mm."""
        return self.text_size * 0.55


_LARGE = _Style(5.0, 14.0, (3.0, 1.6), 8.0, 11, 6.5, 2.5, words=True)
_SMALL = _Style(2.0, 4.9, (1.4, 0.8), 2.2, 5, 4, 0.7, words=False)
_LARGE_FROM = 80.0
_LADDER_FROM = 18.0
"""Height in mm of media that have room for a ladder and a second line."""


def render_test_page(printer: Printer, width: float, height: float) -> bytes:
    """The test page of `width` x `height` mm in the printer's language."""
    # What the printer is loaded with does not matter here, and its margins are what is to be found out.
    bare = replace(printer, media=(), margins_mm=(0.0, 0.0, 0.0, 0.0), max_width_mm=None)
    loaded = test_page_template(bare, width, height)
    layout = lay_out(loaded, bare, 0, "production")
    texts = tuple(slot.text.fill({}) for slot, _ in layout.texts)
    codes = tuple(plan.slot.text.fill({}) for plan in layout.codes)
    row = LabelRow("", texts, codes, tuple(True for _ in layout.shapes))
    return render_label_file(LabelFileContent(f"Test page of {printer.name}", layout, (row,), 1, "mask"))


def test_page_template(printer: Printer, width: float, height: float) -> LoadedTemplate:
    """The page as a template."""
    style = _LARGE if min(width, height) >= _LARGE_FROM else _SMALL
    elements = _PageWriter(printer, width, height, style).elements()
    head = (
        'format = 1\ntitle = "Test page"\neach = "batch"\n[media]\nkind = "roll"\n'
        f"label_width = {width}\nlabel_height = {height}\nsafe = 0"
    )
    return template_from_text("\n".join([head, *elements]), Path("test-page"))


@dataclass(frozen=True, slots=True)
class _PageWriter:
    """Writes the elements of a page from top to bottom."""

    printer: Printer
    width: float
    height: float
    style: _Style

    def elements(self) -> list[str]:
        """All of the page."""
        style, left = self.style, self.style.content
        lines = [self._frame(), *self._rulers()]
        y = style.content
        for text, size, font in self._head():
            if y + size * 0.36 > self._bottom:
                break
            lines.append(_text(left, y, text, size, self._room, font))
            y += size * 0.36 + style.gap / 2
        y += style.gap / 2
        if style.words:
            lines.append(
                _text(
                    left, y, "Dot ladder: lines and gaps of 1 to 6 dots must stay apart.", style.text_size, self._room
                )
            )
            y += style.line + 0.4
        if self.height >= _LADDER_FROM:
            lines += self._ladders(y)
            y += style.ladder_height + (style.line if style.words else 0) + style.gap
        if style.words:
            text = "Every symbol must scan, upright (X) and turned (Y). X-dimension in dots and mm:"
            lines.append(_text(left, y, text, style.text_size, self._room))
            y += style.line + 0.4
        return lines + self._symbols(y)

    @property
    def _right(self) -> float:
        return self.width - self.style.inset - max(2 * self.style.gap / 3, _FRAME_THICKNESS + 0.1)

    @property
    def _bottom(self) -> float:
        return self.height - self.style.inset - max(2 * self.style.gap / 3, _FRAME_THICKNESS + 0.1)

    @property
    def _room(self) -> float:
        return self._right - self.style.content

    def _head(self) -> list[tuple[str, float, str]]:
        """Lines with their font sizes and fonts."""
        printer, style = self.printer, self.style
        wide, high = self.width - 2 * style.inset, self.height - 2 * style.inset
        dots = f"{printer.dots_per_mm_x:.5g} x {printer.dots_per_mm_y:.5g} dots/mm"
        scale = f"scale {printer.scale_x:g} x {printer.scale_y:g}"
        offset = f"offset {printer.offset_x_mm:g}, {printer.offset_y_mm:g} mm"
        frame = f"{wide:g} x {high:g} mm"
        if not style.words:
            second = [(f"Frame {frame}", style.text_size, "sans")] if self.height >= _LADDER_FROM else []
            return [(printer.name, style.head_size, "sans-bold"), *second]
        return [
            (f"{printer.name}  {printer.language.upper()}", style.head_size, "sans-bold"),
            (f"{dots}, {offset}, {scale}", style.text_size, "sans"),
            (f"The frame is {style.inset:g} mm inside the edge, {frame}: measure both.", style.text_size, "sans"),
        ]

    def _frame(self) -> str:
        inset = self.style.inset
        return (
            f'[[element]]\nkind = "box"\nx = {inset}\ny = {inset}\nwidth = {self.width - 2 * inset}\n'
            f"height = {self.height - 2 * inset}\nthickness = {_FRAME_THICKNESS}"
        )

    def _rulers(self) -> list[str]:
        """Every 5 mm a tick, every 10 a longer one, along the frame's top and left side; every 20 its number."""
        elements: list[str] = []
        inset, (long, short) = self.style.inset, self.style.ticks
        for upright, length in ((False, self.width - 2 * inset), (True, self.height - 2 * inset)):
            for tick in range(5, int(length), 5):
                at, size = inset + tick, long if tick % 10 == 0 else short
                elements.append(_line(inset, at, inset + size, at) if upright else _line(at, inset, at, inset + size))
                if self.style.words and tick % 20 == 0 and tick < length - 3:
                    elements.append(
                        _text(inset + 3.4, at - 0.8, str(tick), 5, 4)
                        if upright
                        else _text(at - 3, inset + 3.6, str(tick), 5, 6, align="center")
                    )
        return elements

    def _ladders(self, y: float) -> list[str]:
        """Ladders of 1 to 6 dots side by side, as many as there is room for."""
        elements: list[str] = []
        x, style = self.style.content, self.style
        for dots in range(1, 7):
            ladder = 9 * dots / self.printer.scaled_dots_per_mm_x
            if x + ladder > self._right:
                break
            elements += self._ladder(x, y, dots)
            if style.words:
                elements.append(_text(x, y + style.ladder_height + 1.2, f"{dots}", 6, 6))
            x += max(ladder + 2 * style.gap, min(13.0, self._room / 6) if style.words else 0.0)
        return elements

    def _ladder(self, x: float, y: float, dots: int) -> list[str]:
        """Five upright lines of so many dots with gaps as wide."""
        dots_per_mm = self.printer.scaled_dots_per_mm_x
        # Line edges lie on the dot grid, a hair inside, so that no renderer adds a dot.
        start, step, inset = round(x * dots_per_mm) / dots_per_mm, dots / dots_per_mm, 0.05 / dots_per_mm
        middles = [start + (2 * number + 0.5) * step for number in range(5)]
        return [_line(at, y, at, y + self.style.ladder_height, step - 2 * inset) for at in middles]

    def _symbols(self, y: float) -> list[str]:
        """Pairs of Data Matrix symbols, upright and turned, from the smallest printable module up to 0.7 mm, as many as
        fit."""
        elements: list[str] = []
        style, printer = self.style, self.printer
        x, row_height = style.content, 0.0
        modules = 14 if style.words else 10
        for dots in range(MIN_DOTS, 40):
            module = dots / printer.scaled_dots_per_mm_x
            if module > _LARGEST_MODULE:
                break
            # Where the scale differs in y, the nearest whole dots make a module that is not quite square.
            module_y = round(module * printer.scaled_dots_per_mm_y) / printer.scaled_dots_per_mm_y
            smallest, largest = min(module, module_y), max(module, module_y)
            quiet, ink = _QUIET_ZONE * largest, modules * largest
            size = ink + 2 * quiet + 0.02
            pair = max(size + ink, 11.0 if style.words else 0.0)
            if x + pair + quiet > self._right and row_height:
                x, y, row_height = style.content, y + row_height + style.gap, 0.0
            top = y + (style.line + _QUIET_ZONE * _LARGEST_MODULE if style.words else quiet)
            if x + pair + quiet > self._right or top + ink + quiet > self._bottom:
                break
            if style.words:
                elements.append(_text(x, y, f"{dots}: {module:.3f} mm", 5, pair))
            for number, name in enumerate("XY"):
                # What is printed meets the margin; the quiet zone lies outside of it.
                left = x - quiet - 0.01 + number * (size + 0.05)
                text = f"{dots} DOTS {name}" if style.words else f"{dots}{name}"
                elements.append(_symbol((left, top - quiet - 0.01), size, text, 90 * number, (smallest, largest)))
            x, row_height = x + pair + 2 * quiet + style.gap, max(row_height, top + ink - y + quiet)
        return elements


def _symbol(corner: tuple[float, float], size: float, text: str, turn: int, modules: tuple[float, float]) -> str:
    return (
        f'[[element]]\nkind = "data-matrix-text"\nshape = "square"\nx = {corner[0]:.3f}\ny = {corner[1]:.3f}\n'
        f'width = {size:.3f}\nheight = {size:.3f}\nrotate = {turn}\ntext = "{text}"\nquiet_zone = {_QUIET_ZONE}\n'
        f"x_dimension = [{modules[0] - 1e-4:.5f}, {modules[1] + 1e-4:.5f}]"
    )


def _line(x: float, y: float, x2: float, y2: float, thickness: float = 0.15) -> str:
    return (
        f'[[element]]\nkind = "line"\nx = {x:.4f}\ny = {y:.4f}\nx2 = {x2:.4f}\ny2 = {y2:.4f}\n'
        f"thickness = {thickness:.5f}"
    )


def _text(x: float, y: float, text: str, size: float, width: float, font: str = "sans", align: str = "left") -> str:
    return (
        f'[[element]]\nkind = "text"\nx = {x:.3f}\ny = {y:.3f}\nwidth = {width:.3f}\nsize = {size}\nfont = "{font}"\n'
        f'align = "{align}"\nfit = "shrink"\nmin_size = 3\ntext = "{text}"'
    )
