"""Grades as verifiers write them are read as they were meant, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.errors import ValueProblem
from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.verifier_data.grade_values import (
    Written,
    agree,
    is_below,
    letter_of_grade,
    parse_formal,
    parse_grade,
    span_of,
)

TENTHS = [tenth / 10 for tenth in range(41)]
MARKS = st.sampled_from([".", ","])


def written_as(grade: float, written: Written, decimal: str, between: str = " (") -> str:
    number = f"{grade:.1f}".replace(".", decimal)
    letter = letter_of(grade)
    close = ")" if "(" in between else ""
    return {
        Written.NUMBER: number,
        Written.LETTER: letter,
        Written.NUMBER_LETTER: f"{number}{between}{letter}{close}",
        Written.LETTER_NUMBER: f"{letter}{between}{number}{close}",
    }[written]


@given(st.sampled_from(TENTHS), st.sampled_from(Written), MARKS, st.sampled_from([" (", "/", " ", "-", "|", ""]))
def test_every_grade_survives_the_ways_to_write_it(grade: float, written: Written, decimal: str, between: str) -> None:
    found = parse_grade(f" {written_as(grade, written, decimal, between)} ", written, decimal)
    assert found == (letter_of(grade) if written is Written.LETTER else grade)


@given(st.sampled_from(TENTHS), MARKS, st.sampled_from(["", "DPM"]), st.sampled_from(["/45Q", "/30T", "/D", ""]))
def test_every_formal_grade_is_read(grade: float, decimal: str, dpm: str, angle: str) -> None:
    assert parse_formal(f"{dpm}{grade:.1f}/10/660{angle}".replace(".", decimal)) == grade
    assert parse_formal(f"{dpm}{letter_of(grade)}/06/W{angle}") == letter_of(grade)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("4.1", Written.NUMBER), ("-1", Written.NUMBER), ("78 %", Written.NUMBER), ("nan", Written.NUMBER),
        ("A", Written.NUMBER), ("E", Written.LETTER), ("A+", Written.LETTER), ("3.2", Written.LETTER),
        ("3,2", Written.NUMBER), ("1.234,5", Written.NUMBER), ("3.2 (A)", Written.NUMBER_LETTER),
        ("3.2", Written.NUMBER_LETTER), ("B (1.2)", Written.LETTER_NUMBER), ("\u0663", Written.NUMBER),
        ("", Written.NUMBER),
    ],
)  # fmt: skip
def test_what_is_no_grade_or_contradicts_itself_is_refused(text: str, written: Written) -> None:
    with pytest.raises(ValueProblem):
        parse_grade(text, written, ".")


@pytest.mark.parametrize("text", ["3.2", "3.2/10", "3.2/10/660/45Q/x", "5.0/10/660", "3.2/ten/660", "", "/10/660/45"])
def test_what_is_no_formal_grade_is_refused(text: str) -> None:
    with pytest.raises(ValueProblem):
        parse_formal(text)


def test_a_letter_holds_the_numbers_that_have_it_and_no_others() -> None:
    for letter in "ABCDF":
        low, high = span_of(letter)
        assert [grade for grade in TENTHS if low <= grade <= high] == [
            grade for grade in TENTHS if letter_of(grade) == letter
        ]


@given(st.sampled_from("ABCDF"), st.sampled_from(TENTHS[1:]))
def test_a_letter_is_below_only_where_all_its_numbers_are(letter: str, least: float) -> None:
    below = {grade < least for grade in TENTHS if letter_of(grade) == letter}
    assert is_below(letter, least) == (below.pop() if len(below) == 1 else None)


@given(st.sampled_from(TENTHS), st.sampled_from(TENTHS))
def test_a_number_is_below_or_not(grade: float, least: float) -> None:
    assert is_below(grade, least) == (grade < least)
    assert letter_of_grade(grade) == letter_of(grade)
    assert agree(grade, letter_of(least)) == (letter_of(grade) == letter_of(least))
    assert agree(grade, least) == (abs(grade - least) < 0.051)
