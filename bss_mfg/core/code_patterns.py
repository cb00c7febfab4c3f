"""Codes that stand on a box beside its label and are not ours: their kinds, and what a product says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SymbolKind(StrEnum):
    """A kind of symbol, as files and reports name it."""

    DATA_MATRIX = "data-matrix"
    GS1_DATA_MATRIX = "gs1-data-matrix"
    QR = "qr"
    GS1_QR = "gs1-qr"
    CODE_128 = "code-128"
    GS1_128 = "gs1-128"
    EAN_UPC = "ean-upc"
    ITF = "itf"
    CODE_39 = "code-39"
    PDF417 = "pdf417"
    AZTEC = "aztec"
    OTHER = "other"


_EAN_DIGITS = 13
_BY_IDENTIFIER = (
    (r"\]d[2356]", SymbolKind.GS1_DATA_MATRIX),
    (r"\]d", SymbolKind.DATA_MATRIX),
    (r"\]Q[3-6]", SymbolKind.GS1_QR),
    (r"\]Q", SymbolKind.QR),
    (r"\]C[12]", SymbolKind.GS1_128),
    (r"\]C", SymbolKind.CODE_128),
    (r"\]E", SymbolKind.EAN_UPC),
    (r"\]I", SymbolKind.ITF),
    (r"\]A", SymbolKind.CODE_39),
    (r"\]L", SymbolKind.PDF417),
    (r"\]z", SymbolKind.AZTEC),
)


def symbol_kind(identifier: str) -> SymbolKind:
    """The kind of a symbol by its symbology identifier (ISO/IEC 15424)."""
    return next((kind for start, kind in _BY_IDENTIFIER if re.match(start, identifier)), SymbolKind.OTHER)


@dataclass(frozen=True, slots=True)
class CodePattern:
    """A code that is expected beside a label: `pattern` is a regular expression that all of its text matches. `must`:
    each box has one; `on_sheets`: so has each label of a printed sheet. Without a kind, any will do."""

    name: str
    pattern: str
    kind: SymbolKind | None = None
    must: bool = False
    on_sheets: bool = False

    def fits(self, text: str, kind: SymbolKind | None) -> bool:
        """Whether a code is one of these; of a code that a hand scanner typed the kind may not be known."""
        if self.kind and kind and kind is not self.kind:
            return False
        return re.fullmatch(self.pattern, text, re.DOTALL) is not None


def matching_pattern(patterns: Sequence[CodePattern], text: str, kind: SymbolKind | None) -> CodePattern | None:
    """The first pattern that a code fits; None where it is not expected."""
    return next((one for one in patterns if one.fits(text, kind)), None)


def as_printed(text: str, kind: SymbolKind) -> str:
    """What a code says, as it stands below its bars: a UPC-A has 12 digits, though readers give an EAN-13 of it, with a
    zero before."""
    is_upc = kind is SymbolKind.EAN_UPC and len(text) == _EAN_DIGITS and text.startswith("0") and text.isdecimal()
    return text[1:] if is_upc else text
