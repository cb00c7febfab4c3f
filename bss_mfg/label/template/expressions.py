"""Placeholders in a template's texts, and the conditions of `when`: compiled once, filled in for every label."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from bss_mfg.label.type.markup import switches

Value = str | int | datetime.date | uuid.UUID
Values = Mapping[str, Value]

NUMBERS = {
    "package": "number of the package in its batch, from 1",
    "packages": "packages in the batch",
    "units": "units on this label: in the package, the carton or the batch",
    "unit": "number of the unit in its package, from 1 (repeated elements and unit labels)",
    "batch_units": "units in the batch",
    "carton": "number of the carton, from 1 (carton labels)",
    "cartons": "cartons of the batch (carton labels)",
    "pallet": "number of the pallet packed by scanning, 0 on a carton's label",
    "count": "packages on this label: 1, those of the carton, or those of the batch",
    "ledger_events": "number of the newest event in the ledger's history (batch labels)",
    "checkpoint_events": "events that the newest signed checkpoint is of, 0 where none was signed (batch labels)",
}
DATES = {"date": "day of issue of the batch (UTC)"}
TEXTS = {
    "serial": "serial of the unit: of a package its first one, in repeated elements each in turn",
    "serials": "all serials of the package, joined with a comma",
    "first_serial": "first serial on this label",
    "last_serial": "last serial on this label",
    "uuid": "Device UUID of the unit, upper case with dashes; {uuid:hex} without dashes",
    "mac": "MAC address of the unit, 12 hex digits; {mac:colons} in pairs",
    "payload": "the barcode string of the package",
    "batch": "batch id",
    "product": "product's name in the workspace",
    "title": "product's title",
    "pid": "Amazon's product id",
    "upc": "UPC-A, if the product has one",
    "ean": "EAN, if the product has one",
    "code": "the UPC or EAN; {code:groups} spaced as printed under bars, {code:gtin} with zeros in front to 14 digits",
    "sscc": "SSCC of the carton or pallet packed by scanning, 18 digits",
    "stage": "development or production",
    "ledger_head": "digest of the newest event in the ledger's history (batch labels); {ledger_head:short} 16 digits",
    "checkpoint": "Merkle root of the newest signed checkpoint in base64, empty where none was signed (batch labels)",
}
PLACEHOLDERS = {**NUMBERS, **DATES, **TEXTS}
"""Every name and its meaning; docs/formats/template.md is checked against it."""

_FIELD = re.compile(r"fields\.([a-z]{2,3}(-[A-Za-z0-9]{2,8})*\.)?[a-z][a-z0-9_]{0,30}")
"""A field of the product's or the batch's own; `fields.de.note` is told in German whatever the labels are."""

FORMATS = {"uuid": ("hex",), "mac": ("colons",), "code": ("groups", "gtin"), "ledger_head": ("short",)}
_NUMBER_FORMAT = re.compile(r"0[1-9]\d?|,")
_DATE_FORMAT = re.compile(r"(%[YymdjVGHM]|[ ./_-])+")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_CONDITION = re.compile(r"\s*(not\s+)?([a-z_]+(?:\.[A-Za-z0-9_.-]+)?)\s*(?:(=|!=|<=|>=|<|>)\s*(\S.*?)\s*)?")


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A text with placeholders: plain text, and (name, format) in between."""

    source: str
    tokens: tuple[str | tuple[str, str], ...]

    @property
    def dynamic(self) -> bool:
        """Whether the text differs from label to label."""
        return any(not isinstance(token, str) for token in self.tokens)

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset(token[0] for token in self.tokens if not isinstance(token, str))

    def with_switches(self) -> CompiledText:
        """With the marks of bold and italic in its own words as switches; in values they stay what they are."""
        tokens = tuple([switches(token) if isinstance(token, str) else token for token in self.tokens])
        return CompiledText(self.source, tokens)

    def with_constants(self, constants: Values) -> Self:
        """With some placeholders filled in, which are then words of its own."""
        tokens: list[str | tuple[str, str]] = []
        for token in self.tokens:
            if not isinstance(token, str) and token[0] in constants:
                token = _format_value(constants[token[0]], token[1])
            if isinstance(token, str) and tokens and isinstance(before := tokens[-1], str):
                tokens[-1] = before + token
            else:
                tokens.append(token)
        return replace(self, tokens=tuple(tokens))

    def fill(self, values: Values) -> str:
        """The text of one label."""
        return "".join(
            [token if isinstance(token, str) else _format_value(values[token[0]], token[1]) for token in self.tokens]
        )


