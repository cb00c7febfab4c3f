"""What printers say of themselves, in each language, by their manuals' tables; and what is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.label.printing.status import PrinterProblem, PrinterStatus
from bss_mfg.label.printing.status_questions import question_for

PAPER, RIBBON, HEAD = PrinterProblem.PAPER_OUT, PrinterProblem.RIBBON_OUT, PrinterProblem.HEAD_OPEN
PAUSED, JAM, OTHER, OFFLINE = PrinterProblem.PAUSED, PrinterProblem.JAM, PrinterProblem.OTHER, PrinterProblem.OFFLINE
LANGUAGES = ("zpl", "tspl", "epl2", "cpcl", "sbpl", "dpl", "escpos", "brother")


def host_status(one: str, two: str) -> bytes:
    """The strings of ~HS as the ZPL II Programming Guide has them: <STX>...<ETX><CR><LF>."""
    return "".join(f"\x02{text}\x03\r\n" for text in (one, two, "1234,0")).encode()


def brother(at: int, value: int) -> bytes:
    """32 bytes of a QL printer with one other than it has when ready."""
    answer = bytearray(32)
    answer[:3] = b"\x80\x20\x42"
    answer[at] = value
    return bytes(answer)


READY_1, READY_2 = "030,0,0,0245,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000,1,000"


@pytest.mark.parametrize(
    ("language", "answer", "problems", "waiting"),
    [
        ("zpl", host_status(READY_1, READY_2), (), 0),
        ("zpl", host_status("030,1,0,0245,003,0,0,0,000,0,0,0", READY_2), (PAPER,), 3),
        ("zpl", host_status("030,0,1,0245,000,0,0,0,000,0,0,0", READY_2), (PAUSED,), 0),
        ("zpl", host_status(READY_1, "000,0,1,1,0,2,4,0,00000012,1,000"), (RIBBON, HEAD), 12),
        ("zpl-hex", host_status(READY_1, READY_2), (), 0),
        ("tspl", b"\x00", (), None),
        ("tspl", b"\x01", (HEAD,), None),
        ("tspl", b"\x03", (HEAD, JAM), None),
        ("tspl", b"\x04", (PAPER,), None),
        ("tspl", b"\x0d", (PAPER, RIBBON, HEAD), None),
        ("tspl", b"\x10", (PAUSED,), None),
        ("tspl", b"\x20", (), None),
        ("tspl", b"\x80", (OTHER,), None),
        ("epl2", b"00\r\n", (), None),
        ("epl2", b"07\r\n", (PAPER,), None),
        ("epl2", b"01,11\r\n", (HEAD,), None),
        ("cpcl", b"\x00", (), None),
        ("cpcl", b"\x06", (PAPER, HEAD), None),
        ("cpcl", b"\x18", (), None),
        ("sbpl", b"\x02  A000000\x03", (), 0),
        ("sbpl", b"\x0201G000007\x03", (), 7),
        ("sbpl", b"\x0201c000007" + b"0" * 16 + b"\x03", (PAPER,), 7),
        ("sbpl", b"\x02  b000000\x03", (HEAD,), 0),
        ("sbpl", b"\x02  0000000\x03", (OFFLINE,), 0),
        ("dpl", b"NNNNNNNN\r", (), None),
        ("dpl", b"NYYNNYNN\r", (PAPER, RIBBON, PAUSED), None),
        ("escpos", b"\x12\x12", (), None),
        ("escpos", b"\x36\x7e", (PAPER, HEAD), None),
        ("brother", brother(0, 0x80), (), None),
        ("brother", brother(8, 0x02), (PAPER,), None),
        ("brother", brother(9, 0x10), (HEAD,), None),
    ],
)
def test_answers(language: str, answer: bytes, problems: tuple[PrinterProblem, ...], waiting: int | None) -> None:
    question = question_for(language)
    assert question
    status = question.read(answer)
    assert status
    assert (status.problems, status.waiting) == (problems, waiting)
    assert bool(problems) is bool(status.way_out)
    if language in ("zpl", "sbpl", "dpl", "epl2", "escpos"):  # a part of an answer is none
        assert all(question.read(answer[:size]) is None for size in range(len(answer) - 3))


def test_the_printers_words() -> None:
    assert PrinterStatus((PAPER, HEAD)).words == "paper out, head or cover open"
    assert PrinterStatus(waiting=2).words == "printing"
    assert PrinterStatus(waiting=0).words == "ready"
    assert PrinterStatus().words == "ready, as far as it says"
    assert not PrinterStatus().is_idle
    assert not PrinterStatus((PAPER,), 0).is_idle


def test_files_for_others_have_no_question() -> None:
    assert question_for("pdf") is None
    assert question_for("") is None
    assert all(question_for(language) for language in LANGUAGES)


@given(st.sampled_from(LANGUAGES), st.binary(max_size=80))
def test_noise_is_an_answer_or_none_and_never_an_error(language: str, noise: bytes) -> None:
    question = question_for(language)
    assert question
    status = question.read(noise)
    assert status is None or isinstance(status, PrinterStatus)
