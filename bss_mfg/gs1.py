"""What GS1 writes into symbols: check digits, element strings such as (01)…(21)…, and Digital Link addresses.

GS1 General Specifications 7.9 (check digits) and 3 (application identifiers); GS1 Digital Link Standard: URI Syntax.
All functions raise `ValueError` with what is wrong in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from bss_mfg.core.languages import phrase

_AI = re.compile(r"\(([0-9]{2,4})\)")
_GTIN_AIS = ("01", "02")
_CHECKED_AIS = {"402": 17, "410": 13, "411": 13, "412": 13, "413": 13, "414": 13, "415": 13, "416": 13, "417": 13}
"""Identifiers whose value is so many digits, the last a check digit, besides GTIN and SSCC."""
_LINK_KEYS: dict[str, tuple[str, ...]] = {
    "01": ("22", "10", "21"),
    "8006": ("22", "10", "21"),
    "414": ("254", "7040"),
    "8010": ("8011",),
    "8017": ("8019",),
    "8018": ("8019",),
    **dict.fromkeys(("00", "253", "255", "401", "402", "417", "8003", "8004", "8013"), ()),
}
"""Primary keys of a Digital Link, with the qualifiers that may follow each, in this order."""


def check_digit(digits: str) -> int:
    """The check digit for all digits but the last (GS1 General Specifications, 7.9)."""
    return -sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits))) % 10


def require_check_digit(digits: str) -> str:
    """The digits, whose last must be their check digit."""
    if check_digit(digits[:-1]) != int(digits[-1]):
        raise ValueError(
            phrase(
                "the check digit of {digits} should be {right}: a digit is wrong",
                digits=digits,
                right=str(check_digit(digits[:-1])),
            )
        )
    return digits


def gtin_14(code: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits, zeros in front to make it 14."""
    if not (code.isascii() and code.isdecimal()) or len(code) not in (8, 12, 13, 14):
        raise ValueError(phrase("{code} isn't a GTIN: that has 8, 12, 13 or 14 digits", code=repr(code[:40])))
    return require_check_digit(code).zfill(14)


def carton_gtin(code: str, indicator: int) -> str:
    """The GTIN-14 of a carton of a product: its indicator (1 to 8; 9 is for variable measure), the product's GTIN
    without its check digit, and a new check digit. Indicator 0: the GTIN itself."""
    gtin = gtin_14(code)
    if indicator == 0:
        return gtin
    if gtin[0] != "0":
        raise ValueError(phrase("{code} has an indicator already: {indicator}", code=code, indicator=gtin[0]))
    stem = f"{indicator}{gtin[1:13]}"
    return f"{stem}{check_digit(stem)}"


def sscc(text: str) -> str:
    """An SSCC of 18 digits; of 17 the check digit is worked out."""
    if not (text.isascii() and text.isdecimal()) or len(text) not in (17, 18):
        raise ValueError(
            phrase("{text} isn't an SSCC: that has 17 digits, or 18 with its check digit", text=repr(text[:40]))
        )
    return f"{text}{check_digit(text)}" if len(text) == 17 else require_check_digit(text)


@dataclass(frozen=True, slots=True)
class Element:
    """An application identifier and its value."""

    ai: str
    value: str


def read_element_string(text: str) -> tuple[Element, ...]:
    """The elements of `(01)09506000134352(21)A1`: GTINs made 14 digits long, the check digit of an SSCC worked out."""
    before, *rest = _AI.split(text)
    if before or not rest:
        raise ValueError(
            phrase("{text} does not begin with an application identifier in brackets, as in (01)", text=repr(text[:40]))
        )
    return tuple(Element(ai, _value(ai, value)) for ai, value in zip(rest[::2], rest[1::2], strict=True))


def _value(ai: str, value: str) -> str:
    if not value:
        raise ValueError(phrase("({ai}) has no value", ai=ai))
    if ai == "00":
        return sscc(value)
    return gtin_14(value) if ai in _GTIN_AIS else value


def element_text(elements: tuple[Element, ...]) -> str:
    """Elements as they are printed for people: identifiers in brackets."""
    return "".join(f"({element.ai}){element.value}" for element in elements)


def read_digital_link(uri: str) -> tuple[Element, ...]:
    """The elements of a Digital Link address, `https://…/01/09506000134352/21/A1`: its primary key, then qualifiers."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or not uri.isascii() or re.search(r"\s", uri):
        raise ValueError(
            phrase(
                "{address} isn't a web address, as in https://id.example.com/01/09506000134352", address=repr(uri[:60])
            )
        )
    segments = [unquote(segment) for segment in parts.path.strip("/").split("/")]
    # A company may put folders of its own before the key, which is the last pair that can be one.
    starts = [at for at, segment in enumerate(segments[:-1]) if segment in _LINK_KEYS and (len(segments) - at) % 2 == 0]
    if not starts:
        raise ValueError(
            phrase("{address} has no GS1 key in its path, as in /01/09506000134352", address=repr(uri[:60]))
        )
    start = starts[0]
    pairs = list(zip(segments[start::2], segments[start + 1 :: 2], strict=True))
    (key, value), *qualifiers = pairs
    allowed = _LINK_KEYS[key]
    places = [allowed.index(ai) if ai in allowed else -1 for ai, _ in qualifiers]
    if -1 in places or places != sorted(set(places)):
        order = ", ".join(f"/{ai}/" for ai in allowed) or phrase("nothing")
        raise ValueError(phrase("after /{key}/ may follow {order}, in this order", key=key, order=order))
    if key == "01" and len(value) != 14:
        raise ValueError(
            phrase(
                "/01/{value} has {digits} digits: a Digital Link's GTIN has 14, as {example} does",
                value=value[:20],
                digits=len(value),
                example="{code:gtin}",
            )
        )
    if key == "00" and len(value) != 18:
        raise ValueError(phrase("/00/{value} has {digits} digits: an SSCC has 18", value=value[:20], digits=len(value)))
    if key in _CHECKED_AIS:
        if not (value.isascii() and value.isdecimal()) or len(value) != _CHECKED_AIS[key]:
            raise ValueError(
                phrase(
                    "/{key}/{value}: its value has {digits} digits", key=key, value=value[:20], digits=_CHECKED_AIS[key]
                )
            )
        require_check_digit(value)
    return tuple(Element(ai, _value(ai, value)) for ai, value in pairs)
