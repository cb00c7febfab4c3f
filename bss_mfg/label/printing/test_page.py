"""A page to calibrate a printer from: rulers to measure offset and scale, a dot ladder, symbols at each X-dimension.

It is an ordinary template, laid out for the printer as it is: what the page shows is what labels will get.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.symbol_fit import MIN_DOTS
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import Printer

_INSET = 5.0


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
    lines = [
        'format = 1\ntitle = "Test page"\neach = "batch"\n[media]\nkind = "roll"',
        f"label_width = {width}\nlabel_height = {height}\nsafe = 0",
        _frame(width, height),
        *_rulers(width, height),
    ]
    y = 14.0
    scale = f"scale {printer.scale_x:g} x {printer.scale_y:g}"
    offset = f"offset {printer.offset_x_mm:g}, {printer.offset_y_mm:g} mm"
    dots = f"{printer.dots_per_mm_x:.5g} x {printer.dots_per_mm_y:.5g} dots/mm"
    room = width - 24
    lines += [
        _text(14, y, f"{printer.name}  {printer.language.upper()}", 11, room, "sans-bold"),
        _text(14, y + 6, f"{dots}, {offset}, {scale}", 6.5, room),
        _text(
            14,
            y + 10,
            f"The frame is {_INSET:g} mm inside the edge, {width - 2 * _INSET:g} x "
            f"{height - 2 * _INSET:g} mm: measure both.",
            6.5,
            room,
        ),
    ]
    y += 16
    lines.append(_text(14, y, "Dot ladder: lines and gaps of 1 to 6 dots must stay apart.", 6.5, room))
    y += 4
    for dot in range(1, 7):
        lines += _ladder(printer, 14 + (dot - 1) * min(13.0, room / 6), y, dot)
    y += 15
    lines.append(_text(14, y, "Every symbol must scan. X-dimension in dots and mm:", 6.5, room))
    y += 4
    lines += _symbols(printer, width, height, y)
    return template_from_text("\n".join(lines), Path("test-page"))


def _frame(width: float, height: float) -> str:
    return (
        f'[[element]]\nkind = "box"\nx = {_INSET}\ny = {_INSET}\nwidth = {width - 2 * _INSET}\n'
        f"height = {height - 2 * _INSET}\nthickness = 0.25"
    )


def _line(x: float, y: float, x2: float, y2: float, thickness: float = 0.15) -> str:
    return (
        f'[[element]]\nkind = "line"\nx = {x:.4f}\ny = {y:.4f}\nx2 = {x2:.4f}\ny2 = {y2:.4f}\n'
        f"thickness = {thickness:.5f}"
    )


def _text(x: float, y: float, text: str, size: float, width: float, font: str = "sans") -> str:
    return (
        f'[[element]]\nkind = "text"\nx = {x:.3f}\ny = {y:.3f}\nwidth = {width:.3f}\nsize = {size}\nfont = "{font}"\n'
        f'fit = "shrink"\nmin_size = 3\ntext = "{text}"'
    )


def _rulers(width: float, height: float) -> list[str]:
    """Every 5 mm a tick, every 10 a longer one with its number, along the frame's top and left side."""
    elements: list[str] = []
    for upright, length in ((False, width - 2 * _INSET), (True, height - 2 * _INSET)):
        for tick in range(0, int(length) + 1, 5):
            at, size = _INSET + tick, 3.0 if tick % 10 == 0 else 1.6
            elements.append(_line(_INSET, at, _INSET + size, at) if upright else _line(at, _INSET, at, _INSET + size))
            if tick % 20 == 0 and tick:
                elements.append(
                    _text(_INSET + 3.4, at - 0.8, str(tick), 5, 5)
                    if upright
                    else _text(at - 3, _INSET + 3.6, str(tick), 5, 6).replace("fit = ", 'align = "center"\nfit = ')
                )
    return elements


def _ladder(printer: Printer, x: float, y: float, dots: int) -> list[str]:
    """Five upright lines of so many dots with gaps as wide, and the number beneath."""
    step = dots / printer.scaled_dots_per_mm_x
    # Line edges lie on the dot grid, a hair inside, so that no renderer adds a dot.
    start = round(x * printer.scaled_dots_per_mm_x) / printer.scaled_dots_per_mm_x
    inset = 0.05 / printer.scaled_dots_per_mm_x
    lines = [
        _line(start + (2 * number + 0.5) * step, y, start + (2 * number + 0.5) * step, y + 8, step - 2 * inset)
        for number in range(5)
    ]
    return [*lines, _text(x, y + 9.2, f"{dots}", 6, 6)]


def _symbols(printer: Printer, width: float, height: float, y: float) -> list[str]:
    """QR symbols from the smallest printable module up to 0.7 mm, as many as fit."""
    elements: list[str] = []
    x, row_height = 14.0, 0.0
    for dots in range(MIN_DOTS, 40):
        module = dots / printer.scaled_dots_per_mm_x
        if module > 0.7:
            break
        # Where the scale differs in y, the nearest whole dots make a module that is not quite square.
        module_y = round(module * printer.scaled_dots_per_mm_y) / printer.scaled_dots_per_mm_y
        smallest, largest = min(module, module_y), max(module, module_y)
        size = (21 + 8) * largest + 0.02
        if x + size > width - 7:
            x, y, row_height = 14.0, y + row_height + 6, 0.0
        if y + size + 5 > height - 7:
            break
        elements.append(
            f'[[element]]\nkind = "qr"\nx = {x:.3f}\ny = {y:.3f}\nsize = {size:.3f}\ntext = "{dots} DOTS"\n'
            f"x_dimension = [{smallest - 1e-4:.5f}, {largest + 1e-4:.5f}]"
        )
        elements.append(_text(x, y + size + 0.4, f"{dots}: {module:.3f}", 5, max(size, 8)))
        x, row_height = x + max(size, 8) + 2, max(row_height, size)
    return elements