def compile_text(source: str) -> CompiledText:
    """Compile a text; `ValueError` says what is wrong with it."""
    if any(ord(character) < 32 and character != "\n" for character in source):
        raise ValueError("control characters can't be printed")
    tokens: list[str | tuple[str, str]] = []
    plain, at = "", 0
    for match in _BRACES.finditer(source):
        plain += _literal(source[at : match.start()])
        at = match.end()
        if match[1] is None:
            plain += match[0][0]
            continue
        name, _, form = match[1].partition(":")
        tokens += [plain] if plain else []
        tokens.append((_validate_name(name), _validate_format(name, form)))
        plain = ""
    plain += _literal(source[at:])
    tokens += [plain] if plain else []
    return CompiledText(source, tuple(tokens))


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError("a brace without its partner; {{ and }} are printed as braces")
    return text


def _validate_name(name: str) -> str:
    if name not in PLACEHOLDERS and not _FIELD.fullmatch(name):
        raise ValueError(
            f"{{{name}}} is not a placeholder; known are {', '.join(PLACEHOLDERS)}, and fields.NAME for fields of the "
            "product's file"
        )
    return name


def _validate_format(name: str, form: str) -> str:
    allowed = FORMATS.get(name, ())
    if not form or form in allowed:
        return form
    if name in NUMBERS:
        if _NUMBER_FORMAT.fullmatch(form):
            return form
        raise ValueError(f"{{{name}:{form}}}: a number's format is 0 and a width, as in {{{name}:04}}, or a comma")
    if name in DATES:
        if _DATE_FORMAT.fullmatch(form):
            return form
        raise ValueError(f"{{{name}:{form}}}: a date's format is made of %Y %y %m %d %j %V %G and . / - _ or spaces")
    hint = f"; {{{name}}} knows {', '.join(allowed)}" if allowed else ""
    raise ValueError(f"{{{name}:{form}}}: there is no such format{hint}")


def _format_value(value: Value, form: str) -> str:
    if isinstance(value, str):
        return value if not form else _format_special(value, form)
    if isinstance(value, int):
        return format(value, form)
    if isinstance(value, uuid.UUID):
        return value.hex.upper() if form == "hex" else str(value).upper()
    return value.strftime(form or "%Y-%m-%d")


def _format_special(value: str, form: str) -> str:
    if form == "colons":
        return ":".join(value[at : at + 2] for at in range(0, len(value), 2))
    if form == "short":
        return value[:16]
    if form == "gtin":
        return value.zfill(14) if value else ""
    # UPC-A 1-5-5-1, EAN-13 1-6-6, EAN-8 4-4 (GS1 General Specifications, 5.2.5).
    cuts = {12: (1, 6, 11, 12), 13: (1, 7, 13), 8: (4, 8)}.get(len(value), (len(value),))
    return " ".join(value[start:end] for start, end in zip((0, *cuts), cuts, strict=False))


@dataclass(frozen=True, slots=True)
class Condition:
    """`when`: a name that must have a value, or a comparison."""

    source: str
    negated: bool
    name: str
    operator: str
    operand: str

    def holds(self, values: Values) -> bool:
        """Whether the element is on this label."""
        value = values[self.name]
        if not self.operator:
            return bool(value) != self.negated
        if isinstance(value, int):
            number = int(self.operand)
            result = {
                "=": value == number,
                "!=": value != number,
                "<": value < number,
                ">": value > number,
                "<=": value <= number,
                ">=": value >= number,
            }[self.operator]
        else:
            result = (_format_value(value, "") == self.operand) == (self.operator == "=")
        return result != self.negated


def compile_condition(source: str) -> Condition:
    """Compile a condition; `ValueError` says what is wrong with it."""
    match = _CONDITION.fullmatch(source)
    if not match:
        raise ValueError("a condition is a name, as in 'mac' or 'not mac', or a comparison, as in 'units > 1'")
    negated, name, operator, operand = match.groups()
    _validate_name(name)
    operand = (operand or "").strip("\"'")
    if operator and name in NUMBERS and not re.fullmatch(r"-?\d{1,12}", operand):
        raise ValueError(f"{name} is a number; it can't be compared with {operand!r}")
    if operator in ("<", ">", "<=", ">=") and name not in NUMBERS:
        raise ValueError(f"{name} is not a number; it is compared with = or !=")
    return Condition(source, bool(negated), name, operator or "", operand)
