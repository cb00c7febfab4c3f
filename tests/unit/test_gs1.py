"""GS1 content: numbers with their check digits, element strings and Digital Links, with examples of GS1's own."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg import gs1
from bss_mfg.barcodes import (
    check_digital_link,
    code_128,
    data_matrix_of_text,
    gs1_128,
    gs1_data_matrix,
    guard_bars,
    itf_14,
    retail_code,
)
from bss_mfg.errors import InputError


def test_check_digits_are_those_of_gs1s_examples() -> None:
    assert gs1.check_digit("629104150021") == 3  # GS1's page "How to calculate a check digit manually"
    assert gs1.sscc("10614141234567890") == "106141412345678908"  # GS1 Logistic Label Guideline
    assert gs1.gtin_14("9506000134352") == "09506000134352"  # GS1 Digital Link Standard
    assert gs1.carton_gtin("0614141000036", 1) == "10614141000033"  # GS1 US, GTIN hierarchy


@pytest.mark.parametrize("code", ["", "12345", "950600013435x", "9506000134353", "٩٥٠٦٠٠٠١٣٤٣٥٢"])
def test_what_is_no_gtin_is_refused(code: str) -> None:
    with pytest.raises(ValueError):
        gs1.gtin_14(code)


def test_a_carton_of_a_carton_is_refused() -> None:
    with pytest.raises(ValueError, match="has an indicator already"):
        gs1.carton_gtin("10614141000033", 2)


def test_an_element_string_is_completed() -> None:
    elements = gs1.read_element_string("(00)10614141234567890")
    assert gs1.element_text(elements) == "(00)106141412345678908"
    assert gs1.element_text(gs1.read_element_string("(01)841667145075(21)A(1)b")) == "(01)00841667145075(21)A(1)b"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0106141411234562", "does not begin with an application identifier"),
        ("(٠١)06141411234562", "does not begin with an application identifier"),
        ("x(01)06141411234562", "does not begin with an application identifier"),
        ("(01)(21)5", "has no value"),
        ("(01)06141411234567", "check digit"),
        ("(00)106141412345678909", "check digit"),
        ("(17)991332", "month"),
        ("(9999)1", "Invalid AI"),
        ("(01)06141411234562(21)" + "A" * 21, "length"),
        ("(21)ü", "can't be drawn"),
        ("(21)a[b", "square bracket"),
    ],
)
def test_what_gs1_forbids_is_refused_by_name(text: str, why: str) -> None:
    for draw in (gs1_128, gs1_data_matrix):
        with pytest.raises(InputError, match=why):
            draw(text)


@pytest.mark.parametrize(
    "uri",
    [
        "https://id.gs1.org/01/09506000134352",
        "https://id.gs1.org/01/09506000134352/10/ABC123/21/123456",
        "https://example.com/some/folder/01/09506000134352/22/2A?17=281231",
        "http://example.com/00/106141412345678908",
        "https://example.com/414/9506000134352/254/32a%2Fb",
    ],
)
def test_a_digital_link_of_the_standards_form_is_taken(uri: str) -> None:
    check_digital_link(uri)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("id.gs1.org/01/09506000134352", "isn't a web address"),
        ("ftp://id.gs1.org/01/09506000134352", "isn't a web address"),
        ("https://id.gs1.org/01/0950 6000134352", "isn't a web address"),
        ("https://id.gs1.org/21/12345", "no GS1 key"),
        ("https://id.gs1.org/01/9506000134352", "GTIN has 14"),
        ("https://id.gs1.org/01/09506000134353", "check digit"),
        ("https://id.gs1.org/01/09506000134352/21/1/10/2", "in this order"),
        ("https://id.gs1.org/01/09506000134352/17/281231", "in this order"),
        ("https://id.gs1.org/01/09506000134352/21/123456789012345678901", "length"),
        ("https://id.gs1.org/414/9506000134353", "check digit"),
        ("https://id.gs1.org/414/%D9%A9506000134352", "has 13 digits"),
    ],
)
def test_what_is_no_digital_link_is_refused_by_name(uri: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        check_digital_link(uri)


def test_short_texts_take_the_smallest_rectangle() -> None:
    sizes = {text: data_matrix_of_text(text, "rectangle") for text in ("A1", "SN 12345678", "HELLO WORLD 1234567890")}
    assert {text: (one.columns, one.rows) for text, one in sizes.items()} == {
        "A1": (18, 8), "SN 12345678": (32, 8), "HELLO WORLD 1234567890": (26, 12)
    }  # fmt: skip
    long = "ab-" * 30
    with pytest.raises(InputError, match="does not fit a rectangle Data Matrix"):
        data_matrix_of_text(long, "rectangle")
    assert data_matrix_of_text(long, "extended").columns > data_matrix_of_text(long, "extended").rows
    assert data_matrix_of_text(long, "square").columns == data_matrix_of_text(long, "square").rows


@pytest.mark.parametrize(("code", "bars"), [("9506000134352", 6), ("96385074", 6), ("036000291452", 10)])
def test_the_guard_bars_are_those_of_the_standard(code: str, bars: int) -> None:
    """Two at either end and two in the middle; of a UPC-A also the two bars of the first and of the last digit."""
    matrix = retail_code(code)
    long = guard_bars(matrix, len(code))
    assert len(long.dark_runs()[0]) == bars
    assert str(long)[:3] == "101" == str(long)[-3:]


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40), st.from_regex(r"(\((0[012]|10|17|21|4\d\d|8\d\d\d)\)[!-z0-9]{0,20}){1,3}", fullmatch=True)
    )
)
def test_whatever_a_field_says_is_drawn_or_refused(text: str) -> None:
    """A field of a batch can hold anything: it ends as modules or as an error that names it, never otherwise."""
    for draw in (
        gs1_128,
        gs1_data_matrix,
        retail_code,
        code_128,
        itf_14,
        check_digital_link,
        lambda value: check_digital_link(f"https://example.com/01/09506000134352/21/{value}"),
        lambda value: data_matrix_of_text(value, "extended"),
    ):
        with suppress(InputError):
            draw(text)
