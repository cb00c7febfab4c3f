"""How UUIDs and MAC addresses are written in control logs: named forms of the hex digits that the ledger has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

FormName = Literal["hex-upper", "hex-lower", "dashes-upper", "dashes-lower", "colons-upper", "colons-lower"]
DEFAULT: FormName = "hex-upper"
"""As the ledger has it."""
_GROUPS = {"unit.uuid": (8, 4, 4, 4, 12), "unit.mac": (2,) * 6}
"""Digits between two dashes."""


@dataclass(frozen=True, slots=True)
class ValueForm:
    """`write` makes the text of upper-case hex digits, `read` is its inverse for a text that `pattern` matches."""

    write: Callable[[str], str]
    pattern: str

    @staticmethod
    def read(text: str) -> str:
        """The hex digits of a text."""
        return text.replace("-", "").replace(":", "").upper()


def form_names(source: str) -> tuple[FormName, ...]:
    """The forms that values of a source can have; none of a source that has one form only."""
    if source == "unit.uuid":
        return ("hex-upper", "hex-lower", "dashes-upper", "dashes-lower")
    if source == "unit.mac":
        return ("hex-upper", "hex-lower", "dashes-upper", "dashes-lower", "colons-upper", "colons-lower")
    return ()


def value_form(source: str, name: FormName) -> ValueForm:
    """A form of the values of a source."""
    groups = _GROUPS[source]
    kind, case = name.split("-")
    separator = {"hex": "", "dashes": "-", "colons": ":"}[kind]
    digit = "[0-9A-F]" if case == "upper" else "[0-9a-f]"

    def write(digits: str) -> str:
        cased = digits if case == "upper" else digits.lower()
        if not separator:
            return cased
        parts, at = [], 0
        for size in groups:
            parts.append(cased[at : at + size])
            at += size
        return separator.join(parts)

    if not separator:
        return ValueForm(write, f"^{digit}{{{sum(groups)}}}$")
    return ValueForm(write, "^" + separator.join(f"{digit}{{{size}}}" for size in groups) + "$")
