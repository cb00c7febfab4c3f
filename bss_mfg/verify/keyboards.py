"""What a keyboard-wedge scanner's text becomes when the computer's keyboard layout is not the scanner's.

A wedge scanner types key positions of the US layout; the computer reads them in its own. Each layout below is written
as the characters on the same 47 keys as `US`, unshifted and shifted (Microsoft's published keyboard layouts). A scanned
text is never repaired: the layout is only named, so that somebody sets the scanner or the computer right.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

US = ("`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./", '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?')

LAYOUTS: dict[str, tuple[str, str, str]] = {
    "de": (
        "German",
        "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    ),
    "fr": (
        "French",
        "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
        "\x001234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    ),
    "it": (
        "Italian",
        "\\1234567890'ìqwertyuiopè+ùasdfghjklòàzxcvbnm,.-",
        '|!"£$%&/()=?^QWERTYUIOPé*§ASDFGHJKLç°ZXCVBNM;:_',
    ),
    "es": (
        "Spanish",
        "º1234567890'¡qwertyuiop`+çasdfghjklñ´zxcvbnm,.-",
        'ª!"·$%&/()=?¿QWERTYUIOP^*ÇASDFGHJKLÑ¨ZXCVBNM;:_',
    ),
    "uk": (
        "British",
        "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./",
        '¬!"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?',
    ),
    "pt": (
        "Portuguese",
        "\\1234567890'«qwertyuiop+´~asdfghjklçºzxcvbnm,.-",
        '|!"#$%&/()=?»QWERTYUIOP*`^ASDFGHJKLÇªZXCVBNM;:_',
    ),
    "sv": (
        "Swedish or Finnish",
        "§1234567890+´qwertyuiopå¨'asdfghjklöäzxcvbnm,.-",
        '½!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÖÄZXCVBNM;:_',
    ),
    "no": (
        "Norwegian",
        "|1234567890+\\qwertyuiopå¨'asdfghjkløæzxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLØÆZXCVBNM;:_',
    ),
    "da": (
        "Danish",
        "½1234567890+´qwertyuiopå¨'asdfghjklæøzxcvbnm,.-",
        '§!"#¤%&/()=?`QWERTYUIOPÅ^*ASDFGHJKLÆØZXCVBNM;:_',
    ),
}
"""Layouts by their short name: (name for people, unshifted keys, shifted keys), in the order of `US`."""

_COMBINING = {"\u0301": "´", "\u0300": "`", "\u0302": "^", "\u0308": "¨", "\u0303": "~"}
"""Combining accents, and the dead keys that make them."""


@dataclass(frozen=True, slots=True)
class DetectedLayout:
    """A layout that explains a text: its short name, its name for people, whether caps lock was on too, and the text as
    the scanner meant it."""

    short: str
    name: str
    caps_lock: bool
    text: str


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    """For each layout: character read -> character meant."""
    found: dict[str, dict[str, str]] = {}
    for short, (_, plain, shifted) in LAYOUTS.items():
        pairs = zip(plain + shifted, US[0] + US[1], strict=True)
        found[short] = {read: meant for read, meant in pairs if read != "\x00"}
    return found


def apply_layout(text: str, short: str) -> str:
    """What a layout makes of a text that a scanner types: for tests, and to explain."""
    _, plain, shifted = LAYOUTS[short]
    table = dict(zip(US[0] + US[1], plain + shifted, strict=True))
    return "".join(table.get(character, character) for character in text)


def undo_layout(text: str, layout: str) -> str | None:
    """The text as the scanner meant it if the layout is `layout`; None where the layout has no such character."""
    table = _tables()[layout]
    found: list[str] = []
    for character in text:
        if character in table:
            found.append(table[character])
            continue
        # A dead key and a letter came as one character: the key was typed before the letter.
        decomposed = unicodedata.normalize("NFD", character)
        base, accents = decomposed[0], decomposed[1:]
        keys = [_COMBINING.get(accent, "") for accent in accents]
        if not accents or base not in table or any(key not in table for key in keys):
            return None
        found += [*(table[key] for key in keys), table[base]]
    return "".join(found)


def apply_caps_lock(text: str) -> str:
    """The text as caps lock would have it: letters change their case, if there is one letter for another."""
    return "".join(other if len(other := character.swapcase()) == 1 else character for character in text)


def detect_layout(text: str, known: Callable[[str], bool]) -> DetectedLayout | None:
    """The layout under which a text becomes one that is `known`, if there is one. Case is tried both ways."""
    for short, (name, _, _) in LAYOUTS.items():
        for caps_lock in (False, True):
            candidate = undo_layout(apply_caps_lock(text) if caps_lock else text, short)
            if candidate is not None and candidate != text and known(candidate):
                return DetectedLayout(short, name, caps_lock, candidate)
    return None
