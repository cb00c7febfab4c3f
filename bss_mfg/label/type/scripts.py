"""Scripts of characters and runs (UAX 24), as far as shaping needs them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

COMMON = "Zyyy"
INHERITED = "Zinh"
CURSIVE = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Mand", "Mani", "Phag", "Adlm", "Rohg", "Sogd"})
"""Scripts whose letters join: letter-spacing would tear them."""
NEEDS_LAYOUT = {
    "Arab": ("arab",), "Syrc": ("syrc",), "Nkoo": ("nko ",), "Mand": ("mand",), "Adlm": ("adlm",), "Rohg": ("rohg",),
    "Deva": ("dev2", "dev3", "deva"), "Beng": ("bng2", "bng3", "beng"), "Guru": ("gur2", "gur3", "guru"),
    "Gujr": ("gjr2", "gjr3", "gujr"), "Orya": ("ory2", "ory3", "orya"), "Taml": ("tml2", "tml3", "taml"),
    "Telu": ("tel2", "tel3", "telu"), "Knda": ("knd2", "knd3", "knda"), "Mlym": ("mlm2", "mlm3", "mlym"),
    "Sinh": ("sinh",), "Khmr": ("khmr",), "Mymr": ("mym2", "mymr"), "Tibt": ("tibt",), "Java": ("java",),
    "Bali": ("bali",), "Lana": ("lana",), "Cakm": ("cakm",),
}  # fmt: skip
"""Scripts that are unreadable without the font's own substitutions, and the OpenType tags that these go by."""
VERTICAL = frozenset({"Mong", "Phag"})
"""Scripts that are written from top to bottom, which no text of a label is."""
_NAMES = {
    "Arab": "Arabic", "Deva": "Devanagari", "Beng": "Bengali", "Guru": "Gurmukhi", "Gujr": "Gujarati", "Orya": "Odia",
    "Taml": "Tamil", "Telu": "Telugu", "Knda": "Kannada", "Mlym": "Malayalam", "Sinh": "Sinhala", "Khmr": "Khmer",
    "Mymr": "Myanmar", "Tibt": "Tibetan", "Hebr": "Hebrew", "Syrc": "Syriac", "Mong": "Mongolian", "Thai": "Thai",
    "Laoo": "Lao", "Hani": "Chinese or Japanese", "Hira": "Japanese", "Kana": "Japanese", "Hang": "Korean",
    "Geor": "Georgian", "Armn": "Armenian", "Ethi": "Ethiopic", "Grek": "Greek", "Cyrl": "Cyrillic", "Latn": "Latin",
}  # fmt: skip


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """ISO 15924 code of a character's script; `COMMON` for digits and punctuation, `INHERITED` for marks."""
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.add_str(character)
    buffer.guess_segment_properties()
    if buffer.script:
        return str(buffer.script)
    return INHERITED if unicodedata.category(character) in ("Mn", "Me", "Cf") else COMMON


@lru_cache(maxsize=4096)
def is_simple(character: str) -> bool:
    """Whether a character is set by itself from left to right: letters of European scripts, digits, punctuation."""
    return (
        script_of(character) in ("Latn", "Grek", "Cyrl", "Armn", "Geor", COMMON)
        and unicodedata.category(character)[0] not in "MC"
        and unicodedata.bidirectional(character) not in ("R", "AL", "AN")
    )


def script_name(code: str) -> str:
    """A script's name for people."""
    return _NAMES.get(code, code)


def scripts_of(text: str) -> list[str]:
    """The script of each character, where common and inherited ones go with what stands before them, and at the start
    with what comes first."""
    found = [script_of(character) for character in text]
    current = next((script for script in found if script not in (COMMON, INHERITED)), "Latn")
    resolved: list[str] = []
    for script in found:
        if script not in (COMMON, INHERITED):
            current = script
        resolved.append(current)
    return resolved


@lru_cache(maxsize=4096)
def extends_cluster(character: str) -> bool:
    """Whether a character goes with the one before it: marks, joiners, variation selectors."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me") or is_ignorable(character)


def is_ignorable(character: str) -> bool:
    """Whether a character is invisible by itself: joiners, direction marks, soft hyphens, variation selectors."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f" or character in "\u034f\u115f"
