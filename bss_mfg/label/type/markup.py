"""Runs of bold and italic in a text: `**bold**`, `*italic*`; `\\*` is a star."""

from __future__ import annotations

import re

BOLD, ITALIC = 1, 2
"""Styles are sums of these; 0 is regular."""
_SWITCHES = {"**": "\ufdd0", "*": "\ufdd1", "\\*": "*", "***": "\ufdd0\ufdd1"}
_STYLES = {"\ufdd0": BOLD, "\ufdd1": ITALIC}
_MARKS = re.compile(r"\\\*|\*{1,3}")


def switches(source: str) -> str:
    """A template's text with its marks as switches: characters that no text has (Unicode noncharacters), so that
    stars in the values that are filled in later stay stars."""
    return _MARKS.sub(lambda match: _SWITCHES[match[0]], source)


def without_switches(text: str) -> str:
    """A text as people read it."""
    return text.translate(dict.fromkeys(map(ord, _STYLES))) if not text.isascii() else text


def styles_of(text: str) -> tuple[str, list[int]]:
    """A text without its switches, and the style of each of its characters."""
    if not any(switch in text for switch in _STYLES):
        return text, [0] * len(text)
    style, shown, styles = 0, [], []
    for character in text:
        if switch := _STYLES.get(character):
            style ^= switch
        else:
            shown.append(character)
            styles.append(style)
    return "".join(shown), styles


def check_marks(source: str) -> frozenset[int]:
    """The styles that a template's text uses; `ValueError` if one is not closed."""
    style, used = 0, set()
    for match in _MARKS.finditer(source):
        for switch in _SWITCHES[match[0]]:
            style ^= _STYLES.get(switch, 0)
        used.add(style)
    if style:
        raise ValueError(f"a {'**' if style & BOLD else '*'} is not closed; a star is written \\*")
    return frozenset(used)
