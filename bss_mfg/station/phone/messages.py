"""What a phone sends, and what it is answered: JSON of the network into records, checked field by field."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.station.station import PrintedSymbol

MOST_READS = LIMITS[Reader.PHONE].items
"""Symbols in one message."""
MOST_SIGHTINGS = 99
MOST_BYTES = 4_000
"""Bytes of one symbol: no Data Matrix or QR Code holds more."""
MOST_BODY = LIMITS[Reader.PHONE].size
"""Bytes of a message: 64 symbols of the largest kind."""


@dataclass(frozen=True, slots=True)
class PhoneRead:
    """A symbol that a phone's camera sees, and how many labels with it the phone has seen so far."""

    symbol: PrintedSymbol
    sightings: int = 1


class BadMessageError(ValueError):
    """A message that no page of ours sends."""


def parse_token(body: bytes) -> str:
    """The token of a phone that asks to be let in."""
    match _document(body):
        case {"token": str(token)} if len(token) <= 100:
            return token
    raise BadMessageError


def parse_reads(body: bytes) -> list[PhoneRead]:
    """The symbols of a message, `BadMessageError` where it is not as it should be."""
    match _document(body):
        case {"reads": list(items)} if len(items) <= MOST_READS:
            return [_parse_read(item) for item in items]
    raise BadMessageError


def _parse_read(item: object) -> PhoneRead:
    match item:
        case {
            "content": str(text), "symbology": str(symbology), "sightings": int(sightings),
            "mirrored": bool(mirrored), "inverted": bool(inverted),
        } if len(symbology) <= 4 and 1 <= sightings <= MOST_SIGHTINGS and not isinstance(sightings, bool):  # fmt: skip
            content = _decode(text)
            if 0 < len(content) <= MOST_BYTES:
                return PhoneRead(PrintedSymbol(content, symbology, mirrored, inverted), sightings)
    raise BadMessageError


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise BadMessageError from None


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessageError from None
