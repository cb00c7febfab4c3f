"""What was scanned: a line that a hand scanner typed, or what a symbol in a picture encodes.

A hand scanner may add to what it reads, so that is taken off its lines before they are compared. In a picture every
byte was encoded in the symbol: there, nothing is taken off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bss_mfg.core.languages import COMMA, joined, phrase

_AIM = re.compile(r"\](?:d[0-6]|Q[0-6]|C[0-4]|A[0-7]|E[0-4]|z[0-9A-C])")
_LINE_ENDS = re.compile(r"[\r\n\t]+\Z")
_PLAIN_SYMBOLS = ("", "]d1", "]C0")
"""Symbology identifiers (ISO/IEC 15424) of what is issued: a plain Data Matrix ECC 200, or a plain Code 128. Empty: it
is not known."""
_FNC1_SYMBOLS = ("]d2", "]d3", "]d5", "]d6", "]C1", "]C2")
"""Those of the same symbols with FNC1 in front."""


@dataclass(frozen=True, slots=True)
class ScannerMarks:
    """What a scanner added to a text: an AIM prefix such as `]d1`, and any of CR, LF and TAB at its end."""

    aim_prefix: str = ""
    line_end: bool = False

    def __bool__(self) -> bool:
        return bool(self.aim_prefix) or self.line_end

    @property
    def is_gs1(self) -> bool:
        """Whether the prefix is that of a Data Matrix with FNC1 first (ISO/IEC 15424)."""
        return self.aim_prefix == "]d2"

    @property
    def is_code128(self) -> bool:
        """Whether the prefix is that of a Code 128."""
        return self.aim_prefix.startswith("]C")

    @property
    def description(self) -> str:
        """The marks in words."""
        prefix = phrase("AIM prefix {prefix}", prefix=self.aim_prefix) if self.aim_prefix else ""
        return joined(COMMA, (prefix, phrase("end-of-line") if self.line_end else ""))


NO_MARKS = ScannerMarks()


def strip_scanner_marks(text: str) -> tuple[str, ScannerMarks]:
    """The text without what a scanner may add, and what that was."""
    prefix = ""
    if found := _AIM.match(text):
        prefix, text = found[0], text[found.end() :]
    end = _LINE_ENDS.search(text)
    return text[: end.start()] if end else text, ScannerMarks(prefix, end is not None)


@dataclass(frozen=True, slots=True)
class WedgeLine:
    """A line that a hand scanner typed or sent, or that was typed by hand, with all that the scanner added."""

    line: str

    @property
    def text(self) -> str:
        """The line without the scanner's marks."""
        return strip_scanner_marks(self.line)[0]

    @property
    def marks(self) -> ScannerMarks:
        """What the scanner added."""
        return strip_scanner_marks(self.line)[1]

    @property
    def is_gs1(self) -> bool:
        """Whether the scanner says that the symbol has FNC1 in front."""
        return self.marks.is_gs1

    @property
    def is_code128(self) -> bool:
        """Whether the scanner says that it is a Code 128."""
        return self.marks.is_code128


@dataclass(frozen=True, slots=True)
class SymbolContent:
    """The bytes that a symbol in a picture encodes, and the reader's symbology identifier (empty: not known), which is
    no part of them."""

    data: bytes
    symbology: str = ""

    @property
    def text(self) -> str:
        """The bytes as text, all of them."""
        return self.data.decode("utf-8", "surrogateescape")

    @property
    def marks(self) -> ScannerMarks:
        """None: no scanner added anything."""
        return NO_MARKS

    @property
    def is_gs1(self) -> bool:
        """Whether the symbol has FNC1 in front."""
        return self.symbology in _FNC1_SYMBOLS

    @property
    def is_code128(self) -> bool:
        """Whether the reader says that it is a Code 128."""
        return self.symbology.startswith("]C")

    @property
    def is_plain(self) -> bool:
        """Whether it may be a symbol as they are issued: neither FNC1 nor ECI, and no QR Code."""
        return self.symbology in _PLAIN_SYMBOLS

    @property
    def without_marks(self) -> str:
        """The text without what looks like a scanner's marks, and was encoded here."""
        return strip_scanner_marks(self.text)[0]


Scanned = WedgeLine | SymbolContent
