"""The languages that label files are written in: their endings, and which settings of a printer each can express.

Ranges are the makers' own; where they are cited is said in `bss_mfg/label/render/languages/`, beside the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["pdf", "zpl", "zpl-hex", "tspl", "epl2", "cpcl", "sbpl", "dpl", "brother", "escpos", "png"]
Tracking = Literal["gap", "mark", "continuous"]
"""How a printer finds the next label: by the gap between labels, by a black mark on the back, or not at all."""
AfterLabel = Literal["tear", "peel", "cut"]
"""What happens to a printed label: it is torn off, peeled from its liner, or cut off."""

_ALL_TRACKING: tuple[Tracking, ...] = ("gap", "mark", "continuous")
_ALL_AFTER: tuple[AfterLabel, ...] = ("tear", "peel", "cut")


@dataclass(frozen=True, slots=True)
class LanguageFacts:
    """A language of printers.

    `title`: what it is called; `suffix`: how its files end; `is_raw`: only a printer draws it, nothing here reads it
    back. `darkness`, `speed`: smallest and largest value, None where it has no such command; `speed_unit`: what the
    speed counts. `gap`: whether the gap's or mark's length can be said. `feed`: smallest and largest extra feed in mm.
    `head_pins`: the heads that it knows, where the file must say which one prints.
    """

    title: str
    suffix: str
    is_raw: bool = True
    darkness: tuple[int, int] | None = None
    speed: tuple[float, float] | None = None
    speed_unit: str = "inches a second"
    tracking: tuple[Tracking, ...] = ()
    gap: bool = False
    after: tuple[AfterLabel, ...] = ()
    feed: tuple[float, float] | None = None
    head_pins: tuple[int, ...] = ()


_ZPL = LanguageFacts(
    "ZPL II", ".zpl", darkness=(0, 30), speed=(1, 14), tracking=_ALL_TRACKING, after=_ALL_AFTER, feed=(-5.0, 5.0)
)

LANGUAGES: dict[Language, LanguageFacts] = {
    "pdf": LanguageFacts("PDF", ".pdf", is_raw=False),
    "png": LanguageFacts("1-bit pictures at printer dots", ".png", is_raw=False),
    "zpl": _ZPL,
    "zpl-hex": LanguageFacts(
        "ZPL II with plain hex graphics, for printers that only resemble a Zebra",
        ".zpl",
        darkness=_ZPL.darkness,
        speed=_ZPL.speed,
        tracking=_ZPL.tracking,
        after=_ZPL.after,
        feed=_ZPL.feed,
    ),
    "tspl": LanguageFacts(
        "TSPL, TSPL2 (TSC)",
        ".tspl",
        darkness=(0, 15),
        speed=(1, 18),
        tracking=_ALL_TRACKING,
        gap=True,
        after=_ALL_AFTER,
        feed=(0.0, 25.4),
    ),
    "epl2": LanguageFacts(
        "EPL2 (Eltron, Zebra)",
        ".epl",
        darkness=(0, 15),
        speed=(1, 6),
        speed_unit="steps of the language",
        tracking=_ALL_TRACKING,
        gap=True,
        after=("peel", "cut"),
    ),
    "cpcl": LanguageFacts(
        "CPCL (Zebra mobile)",
        ".cpcl",
        darkness=(0, 3),
        speed=(0, 5),
        speed_unit="steps of the language",
        tracking=_ALL_TRACKING,
        after=("cut",),
        feed=(0.0, 25.4),
    ),
    "sbpl": LanguageFacts(
        "SBPL (SATO)",
        ".sbpl",
        darkness=(1, 5),
        speed=(1, 12),
        tracking=_ALL_TRACKING,
        after=_ALL_AFTER,
    ),
    "dpl": LanguageFacts(
        "DPL (Datamax, Honeywell)",
        ".dpl",
        darkness=(0, 30),
        speed=(1, 10),
        tracking=_ALL_TRACKING,
        after=("cut",),
    ),
    "brother": LanguageFacts(
        "Brother raster (QL, P-touch)",
        ".brother",
        tracking=("gap", "continuous"),
        after=("tear", "cut"),
        head_pins=(128, 560, 720, 1296),
    ),
    "escpos": LanguageFacts(
        "ESC/POS (Epson), label mode",
        ".escpos",
        darkness=(-6, 6),
        speed=(1, 13),
        speed_unit="steps of the language",
        tracking=_ALL_TRACKING,
        after=_ALL_AFTER,
        feed=(0.0, 30.0),
    ),
}
"""All languages by name."""

RAW_SUFFIXES = tuple(dict.fromkeys(facts.suffix for facts in LANGUAGES.values() if facts.is_raw))
"""How files end that only a printer draws."""
