"""A label file as what a printer takes whole, one after the other."""

from __future__ import annotations


def prints_by_format(language: str) -> bool:
    """Whether a file of a language can be split into labels, so that what was printed of it can be counted."""
    return language.partition("-")[0] == "zpl"


def split_formats(data: bytes, language: str) -> list[bytes]:
    """The formats of a ZPL file; of any other language the file itself."""
    if not prints_by_format(language):
        return [data]
    return [body + b"^XZ\n" for body in data.split(b"^XZ\n") if body.strip()]
