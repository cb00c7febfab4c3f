"""Real keyboards to type on: libxkbcommon with the layouts of xkeyboard-config, through ctypes.

A wedge scanner presses the keys that a US keyboard has for its characters; what arrives is up to the layout. Dead keys
end as they do on two systems: X11 drops what does not compose, Windows sends both characters.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

US = ("`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./", '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?')
_CODES = (49, *range(10, 22), *range(24, 36), 51, *range(38, 49), *range(52, 62))
"""evdev key codes, plus 8, of the 47 keys of `US`."""
_SHIFT, _CAPS, _DOWN, _UP = 50, 66, 1, 0
RULES = Path("/usr/share/X11/xkb/rules/evdev.xml")


class DeadKeys(Enum):
    """What becomes of a dead key and a character that don't compose."""

    DROPPED = "as X11 has it"
    BOTH_SENT = "as Windows has it"


class _Names(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


def available() -> bool:
    """Whether the library and its layouts are installed."""
    return ctypes.util.find_library("xkbcommon") is not None and RULES.is_file()


@lru_cache(maxsize=1)
def _library() -> Any:
    library = ctypes.CDLL(ctypes.util.find_library("xkbcommon"))
    for name in (
        "xkb_context_new", "xkb_keymap_new_from_names", "xkb_state_new", "xkb_compose_table_new_from_locale",
        "xkb_compose_state_new",
    ):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    return library


class Key(NamedTuple):
    """What one key press gives: its symbol's name, and its characters."""

    symbol: str
    text: str


class Keyboard:
    """A layout of xkeyboard-config."""

    def __init__(self, layout: str, variant: str = "", *, caps_lock: bool = False) -> None:
        self._c = _library()
        self._context = ctypes.c_void_p(self._c.xkb_context_new(0))
        names = _Names(b"evdev", b"pc105", layout.encode(), variant.encode(), b"")
        self._keymap = ctypes.c_void_p(self._c.xkb_keymap_new_from_names(self._context, ctypes.byref(names), 0))
        assert self._keymap, (layout, variant)
        self._state = ctypes.c_void_p(self._c.xkb_state_new(self._keymap))
        table = ctypes.c_void_p(self._c.xkb_compose_table_new_from_locale(self._context, b"en_US.UTF-8", 0))
        self._compose = ctypes.c_void_p(self._c.xkb_compose_state_new(table, 0))
        self._c.xkb_compose_table_unref(table)
        if caps_lock:
            self._c.xkb_state_update_key(self._state, _CAPS, _DOWN)
            self._c.xkb_state_update_key(self._state, _CAPS, _UP)

    def close(self) -> None:
        """Free what the library holds."""
        self._c.xkb_compose_state_unref(self._compose)
        self._c.xkb_state_unref(self._state)
        self._c.xkb_keymap_unref(self._keymap)
        self._c.xkb_context_unref(self._context)

    def _symbol(self, character: str) -> tuple[int, Key]:
        shifted = character in US[1]
        code = _CODES[US[shifted].index(character)]
        if shifted:
            self._c.xkb_state_update_key(self._state, _SHIFT, _DOWN)
        symbol = self._c.xkb_state_key_get_one_sym(self._state, code)
        room = ctypes.create_string_buffer(64)
        self._c.xkb_state_key_get_utf8(self._state, code, room, 64)
        name = ctypes.create_string_buffer(64)
        self._c.xkb_keysym_get_name(symbol, name, 64)
        if shifted:
            self._c.xkb_state_update_key(self._state, _SHIFT, _UP)
        return symbol, Key(name.value.decode(), room.value.decode())

    def key(self, character: str) -> Key:
        """The key on which a US keyboard has this character."""
        return self._symbol(character)[1]

    def type(self, text: str, dead_keys: DeadKeys = DeadKeys.DROPPED) -> str:
        """What a text becomes that a scanner types on this keyboard."""
        found: list[str] = []
        waiting = ""
        self._c.xkb_compose_state_reset(self._compose)
        for character in text:
            if character not in US[0] + US[1]:
                found.append(character)
                continue
            symbol, key = self._symbol(character)
            self._c.xkb_compose_state_feed(self._compose, symbol)
            status = self._c.xkb_compose_state_get_status(self._compose)
            if status == 1:
                waiting = key.symbol
                continue
            if status == 2:
                room = ctypes.create_string_buffer(64)
                self._c.xkb_compose_state_get_utf8(self._compose, room, 64)
                doubled = key.symbol.startswith("dead_") and dead_keys is DeadKeys.BOTH_SENT
                found.append(room.value.decode() * (2 if doubled else 1))
                self._c.xkb_compose_state_reset(self._compose)
            elif status == 3:
                if dead_keys is DeadKeys.BOTH_SENT:
                    found.append(spacing(waiting) + (key.text or spacing(key.symbol)))
                self._c.xkb_compose_state_reset(self._compose)
            else:
                found.append(key.text)
        return "".join(found)


_ACCENTS = {
    "grave": "\u0300", "acute": "\u0301", "circumflex": "\u0302", "tilde": "\u0303", "perispomeni": "\u0303",
    "macron": "\u0304", "breve": "\u0306", "abovedot": "\u0307", "diaeresis": "\u0308", "hook": "\u0309",
    "abovering": "\u030a", "doubleacute": "\u030b", "caron": "\u030c", "doublegrave": "\u030f", "psili": "\u0313",
    "dasia": "\u0314", "horn": "\u031b", "belowdot": "\u0323", "belowdiaeresis": "\u0324", "belowcomma": "\u0326",
    "cedilla": "\u0327", "ogonek": "\u0328", "belowbreve": "\u032e", "belowmacron": "\u0331", "stroke": "\u0338",
    "iota": "\u0345",
}  # fmt: skip
_SPACING = {
    "grave": "`", "acute": "´", "circumflex": "^", "tilde": "~", "macron": "¯", "breve": "˘", "abovedot": "˙",
    "diaeresis": "¨", "abovering": "°", "doubleacute": "˝", "caron": "ˇ", "cedilla": "¸", "ogonek": "˛",
}  # fmt: skip


def accent(symbol: str) -> str:
    """The combining character of a dead key; empty for another key, and for dead keys that are no accents."""
    return _ACCENTS.get(symbol.removeprefix("dead_"), "") if symbol.startswith("dead_") else ""


def spacing(symbol: str) -> str:
    """The accent of a dead key that stands alone."""
    return _SPACING.get(symbol.removeprefix("dead_"), "")


@dataclass(frozen=True)
class LayoutName:
    """A layout of xkeyboard-config, and what it is called."""

    layout: str
    variant: str
    title: str


def layout_names() -> Iterator[LayoutName]:
    """All layouts and their variants, in the order of the rules, layouts without a variant first."""
    variants = []
    for layout in ElementTree.parse(RULES).getroot().iterfind("layoutList/layout"):  # noqa: S314 (a file of the system)
        item = layout.find("configItem")
        assert item is not None
        name = item.findtext("name", "")
        if name == "custom":
            continue
        yield LayoutName(name, "", item.findtext("description", ""))
        for variant in layout.iterfind("variantList/variant/configItem"):
            variants.append(LayoutName(name, variant.findtext("name", ""), variant.findtext("description", "")))
    yield from variants


def composes(base: str, mark: str) -> bool:
    """Whether a letter and an accent are one character."""
    return len(unicodedata.normalize("NFC", base + mark)) == 1
