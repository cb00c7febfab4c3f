"""Where lines may break: the Unicode Line Breaking Algorithm (UAX 14), through uniseg.

Beyond UAX 14, a line may break after a hyphen, comma, semicolon or slash inside a word, as long as not both sides are
digits: serials and lists on labels are long, and a decimal or a date stays together. It does not break after a full
stop or colon inside a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

SOFT_HYPHEN = "\u00ad"
_MARKS = frozenset("-,;/")
_PLAIN = re.compile(r"[A-Za-z0-9]+([-,;/.:][A-Za-z0-9]+)*[,;.:]?( [A-Za-z0-9]+([-,;/.:][A-Za-z0-9]+)*[,;.:]?)*")
"""Words and serials with single spaces, which only their spaces and marks break."""


@lru_cache(maxsize=512)
def break_opportunities(text: str) -> tuple[int, ...]:
    """The indexes that a new line may start at, in order, the text's end among them."""
    if _PLAIN.fullmatch(text):  # uniseg takes 0.1 ms a character; a test holds the two together
        places = {at for at in range(1, len(text)) if text[at - 1] == " "}
    else:
        from uniseg.linebreak import line_break_boundaries

        places = {
            at
            for at in line_break_boundaries(text)
            if 0 < at < len(text) and not (text[at - 1] in ".:" and text[at].isalnum())
        }
    for at in range(2, len(text)):
        if (
            text[at - 1] in _MARKS
            and text[at].isalnum()
            and text[at - 2].isalnum()
            and not (text[at].isdigit() and text[at - 2].isdigit())
        ):
            places.add(at)
    return (*sorted(places), len(text))
