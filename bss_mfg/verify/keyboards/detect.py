"""Names what is wrong with a computer's keyboard, from what a scanner typed and from what was issued."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Protocol

from bss_mfg.core.languages import COMMA, OR, joined, phrase
from bss_mfg.verify.keyboards.hangul import keys_of_hangul
from bss_mfg.verify.keyboards.input_methods import InputMethod, method_by_script, undo_input_method
from bss_mfg.verify.keyboards.layouts import Layout, known_layouts
from bss_mfg.verify.keyboards.substitution import learn_start, learn_substitution, repeated_places

_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])")
_MOST_LIKELY = 12
_PART = 10
"""Characters of a part that is searched for: such a run tells a serial number or a Device UUID from others."""
_MANY_PARTS = 8
_FEW_CHANGES = 3
_FEWEST_FOREIGN = 12
_NAMED = 4


class Fault(Enum):
    """What is set wrongly."""

    LAYOUT = auto()
    UNKNOWN_LAYOUT = auto()
    INPUT_METHOD = auto()


class IssuedStrings(Protocol):
    """The barcode strings that were issued, as far as a search needs them."""

    starts: Sequence[str]
    """What strings begin with."""

    def is_known(self, text: str) -> bool:
        """Whether a text, without what a scanner adds, was issued."""

    def by_uuid(self, value: uuid.UUID) -> str:
        """The string of the package with this unit; empty where none was issued."""

    def by_shape(self, length: int, same: Sequence[tuple[int, int]]) -> Sequence[str]:
        """A few strings of this length with equal characters at these pairs of places."""

    def by_parts(self, parts: Sequence[str]) -> Sequence[str]:
        """A few strings that hold most of these parts."""


@dataclass(frozen=True, slots=True)
class DetectedKeyboard:
    """What explains a text. `layouts` are those that type it so, the likeliest first; `text` is what the scanner meant
    (empty: not known); `changes` are characters and what they became, where the layout is none that is known."""

    fault: Fault
    layouts: tuple[Layout, ...] = ()
    method: InputMethod | None = None
    text: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def caps_lock(self) -> bool:
        """Whether caps lock was on too."""
        return bool(self.layouts) and self.layouts[0].caps_lock

    @property
    def name(self) -> str:
        """The setting in words."""
        if self.method:
            return phrase(self.method.value)
        if self.layouts:
            countries = [layout for layout in self.layouts if not layout.is_variant] or self.layouts
            names = list(dict.fromkeys(layout.name for layout in countries))
            others = phrase("{count} like it", count=len(names) - _NAMED) if len(names) > _NAMED else ""
            return joined(OR, (*names[:_NAMED], others))
        changes = list(self.changes.items())[:6]
        pairs = joined(COMMA, (phrase("{one} comes as {other}", one=one, other=other) for one, other in changes))
        if not pairs:
            return phrase("not US English (most characters are of another script)")
        return phrase("not US English ({changes})", changes=pairs)

    @property
    def description(self) -> str:
        """The setting, and what to do."""
        if self.fault is Fault.INPUT_METHOD:
            return phrase(
                "typed through {method}: switch the computer's input to US English, and scan again", method=self.name
            )
        if self.caps_lock:
            return phrase(
                "the computer's keyboard layout is {layout}, and caps lock is on: set it to US English, or set the "
                "scanner to the same layout, and scan again",
                layout=self.name,
            )
        return phrase(
            "the computer's keyboard layout is {layout}: set it to US English, or set the scanner to the same layout, "
            "and scan again",
            layout=self.name,
        )


def detect_keyboard(text: str, issued: IssuedStrings) -> DetectedKeyboard | None:
    """What a computer's keyboard is set to, if that explains a text that is no issued string."""
    return (
        _by_tables(text, issued.is_known)
        or _by_input_method(text, issued)
        or _by_start(text, issued)
        or _by_substitution(text, issued)
        or _by_script(text)
    )


def _by_tables(text: str, known: Callable[[str], bool]) -> DetectedKeyboard | None:
    """Layouts under which the text is an issued one, character by character."""
    meant: dict[str, bool] = {}
    found: dict[str, list[Layout]] = {}
    for layout in known_layouts():
        candidate = layout.undo(text)
        if candidate is None or candidate == text:
            continue
        if candidate not in meant:
            meant[candidate] = known(candidate)
        if meant[candidate]:
            found.setdefault(candidate, []).append(layout)
    if not found:
        return None
    candidate, layouts = next(iter(found.items()))
    return DetectedKeyboard(Fault.LAYOUT, _alike(layouts), text=candidate)


