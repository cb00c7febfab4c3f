"""Lines of text around a preview's labels: how wide they are, where they break, in which fonts a PDF has them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from bss_mfg.core.chinese_font import is_chinese, registered_chinese_font
from bss_mfg.label.template.fonts import load_bundled_font


def wrapped(text: str, columns: int) -> list[str]:
    """A text in lines of so many letters; a Chinese character takes two, and a line may end behind each."""
    columns = max(columns, 40)
    if not any(map(is_chinese, text)):
        return textwrap.wrap(text, columns) or [""]
    lines, line, width = [], "", 0
    for word in _words(text):
        taken = 2 if is_chinese(word) else len(word)
        if line.strip() and width + len(word.rstrip()) > columns and word not in _CLOSING:
            opening = line[-1] if line[-1] in _OPENING else ""
            lines.append(line.removesuffix(opening).rstrip())
            line, width, word = opening, 2 * len(opening), word.lstrip()
        line, width = line + word, width + taken
    return [*lines, line.rstrip()]


_CLOSING = "\uff0c\u3002\uff1b\uff1a\uff1f\uff01\u3001\uff09\u300b"
"""Chinese marks that no line begins with."""
_OPENING = "\uff08\u300a"
"""Chinese marks that no line ends with."""


def _words(text: str) -> Iterator[str]:
    """Chinese characters, and the words between them with the space behind each."""
    for chinese, characters in groupby(text, is_chinese):
        run = "".join(characters)
        if chinese:
            yield from run
        else:
            yield from (word + " " for word in run.split(" ")[:-1])
            yield run.rpartition(" ")[2]


def pdf_runs(text: str, *, bold: bool) -> list[tuple[str, str]]:
    """The parts of a text, each with the name of the font that a PDF shows it in."""
    latin = load_bundled_font("sans-bold" if bold else "sans").reportlab_font.fontName
    return [
        ("".join(characters), registered_chinese_font() if chinese else latin)
        for chinese, characters in groupby(text, is_chinese)
    ]


def text_width(text: str, size: float, *, bold: bool) -> float:
    """How wide a text is, in the unit of its size."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(sum(stringWidth(run, font, size) for run, font in pdf_runs(text, bold=bold)))


def draw_text(canvas: Any, at: tuple[float, float], text: str, size: float, *, bold: bool, share: float) -> None:
    """Draw a text on a baseline, the `share` of its width before the place."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    x, y = at
    x -= share * text_width(text, size, bold=bold)
    for run, font in pdf_runs(text, bold=bold):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += stringWidth(run, font, size)
