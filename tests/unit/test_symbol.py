"""Data Matrix and QR symbols: the standard's examples, and round trips through a reader that nobody here wrote."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.barcodes import qr
from bss_mfg.errors import InputError
from bss_mfg.symbol import DATA_CODEWORDS, SQUARE_SIZES, data_matrix
from tests.helpers.scans import picture


@pytest.mark.parametrize(
    ("text", "size"), [("123456", 10), ("A1B2C3D4E5F6G7H8I9J0K1L2", 18), ("30Q324343430794<OQQ", 16)]
)
def test_examples_of_the_standard(text: str, size: int) -> None:
    """ISO/IEC 16022: worked examples and their sizes."""
    assert data_matrix(text.encode()).size == size


def test_the_standards_first_example_module_for_module() -> None:
    """ISO/IEC 16022 annex O: "123456" in 10x10."""
    assert str(data_matrix(b"123456")).splitlines() == [
        "1010101010",
        "1100101101",
        "1100000100",
        "1100011101",
        "1100001000",
        "1000001111",
        "1110110000",
        "1111011001",
        "1001110100",
        "1111111111",
    ]


@given(st.binary(min_size=1, max_size=300).filter(lambda octets: b"\0" not in octets))
@settings(max_examples=60, deadline=None)
def test_any_octets_read_back(octets: bytes) -> None:
    found = zxingcpp.read_barcodes(picture(data_matrix(octets)))
    assert [item.bytes for item in found] == [octets]


@pytest.mark.parametrize("size", [52, 64, 96, 144])
def test_a_forced_size_holds_and_reads(size: int) -> None:
    matrix = data_matrix(b"ABV:OB04;PID:ebK3;", size)
    assert matrix.size == size
    assert zxingcpp.read_barcodes(picture(matrix))[0].bytes == b"ABV:OB04;PID:ebK3;"


@pytest.mark.parametrize(("size", "codewords"), list(zip(SQUARE_SIZES, DATA_CODEWORDS, strict=True)))
def test_each_size_holds_its_codewords_and_no_more(size: int, codewords: int) -> None:
    assert data_matrix(b"12" * codewords).size == size
    with pytest.raises(InputError, match="does not fit"):
        data_matrix(b"12" * (codewords + 1), size)


def test_runs_cover_exactly_the_dark_modules() -> None:
    matrix = data_matrix(b"ABV:OB04;PID:ebK3;UPC:841667145075;")
    starts, lengths = matrix.dark_runs()
    drawn = {
        (start // (matrix.columns + 1), start % (matrix.columns + 1) + step)
        for start, length in zip(starts, lengths, strict=True)
        for step in range(length)
    }
    assert drawn == {(r, c) for r in range(matrix.size) for c in range(matrix.size) if matrix.dark(r, c)}


def test_qr_reads_back_and_refuses_what_is_too_long() -> None:
    assert zxingcpp.read_barcodes(picture(qr("batch B1, 0007")))[0].text == "batch B1, 0007"
    with pytest.raises(InputError, match="does not fit a QR"):
        qr("x" * 5000)
