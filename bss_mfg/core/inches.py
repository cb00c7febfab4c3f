"""Lengths in another unit than is asked for (millimetres; points for font sizes): recognised, and told in that one."""

from __future__ import annotations

import re

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_MM

_MM_PER_UNIT = {
    "in": MM_PER_INCH,
    "inch": MM_PER_INCH,
    "inches": MM_PER_INCH,
    '"': MM_PER_INCH,
    "''": MM_PER_INCH,
    "\u2033": MM_PER_INCH,
    "mm": 1.0,
    "cm": 10.0,
    "pt": 1 / POINTS_PER_MM,
}
_UNIT = rf"(?P<unit>{'|'.join(sorted(map(re.escape, _MM_PER_UNIT), key=len, reverse=True))})"
_LENGTH = re.compile(rf"\s*(?P<number>\d+(?:\.\d+)?|\.\d+)\s*{_UNIT}\s*", re.IGNORECASE)
_UNQUOTED = re.compile(rf"^(?P<field>[^#\"']*)=\s*\[?\s*(?P<length>[\d.]+\s*{_UNIT})", re.IGNORECASE)
_SIZE = re.compile(r"\s*(?P<width>\d*\.?\d+)\s*(?:in|\")?\s*[xX\u00d7]\s*(?P<height>\d*\.?\d+)\s*(?:in|\")?\s*")
_OF_TEXT = re.compile(r"^\s*kind\s*=\s*[\"']text[\"']", re.MULTILINE)
_LARGEST_INCHES = 12.0
"""What is larger is hardly a label in inches."""


def length_hint(text: str) -> str:
    """What a length with a unit is in millimetres: `lengths are numbers in mm: 2 in are 50.8`. Empty if it is none."""
    return _hint(text, "lengths are numbers in mm", "mm")


def font_size_hint(text: str) -> str:
    """What a font size with a unit is in points: `font sizes are numbers in points: 0.2 in are 14.4`. Empty if none."""
    return _hint(text, "font sizes are numbers in points", "pt")


def font_share_hint(text: str) -> str:
    """What to say of a length with a unit where a share of the font size is asked for. Empty if it is none."""
    return "a number in font sizes is meant: 0.1 is a tenth of the size" if _LENGTH.fullmatch(text) else ""


def _hint(text: str, meant: str, unit: str) -> str:
    found = _LENGTH.fullmatch(text)
    if not found:
        return ""
    number, given = float(found["number"]), found["unit"].lower()
    value = f"{number * _MM_PER_UNIT[given] / _MM_PER_UNIT[unit]:.4g}"
    if given == unit:
        return f"{meant}: write {value}"
    name = "in" if _MM_PER_UNIT[given] == MM_PER_INCH else given
    return f"{meant}: {number:g} {name} are {value}"


def unquoted_length_hint(line: str, table: str = "") -> str:
    """The same for a line of TOML with a length such as `width = 2in`, which is no TOML. `table`: the text of the table
    that the line stands in, since the `size` of a text is in points, that of a symbol in mm."""
    found = _UNQUOTED.match(line)
    if not found:
        return ""
    field = found["field"].strip()
    if field in ("leading", "letter_spacing"):
        return font_share_hint(found["length"])
    if field in ("min_size", "caption_size") or (field == "size" and _OF_TEXT.search(table)):
        return font_size_hint(found["length"])
    return length_hint(found["length"])


def label_size_in_inches(text: str) -> tuple[float, float] | None:
    """Width and height in mm of a label's size as it is sold in inches: `4x6`, `2.0 x 1.25`. None if it is none."""
    found = _SIZE.fullmatch(text)
    if not found:
        return None
    width, height = float(found["width"]), float(found["height"])
    if not 0 < max(width, height) <= _LARGEST_INCHES:
        return None
    return width * MM_PER_INCH, height * MM_PER_INCH


def small_label_hint(width: float, height: float) -> Phrase | None:
    """What to say of a label in mm that is as small as if its sides were inches; None if it isn't."""
    if max(width, height) > _LARGEST_INCHES:
        return None
    return phrase(
        "Lengths are in mm. If the label measures {width:g} x {height:g} inches, write {width_mm} and {height_mm}.",
        width=width,
        height=height,
        width_mm=f"{width * MM_PER_INCH:.4g}",
        height_mm=f"{height * MM_PER_INCH:.4g}",
    )
