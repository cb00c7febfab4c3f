"""Names of units as they are typed: each may be `-` for standard input or `@FILE`, with one name a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.verify.unit_names import GivenName

UNIT_METAVAR = "UNIT..."


def given_names(texts: Sequence[str]) -> list[GivenName]:
    """All names that were given, with where each stands. `InputError` where there is none at all."""
    from bss_mfg.core.text import printable
    from bss_mfg.errors import InputError
    from bss_mfg.verify.unit_names import GivenName

    found: list[GivenName] = []
    for text in texts:
        if text == "-":
            found += _lines(sys.stdin.buffer.read(), "standard input")
        elif text.startswith("@"):
            found += _lines(_content(Path(text[1:])), text[1:])
        else:
            found.append(GivenName(text))
    for name in found:
        if not _is_text(name.text):
            raise InputError(
                f"{printable(name.text, 60)} is not UTF-8 text",
                where=name.where,
                way_out="Save the file as UTF-8, one name a line." if name.where else "Type or scan it again.",
            )
    if texts and not found:
        raise InputError("names no unit", where=", ".join(texts)[:200], way_out="Give one name a line.")
    return found


def _is_text(text: str) -> bool:
    """Whether it has no bytes that are not UTF-8: Python hands them on as half characters."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def named_units(ledger: Ledger, batch_id: str, texts: Sequence[str]) -> list[str]:
    """The serials of the units that were named; a package of several units is none."""
    from bss_mfg.verify.unit_names import UnitNames

    return UnitNames(ledger, batch_id).units(given_names(texts))


def named_packages(ledger: Ledger, batch_id: str, texts: Sequence[str]) -> list[str]:
    """The serials of the units that were named, of a package's barcode those of all its units."""
    from bss_mfg.verify.unit_names import UnitNames

    return UnitNames(ledger, batch_id).packages(given_names(texts))


def _content(path: Path) -> bytes:
    from bss_mfg.core.files import read_bytes

    return read_bytes(path, "list of units")


def _lines(data: bytes, name: str) -> Iterator[GivenName]:
    from bss_mfg.verify.unit_names import GivenName

    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            yield GivenName(line, f"line {number} of {name}")
