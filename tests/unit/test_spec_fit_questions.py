"""What `spec fit` leaves open is told once, with numbers, and without what all readings share."""

from __future__ import annotations

import pytest

from bss_mfg.cli.spec_fit_questions import apart, print_questions
from bss_mfg.payload.fitting.known import Known, KnownUnit
from bss_mfg.payload.fitting.questions import shown_constant
from bss_mfg.payload.fitting.report import Question, Vary
from bss_mfg.payload.layouts.descriptions import PlaintextValue

READINGS = (
    "base64, of each package, units u8 | uuid | oob | crc32",
    "base64, of each package, constant 01 | uuid | oob | crc32",
    "base64, of each package, uuid | oob | crc32",
)


def test_what_all_readings_share_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    unit = KnownUnit({"unit.oob": bytes(32)})
    questions = [Question("SEC", READINGS, Vary.UNITS), Question("SEC", READINGS, Vary.OOB_SIZE)]
    print_questions(questions, [Known("one", "", (unit,), {})])
    assert capsys.readouterr().err.splitlines() == [
        "OPEN: SEC: 3 readings; in all: base64, of each package, … | oob | crc32",
        "    1. units u8 | uuid",
        "    2. constant 01 | uuid",
        "    3. uuid",
        "    Decided by a sample with another number of units than 1, or a sample with OOB keys of 16 bytes, as these "
        "have 32.",
    ]


def test_nothing_of_a_reading_is_lost() -> None:
    for readings in (READINGS, READINGS[:2], ("constant 1", "package.units decimal"), ("a | b", "a | b | b", "b")):
        begin, middles, end = apart(readings)
        assert len(set(middles)) == len(readings)
        assert tuple(begin + middle + end for middle in middles) == readings


def test_a_constant_of_text_is_shown_as_text() -> None:
    for data, shown in ((b'","oob":"', """'","oob":"'"""), (b"OB", "4f42"), (b"\x81\x10\x00", "811000")):
        assert shown_constant(PlaintextValue(source="constant", format="raw", value=data.hex())) == shown


def test_how_several_units_stand_together_is_a_question_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_questions([Question("", (), Vary.UNITS)], [Known("one", "", (KnownUnit({}),), {})])
    assert capsys.readouterr().err.startswith("OPEN: how the values of several units stand together\n")
