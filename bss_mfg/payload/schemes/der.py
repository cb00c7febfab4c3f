"""DER of a few kinds (ITU-T X.690), by asn1crypto."""

from __future__ import annotations

from typing import Any


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of what is encoded already; empty parts are left out."""
    return _tagged(0, 1, 16, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """A SET OF."""
    return _tagged(0, 1, 17, b"".join(sorted(parts)))


def string(data: bytes) -> bytes:
    """An OCTET STRING."""
    return _tagged(0, 0, 4, data)


def integer(number: int) -> bytes:
    """An INTEGER."""
    from asn1crypto import core

    made: bytes = core.Integer(number).dump()
    return made


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    from asn1crypto import core

    made: bytes = core.ObjectIdentifier(dotted).dump()
    return made


def algorithm(dotted: str, parameters: bytes = b"") -> bytes:
    """An AlgorithmIdentifier (RFC 5280, 4.1.1.2)."""
    return sequence(oid(dotted), parameters)


def explicit(tag: int, encoded: bytes) -> bytes:
    """[tag] EXPLICIT: around what is encoded already."""
    return _tagged(2, 1, tag, encoded)


def retagged(tag: int, encoded: bytes) -> bytes:
    """[tag] IMPLICIT: instead of the tag that it has."""
    from asn1crypto import parser

    _, method, _, _, contents, _ = parser.parse(encoded, strict=True)
    return _tagged(2, method, tag, contents)


def _tagged(tag_class: int, method: int, tag: int, contents: bytes) -> bytes:
    from asn1crypto import parser

    emit: Any = parser.emit
    made: bytes = emit(tag_class, method, tag, contents)
    return made
