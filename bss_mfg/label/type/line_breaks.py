"""Where lines may break: the Unicode Line Breaking Algorithm (UAX 14), through uniseg.

Beyond UAX 14, a line may break after a hyphen, comma, semicolon or slash inside a word, as long as not both sides are
digits: serials and lists on labels are long, and a decimal or a date stays together.
"""

from __future__ import annotations

from functools import lru_cache

SOFT_HYPHEN = "\u00ad"
_MARKS = frozenset("-,;/")
_NOT_FIRST = frozenset(")]}!?,.;:/%")
_NOT_LAST = frozenset("([{$")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,;/-.:")


@lru_cache(maxsize=512)
def break_opportunities(text: str) -> tuple[int, ...]:
    """The indexes that a new line may start at, in order, the text's end among them."""
    if _PLAIN.issuperset(text):  # uniseg takes 0.1 ms a character; a test holds the two together
        places = {
            at for at in range(1, len(text)) if text[at - 1] == " " and text[at] != " " and text[at] not in _NOT_FIRST
        }
    else:
        from uniseg.linebreak import line_break_boundaries

        places = {at for at in line_break_boundaries(text) if 0 < at < len(text)}
    for at in range(2, len(text)):
        if (
            text[at - 1] in _MARKS
            and text[at].isalnum()
            and text[at - 2].isalnum()
            and not (text[at].isdigit() and text[at - 2].isdigit())
        ):
            places.add(at)
    return (*sorted(places), len(text))
