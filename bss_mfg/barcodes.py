"""Texts of the designer's to modules: bars, GS1 symbols, and Data Matrix symbols other than the package's own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from bss_mfg import gs1
from bss_mfg.core.languages import phrase
from bss_mfg.errors import InputError
from bss_mfg.symbol import Matrix, load_zint, matrix_from_drawing, modules_of

DataMatrixShape = Literal["square", "rectangle", "extended"]
QrLevel = Literal["L", "M", "Q", "H"]

_RECTANGLES = {25: (8, 18), 26: (8, 32), 27: (12, 26), 28: (12, 36), 29: (16, 36), 30: (16, 48)}
"""zint's sizes of the rectangles of ISO/IEC 16022, table 7: rows and columns."""
_EXTENDED_RECTANGLES = {
    31: (8, 48),
    32: (8, 64),
    33: (8, 80),
    34: (8, 96),
    35: (8, 120),
    36: (8, 144),
    37: (12, 64),
    38: (12, 88),
    39: (16, 64),
    40: (20, 36),
    41: (20, 44),
    42: (20, 64),
    43: (22, 48),
    44: (24, 48),
    45: (24, 64),
    46: (26, 40),
    47: (26, 48),
    48: (26, 64),
}
"""The same of ISO/IEC 21471 (DMRE), which not every reader knows."""
_NEEDS_CHECK_DIGIT = phrase("An EAN needs its check digit, which depends on the others.")
RETAIL_LENGTHS = (8, 12, 13)
"""Digits of an EAN-8, a UPC-A and an EAN-13."""


def code_128(text: str) -> Matrix:
    """A Code 128 (ISO/IEC 15417) as one row."""
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.CODE128
    try:
        symbol.encode(text.encode("ascii"))
    except (RuntimeError, UnicodeEncodeError):
        raise _refused_bars(text, "code-128", phrase("Code 128 holds ASCII.")) from None
    return modules_of(symbol, 1)


@lru_cache(maxsize=64)
def retail_code(text: str) -> Matrix:
    """An EAN-8, UPC-A or EAN-13 by its number of digits (ISO/IEC 15420) as one row."""
    if len(text) not in RETAIL_LENGTHS or not text.isdecimal():
        raise InputError(
            phrase("{text} is not a UPC-A (12 digits), EAN-13 or EAN-8", text=ascii(text[:40])),
            way_out=phrase("Give the product a upc or ean, or use a Code 128."),
        )
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.UPCA if len(text) == 12 else zint.Symbology.EANX
    try:
        # EANX takes eight digits for a short EAN-13: an EAN-8 goes in without its check digit, and comes out with it.
        symbol.encode((text[:7] if len(text) == 8 else text).encode("ascii"))
    except (RuntimeError, UnicodeEncodeError):
        raise _refused_bars(text, "ean-upc", _NEEDS_CHECK_DIGIT) from None
    if len(text) == 8 and symbol.text != text:
        raise _refused_bars(text, "ean-upc", _NEEDS_CHECK_DIGIT)
    return modules_of(symbol, 1)


@lru_cache(maxsize=64)
def guard_bars(matrix: Matrix, digits: int) -> Matrix:
    """Of a retail code of so many digits the bars that reach down between the digits: the guard patterns, and in a
    UPC-A the first and the last digit's bars (ISO/IEC 15420, 4.3)."""
    ends = 10 if digits == 12 else 3
    middle = matrix.columns // 2
    kept = (range(ends), range(middle - 2, middle + 3), range(matrix.columns - ends, matrix.columns))
    long = {column for columns in kept for column in columns}
    return matrix_from_drawing(
        ["".join("01"[column in long and matrix.dark(0, column)] for column in range(matrix.columns))]
    )


@lru_cache(maxsize=64)
def itf_14(text: str, indicator: int = 0) -> tuple[str, Matrix]:
    """An ITF-14 (ISO/IEC 16390, GS1 General Specifications 5.3) of a GTIN: its 14 digits, and one row of modules,
    wide bars of three."""
    try:
        digits = gs1.carton_gtin(text, indicator)
    except ValueError as error:
        raise _refused(text, "itf-14", _words(error)) from None
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.ITF14
    symbol.encode(digits[:13].encode("ascii"))
    return digits, modules_of(symbol, 1)


def gs1_128(text: str) -> tuple[str, Matrix]:
    """A GS1-128 of an element string such as (01)…(21)…: what is printed for people, and one row of modules."""
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.GS1_128
    printed = _encode_elements(symbol, _elements(text, "gs1-128"), text, "gs1-128")
    return printed, modules_of(symbol, 1)


def gs1_data_matrix(text: str) -> Matrix:
    """A square GS1 Data Matrix of an element string such as (01)…(21)…, the smallest."""
    symbol = _gs1_data_matrix_symbol()
    _encode_elements(symbol, _elements(text, "gs1-data-matrix"), text, "gs1-data-matrix")
    return modules_of(symbol, symbol.width)


