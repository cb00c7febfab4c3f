"""Texts as PDF operators in embedded subsets of their fonts."""

from __future__ import annotations

from typing import Any

from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.pdf_colours import fill_operators
from bss_mfg.label.template.fonts import Font

_ESCAPES = str.maketrans({character: f"\\{character}" for character in "()\\"})
_TURNS = {0: "1 0 0 1", 90: "0 -1 1 0", 180: "-1 0 0 -1", 270: "0 1 -1 0"}


def draw_text(canvas: Any, plan: TextPlan, text: str, face: Font) -> None:
    """Draw a text at its plan's place; the origin is the label's top left corner, y upwards, in points."""
    size, lines = plan.fit(text, face)
    shown: list[str] = []
    for number, (line, width) in enumerate(lines):
        along, down = plan.line_start(number, width, size)
        dx, dy = {0: (along, -down), 90: (-down, -along), 180: (-along, down), 270: (down, along)}[plan.rotate]
        show = _show(canvas, face, size, line)
        shown.append(f"BT {_TURNS[plan.rotate]} {plan.x + dx:.3f} {plan.y + dy:.3f} Tm {show} ET")
    if plan.style.color == "#000000":
        canvas.addLiteral(" ".join(shown))
    else:
        canvas.addLiteral(f"q {fill_operators(canvas, plan.style.color)} {' '.join(shown)} Q")


def _show(canvas: Any, face: Font, size: float, text: str) -> str:
    """Operators that show `text` in embedded subsets of the font."""
    document = canvas._doc
    if text.isascii():  # all of ASCII is in the first subset, at its own codes
        name = face.reportlab_font.getSubsetInternalName(0, document)
        return f"{name} {size:g} Tf ({text.translate(_ESCAPES)}) Tj"
    return " ".join(
        f"{face.reportlab_font.getSubsetInternalName(subset, document)} {size:g} Tf <{encoded.hex()}> Tj"
        for subset, encoded in face.reportlab_font.splitString(text, document)
    )
