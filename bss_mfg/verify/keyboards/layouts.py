"""The keyboard layouts that are known: which character each key of a US keyboard types on them.

The tables come from xkeyboard-config (layouts.json, layouts.license.txt).
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

_NOTHING = "\x00"
_SPACING = {
    "\u0300": "`", "\u0301": "´'", "\u0302": "^", "\u0303": "~", "\u0304": "¯", "\u0306": "˘", "\u0307": "˙",
    "\u0308": '¨"', "\u030a": "°", "\u030b": "˝", "\u030c": "ˇ", "\u0327": "¸", "\u0328": "˛",
}  # fmt: skip
"""Accents of dead keys, and the characters that they are alone."""


@dataclass(frozen=True)
class Layout:
    """A layout, or the same with caps lock on: `keys` are the characters on the keys of a US keyboard that type the
    characters of `us`, in their order; `dead` are the places of dead keys, given by their accents."""

    ident: str
    name: str
    caps_lock: bool
    us: str
    keys: str
    dead: frozenset[int]

    @property
    def is_variant(self) -> bool:
        """Whether it is a variant of a country's layout."""
        return "(" in self.ident

    @cached_property
    def typed(self) -> Mapping[str, str]:
        """What a US keyboard's key types here, dead keys apart; nothing is an empty text."""
        pairs = zip(self.us, self.keys, strict=True)
        return {
            meant: read.replace(_NOTHING, "") for place, (meant, read) in enumerate(pairs) if place not in self.dead
        }

    @cached_property
    def meant(self) -> Mapping[str, str]:
        """Characters read, and the character that a scanner meant: of those that only one key types."""
        found: dict[str, list[str]] = defaultdict(list)
        typed = set(self.typed.values())
        for meant, read in self.typed.items():
            if read:
                found[read].append(meant)
        for place in self.dead:
            for alone in set(_SPACING.get(self.keys[place], "")) - typed:
                found[alone].append(self.us[place])
        return {read: several[0] for read, several in found.items() if len(several) == 1}

    @cached_property
    def _accents(self) -> Mapping[str, str]:
        """Accents of dead keys, and the character that a scanner meant."""
        return {self.keys[place]: self.us[place] for place in self.dead}

    def undo(self, text: str) -> str | None:
        """The text as a scanner meant it; None where this layout does not type a character of it, or loses one."""
        keys = self.meant
        for character in _kinds(text).difference(keys):
            if (composed := self._undo_composed(character)) is None:
                return None
            keys = {**keys, character: composed}
        return "".join(map(keys.__getitem__, text))

    def _undo_composed(self, character: str) -> str | None:
        """The two keys of a character that a dead key and a letter made: the dead one was typed first."""
        parts = unicodedata.normalize("NFD", character)
        base, accents = parts[0], parts[1:]
        if not accents or base not in self.meant or any(accent not in self._accents for accent in accents):
            return None
        return "".join(self._accents[accent] for accent in accents) + self.meant[base]

    def explains(self, text: str, meant: str) -> bool:
        """Whether a scanner that means a text may have typed this one. Dead keys are given a free hand: whether they
        join the next character, stand before it, or swallow it, is up to the system and the program."""
        return len(text) in self._ends(text, meant)

    def explains_start(self, text: str, meant: str) -> bool:
        """Whether the text may begin with what a scanner types that means the beginning of a text."""
        return bool(self._ends(text, meant))

    def _ends(self, text: str, meant: str) -> set[int]:
        """Where in the text `meant` may end."""
        at = {0}
        waiting = 0
        for character in meant:
            place = self.us.find(character)
            if place in self.dead:
                waiting += 1
                continue
            typed = self.typed.get(character, character)
            if waiting:
                at = {more for start in at for more in range(start, start + waiting + 2) if more <= len(text)}
                waiting = 0
            elif typed:
                forms = {typed, unicodedata.normalize("NFKC", typed)}
                at = {start + len(form) for start in at for form in forms if text.startswith(form, start)}
            if not at:
                return at
        if waiting:
            at = {more for start in at for more in range(start, start + waiting + 1) if more <= len(text)}
        return at


@lru_cache(maxsize=1)
def _kinds(text: str) -> frozenset[str]:
    """The characters of a text, each once: hundreds of layouts are tried for one text."""
    return frozenset(text)


@lru_cache(maxsize=1)
def known_layouts() -> Sequence[Layout]:
    """All layouts, each without and with caps lock; those that most factories have first."""
    data = json.loads(Path(__file__).with_name("layouts.json").read_text("utf-8"))
    us = data["us"]
    found = []
    for item in data["layouts"]:
        dead = frozenset(item.get("dead", ()))
        found.append(Layout(item["id"], item["name"], False, us, item["keys"], dead))
        found.append(Layout(item["id"], item["name"], True, us, item["caps"], dead))
    return found
