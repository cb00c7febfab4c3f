"""IPP messages as bytes and back (RFC 8010, Internet Printing Protocol/1.1: Encoding and Transport)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

VERSION = 0x0101
"""IPP/1.1, which every printer takes (RFC 8011, section 4.1.8)."""
IppValue = int | str | bytes | bool


class Tag(IntEnum):
    """Delimiters and value types (RFC 8010, sections 3.5.1 and 3.5.2)."""

    OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04
    INTEGER, BOOLEAN, ENUM = 0x21, 0x22, 0x23
    NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME_TYPE = 0x42, 0x44, 0x45, 0x47, 0x48, 0x49


class Operation(IntEnum):
    """Operations (RFC 8011, section 5.4.15)."""

    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_PRINTER_ATTRIBUTES = 0x000B


@dataclass(frozen=True, slots=True)
class IppAnswer:
    """A response: its status code (RFC 8011, appendix B) and the values of its attributes by name. Of several groups
    with the same attribute the first one counts."""

    status: int
    attributes: dict[str, tuple[IppValue, ...]] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether the printer did what was asked for."""
        return self.status < 0x0100

    def number(self, name: str) -> int | None:
        """The first value of an attribute, a whole number; None where there is none."""
        value = self.attributes.get(name, (None,))[0]
        return value if isinstance(value, int) else None

    def words(self, name: str) -> tuple[str, ...]:
        """The values of an attribute, those that are texts."""
        return tuple(value for value in self.attributes.get(name, ()) if isinstance(value, str))


Attribute = tuple[Tag, str, str | int]


def encode_request(operation: Operation, uri: str, attributes: Iterable[Attribute], request_id: int = 1) -> bytes:
    """A request up to its document. The three attributes that come first do so by RFC 8011, section 4.1.4 and 4.1.5."""
    head = struct.pack(">HHi", VERSION, operation, request_id)
    fixed: list[Attribute] = [
        (Tag.CHARSET, "attributes-charset", "utf-8"),
        (Tag.LANGUAGE, "attributes-natural-language", "en"),
        (Tag.URI, "printer-uri", uri),
    ]
    body = b"".join(_encode(one) for one in (*fixed, *attributes))
    return head + bytes([Tag.OPERATION]) + body + bytes([Tag.END])


def _encode(attribute: Attribute) -> bytes:
    """An attribute with one value (RFC 8010, section 3.1.4). A value without a name is a further one of that before."""
    tag, name, value = attribute
    data = struct.pack(">i", value) if isinstance(value, int) else value.encode()
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(data)) + data


def decode_answer(data: bytes) -> IppAnswer:
    """A response; `ValueError` where the bytes are none."""
    if len(data) < 9 or data[0] not in (1, 2):
        raise ValueError("no IPP response")
    attributes: dict[str, list[IppValue]] = {}
    for group, name, value in _values(data):
        # A name that stands in two groups would else get the values of both.
        attributes.setdefault(f"{group}:{name}", []).append(value)
    found: dict[str, tuple[IppValue, ...]] = {}
    for key, values in attributes.items():
        found.setdefault(key.partition(":")[2], tuple(values))
    return IppAnswer(struct.unpack(">H", data[2:4])[0], found)


def _values(data: bytes) -> Iterator[tuple[int, str, IppValue]]:
    """Group number, attribute name and value, one after the other."""
    at, group, name = 8, 0, ""
    while at < len(data):
        tag = data[at]
        at += 1
        if tag == Tag.END:
            return
        if tag < 0x10:
            group += 1
            continue
        new_name, at = _string(data, at)
        value, at = _string(data, at)
        name = new_name.decode("ascii", "replace") or name
        yield group, name, _value(tag, value)
    raise ValueError("a response without an end")


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    if at + 2 > len(data):
        raise ValueError("a response without an end")
    length = int.from_bytes(data[at : at + 2])
    end = at + 2 + length
    if end > len(data):
        raise ValueError("a response without an end")
    return data[at + 2 : end], end


def _value(tag: int, value: bytes) -> IppValue:
    if tag in (Tag.INTEGER, Tag.ENUM) and len(value) == 4:
        return int.from_bytes(value, signed=True)
    if tag == Tag.BOOLEAN and len(value) == 1:
        return bool(value[0])
    if 0x40 <= tag < 0x60:  # character strings
        return value.decode("utf-8", "replace")
    return value