def _gs1_data_matrix_symbol() -> Any:
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.option_3 = zint.DataMatrixOptions.SQUARE
    symbol.input_mode = zint.InputMode.GS1
    return symbol


def _elements(text: str, kind: str) -> tuple[gs1.Element, ...]:
    try:
        return gs1.read_element_string(text)
    except ValueError as error:
        raise _refused(text, kind, _words(error)) from None


def _encode_elements(symbol: Any, elements: tuple[gs1.Element, ...], text: str, kind: str) -> str:
    """Have zint encode elements, which checks each value against the rules of its identifier."""
    symbol.warn_level = load_zint().WarningLevel.FAIL_ALL
    try:
        if any(character in element.value for element in elements for character in "[]"):
            raise RuntimeError(phrase("a value has a square bracket"))
        symbol.encode("".join(f"[{element.ai}]{element.value}" for element in elements).encode("ascii"))
    except (RuntimeError, UnicodeEncodeError) as error:
        why = str(error).partition(": ")[2] or _words(error)  # zint's own words are English
        raise _refused(text, kind, why) from None
    return gs1.element_text(elements)


def digital_link(uri: str, level: QrLevel) -> Matrix:
    """A QR Code (ISO/IEC 18004) of a GS1 Digital Link, of this error correction."""
    check_digital_link(uri)
    zint = load_zint()
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.QRCODE
    symbol.option_1 = "LMQH".index(level) + 1
    symbol.warn_level = zint.WarningLevel.FAIL_ALL  # a lower level than asked for would be a warning
    try:
        symbol.encode(uri.encode("ascii"))
    except RuntimeError:
        raise _too_much_for_qr(uri, level) from None
    return modules_of(symbol, symbol.width)


def check_digital_link(uri: str) -> None:
    """`InputError` where an address is no GS1 Digital Link."""
    try:
        elements = gs1.read_digital_link(uri)
    except ValueError as error:
        raise _refused(uri, "gs1-digital-link", _words(error)) from None
    _encode_elements(_gs1_data_matrix_symbol(), elements, uri, "gs1-digital-link")


def data_matrix_of_text(text: str, shape: DataMatrixShape) -> Matrix:
    """A Data Matrix of a text of the designer's: the smallest square, rectangle (ISO/IEC 16022) or, with `extended`,
    also of the rectangles of ISO/IEC 21471."""
    sizes = {"square": {}, "rectangle": _RECTANGLES, "extended": {**_RECTANGLES, **_EXTENDED_RECTANGLES}}[shape]
    smallest_first = sorted(sizes, key=lambda size: (sizes[size][0] * sizes[size][1], size)) or [0]
    zint = load_zint()
    for size in smallest_first:
        symbol = zint.Symbol()
        symbol.symbology = zint.Symbology.DATAMATRIX
        if size:
            symbol.option_2 = size
        else:
            symbol.option_3 = zint.DataMatrixOptions.SQUARE
        try:
            symbol.encode(text.encode("ascii"))
        except (RuntimeError, UnicodeEncodeError):
            continue
        return modules_of(symbol, sizes[size][0] if size else symbol.width)
    raise InputError(
        phrase("a text of {count} characters does not fit a {shape} Data Matrix", count=len(text), shape=shape),
        way_out=phrase("Shorten it to plain ASCII, or choose another shape: square holds most."),
    )


@lru_cache(maxsize=64)
def qr(text: str, level: QrLevel = "M") -> Matrix:
    """The QR Code symbol of `text`, of this error correction or better, without quiet zone."""
    import segno
    from segno import DataOverflowError

    try:
        rows = segno.make_qr(text, error=level.lower()).matrix
    except DataOverflowError:
        raise _too_much_for_qr(text, level) from None
    return matrix_from_drawing(["".join("1" if module else "0" for module in row) for row in rows])


def _too_much_for_qr(text: str, level: QrLevel) -> InputError:
    return InputError(
        phrase("a text of {count} characters does not fit a QR Code of level {level}", count=len(text), level=level),
        way_out=phrase("Shorten the template's QR text, or choose a lower level."),
    )


def _refused(text: str, kind: str, why: str) -> InputError:
    return InputError(
        phrase("{text} can't be drawn as {kind}: {why}", text=ascii(text[:80]), kind=kind, why=why),
        way_out=phrase("Correct the element's text, or the value that it shows."),
    )


def _refused_bars(text: str, kind: str, way_out: str) -> InputError:
    return InputError(phrase("{text} can't be drawn as {kind}", text=ascii(text[:40]), kind=kind), way_out=way_out)


def _words(error: Exception) -> str:
    """What an error says, which may be a phrase."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(error)