def _alike(layouts: Sequence[Layout]) -> tuple[Layout, ...]:
    """Those with the same caps lock as the first: off, if both explain it."""
    first = next((layout for layout in layouts if not layout.caps_lock), layouts[0])
    return tuple(layout for layout in layouts if layout.caps_lock == first.caps_lock)


def _by_input_method(text: str, issued: IssuedStrings) -> DetectedKeyboard | None:
    if text.isascii():
        return None
    if found := undo_input_method(text, issued.is_known):
        method, candidate = found
        return DetectedKeyboard(Fault.INPUT_METHOD, method=method, text=candidate)
    keys = keys_of_hangul(text)
    if keys is None:
        return None
    for candidate in _candidates([one if len(one) == 1 else None for one in keys], issued):
        if len(candidate) == len(keys) and all(map(str.__contains__, keys, candidate)):
            return DetectedKeyboard(Fault.INPUT_METHOD, method=InputMethod.KOREAN, text=candidate)
    return None


def _by_start(text: str, issued: IssuedStrings) -> DetectedKeyboard | None:
    """Layouts that lose characters or join them: found by how strings begin, then by what came whole."""
    likely = [
        layout
        for layout, starts in _changed_starts(tuple(issued.starts))
        if any(layout.explains_start(text, start) for start in starts)
    ]
    tried: set[str] = set()
    for layout in likely[:_MOST_LIKELY]:
        for candidate in _candidates([layout.meant.get(character) for character in text], issued):
            if candidate in tried:
                continue
            tried.add(candidate)
            if layouts := [one for one in likely if one.explains(text, candidate)]:
                return DetectedKeyboard(Fault.LAYOUT, _alike(layouts), text=candidate)
    return DetectedKeyboard(Fault.LAYOUT, _alike(likely)) if likely else None


@lru_cache(maxsize=16)
def _changed_starts(starts: tuple[str, ...]) -> Sequence[tuple[Layout, Sequence[str]]]:
    """Layouts, and those of the starts that each changes enough to tell: the same for all strings of a batch."""
    found = []
    for layout in known_layouts():
        told = [
            start
            for start in starts
            if sum(layout.typed.get(character, "") != character for character in start) >= _FEW_CHANGES
        ]
        if told:
            found.append((layout, told))
    return found


def _candidates(meant: Sequence[str | None], issued: IssuedStrings) -> Sequence[str]:
    """Strings with the Device UUID that a text holds, or with parts of it: characters are given where they are
    known."""
    joined = "".join(character or "\x00" for character in meant)
    for run in _UUID.finditer(joined):
        if candidate := issued.by_uuid(uuid.UUID(run[0])):
            return [candidate]
    # A dead key may have swallowed a character unseen: the parts are short, so that most are whole.
    return issued.by_parts(_sure_parts(joined, issued.starts))


def _sure_parts(meant: str, common: Sequence[str]) -> list[str]:
    """Runs of characters that are known for sure, spread over a text; what all strings have tells nothing."""
    runs = [run[place : place + _PART] for run in meant.split("\x00") for place in range(0, len(run), _PART)]
    found = [run for run in runs if len(run) == _PART and not any(run in start for start in common)]
    step = max(len(found) / _MANY_PARTS, 1)
    return [found[int(number * step)] for number in range(min(len(found), _MANY_PARTS))]


def _by_substitution(text: str, issued: IssuedStrings) -> DetectedKeyboard | None:
    """Any layout at all that types one character for each: found by how strings begin, then by which characters are
    alike."""
    changes = next(filter(None, (learn_start(text, start) for start in issued.starts)), None)
    if changes is None:
        return None
    same = repeated_places(text)
    for candidate in issued.by_shape(len(text), same) if same else ():
        if learnt := learn_substitution(text, candidate):
            return DetectedKeyboard(Fault.UNKNOWN_LAYOUT, text=candidate, changes=learnt)
    return DetectedKeyboard(Fault.UNKNOWN_LAYOUT, changes=changes)


def _by_script(text: str) -> DetectedKeyboard | None:
    """What the script alone gives away: barcode strings have none but Latin letters without accents."""
    if text.isascii():
        return None
    if method := method_by_script(text):
        return DetectedKeyboard(Fault.INPUT_METHOD, method=method)
    foreign = sum(not character.isascii() for character in text)
    return DetectedKeyboard(Fault.UNKNOWN_LAYOUT) if foreign >= max(len(text) / 2, _FEWEST_FOREIGN) else None
