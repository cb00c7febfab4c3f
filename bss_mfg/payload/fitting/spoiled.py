"""Values that were not copied whole: cut off, with a blank in them, with dots for the rest."""

from __future__ import annotations

import re

from bss_mfg.payload.formats import BINARY, format_of

_LEAST_BASE45 = 48
"""Characters of base45, which has a blank of its own, that other text is not by chance."""
_LEAST = 40
"""Characters below which nobody can tell an encoding that is cut off from a name."""
_HEX = re.compile("[0-9A-F]+|[0-9a-f]+")
_BASE64 = re.compile("(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}")


def is_hex(text: str) -> bool:
    """Whether it has digits of hex only, whole or not."""
    return bool(_HEX.fullmatch(text))


def spoiled(text: str) -> str:
    """What is wrong with a value that nothing explains, where its characters tell."""
    is_base45 = len(text) >= _LEAST_BASE45 and _can_be("base45", text)
    if (blank := re.search(r"\s", text)) and not is_base45:
        return f"a blank stands in it, as its character {blank.start() + 1}"
    if re.search(r"(\.\.+|…)$", text):
        return "it ends with dots: give the whole value"
    if len(text) < _LEAST:
        return ""
    if is_hex(text) and len(text) % 2:
        return f"its {len(text)} characters are not whole hex, which has an even number: cut off, or one is missing"
    if _BASE64.fullmatch(text) and not any(_can_be(name, text) for name in BINARY):
        return f"its {len(text)} characters are not whole base64: cut off, or one is missing"
    return ""


def _can_be(name: str, text: str) -> bool:
    try:
        format_of(name).read_strict(text)
    except ValueError:
        return False
    return True
