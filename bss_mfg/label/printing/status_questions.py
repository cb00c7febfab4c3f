"""How a printer is asked for its state, by language: the bytes of the question, and what an answer means.

A question goes between two labels, never into one. A printer that gives no answer, or one that is none, has an unknown
state: many can't answer at all (clones, print servers, one-way cables), and some Zebra firmware keeps silent while its
head is open (ZPL II Programming Guide, ~HS).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bss_mfg.label.printing.status import PrinterProblem, PrinterStatus

_NUMBER = re.compile(rb" *[0-9]{1,10} *")
"""A count: a printer that says more digits is not believed."""

MAX_ANSWER = 4096
"""Bytes: who says more does not answer the question."""


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """What is sent, and how the answer is read: None while there is no whole one in the bytes that came so far.
    `while_printing`: whether the printer may be asked before it has printed what it got."""

    request: bytes
    read: Callable[[bytes], PrinterStatus | None]
    while_printing: bool = True


def question_for(language: str) -> StatusQuestion | None:
    """The question of a language; None where there is none."""
    return _QUESTIONS.get(language.partition("-")[0])


def _flags(*found: tuple[object, PrinterProblem]) -> tuple[PrinterProblem, ...]:
    return tuple(problem for is_set, problem in found if is_set)


def read_zpl(answer: bytes) -> PrinterStatus | None:
    """The answer to ~HS: three strings between STX and ETX (ZPL II Programming Guide, "~HS Host Status Return").

    String 1 is `aaa,b,c,dddd,eee,f,g,h,iii,j,k,l`: b paper out, c pause, eee formats in the receive buffer, l over
    temperature. String 2 is `mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www`: o head up, p ribbon out, u labels remaining in batch.
    """
    strings = [part.split(b",") for part in re.findall(rb"\x02([0-9, ]*)\x03", answer)]
    if len(strings) < 3 or len(strings[0]) < 12 or len(strings[1]) < 9:
        return None
    one, two = ([int(value) if _NUMBER.fullmatch(value) else 0 for value in string] for string in strings[:2])
    problems = _flags(
        (one[1], PrinterProblem.PAPER_OUT),
        (two[3], PrinterProblem.RIBBON_OUT),
        (two[2], PrinterProblem.HEAD_OPEN),
        (one[2], PrinterProblem.PAUSED),
        (one[11], PrinterProblem.TOO_HOT),
    )
    waiting = one[4] + two[8]
    return PrinterStatus(problems, waiting, waiting > 0)


def read_tspl(answer: bytes) -> PrinterStatus | None:
    """The answer to <ESC>!?: one byte (TSC TSPL/TSPL2 Programming, "Status Polling and Immediate Commands"): bit 0 head
    opened, 1 paper jam, 2 out of paper, 3 out of ribbon, 4 pause, 5 printing, 6 cover opened, 7 other error."""
    if len(answer) != 1:
        return None
    byte = answer[0]
    problems = _flags(
        (byte & 0x04, PrinterProblem.PAPER_OUT),
        (byte & 0x08, PrinterProblem.RIBBON_OUT),
        (byte & 0x41, PrinterProblem.HEAD_OPEN),
        (byte & 0x02, PrinterProblem.JAM),
        (byte & 0x10, PrinterProblem.PAUSED),
        (byte & 0x80, PrinterProblem.OTHER),
    )
    return PrinterStatus(problems, None, bool(byte & 0x20))


def read_epl(answer: bytes) -> PrinterStatus | None:
    """The answer to ^ee: two digits, or several pairs between commas (EPL Programming Guide, "^ee Immediate Error
    Report"): 00 none, 07 paper or ribbon empty, 11 print head open; others are
    of what it was sent before."""
    match = re.fullmatch(rb"[\x11\x13]*(\d\d(?:,\d\d)*)\r\n", answer)
    if not match:
        return None
    codes = match[1].split(b",")
    return PrinterStatus(_flags((b"07" in codes, PrinterProblem.PAPER_OUT), (b"11" in codes, PrinterProblem.HEAD_OPEN)))


def read_cpcl(answer: bytes) -> PrinterStatus | None:
    """The answer to <ESC>h: one byte (Zebra, CPCL Programming Manual, "Get Printer Status"): bit 0 busy, 1 out of
    paper, 2 latch open, 3 low battery, 4 reset."""
    if len(answer) != 1 or answer[0] & 0xE0:
        return None
    byte = answer[0]
    problems = _flags((byte & 2, PrinterProblem.PAPER_OUT), (byte & 4, PrinterProblem.HEAD_OPEN))
    return PrinterStatus(problems, None, bool(byte & 1))


_SATO_ERRORS = {
    b"b": PrinterProblem.HEAD_OPEN,
    b"c": PrinterProblem.PAPER_OUT,
    b"d": PrinterProblem.RIBBON_OUT,
    b"e": PrinterProblem.JAM,
}


def read_sbpl(answer: bytes) -> PrinterStatus | None:
    """The answer to ENQ: STX, two bytes of job ID, a status, six digits of labels remaining, perhaps a job name, ETX
    (SATO, SBPL Programming Reference, "Status 3" and "Status 4"): 0 to 4 offline, A to W online, b head open, c paper
    end, d ribbon end, e media error, other small letters other errors."""
    match = re.search(rb"\x02[0-9A-Za-z ]{2}([0-9A-Za-z])([0-9 ]{6})[^\x02\x03]{0,16}\x03", answer)
    if not match:
        return None
    letter, left = match[1], int(match[2]) if _NUMBER.fullmatch(match[2]) else 0
    problems: tuple[PrinterProblem, ...] = ()
    if letter.isdigit():
        problems = (PrinterProblem.OFFLINE,)
    elif letter.islower() and letter != b"a":  # a: the receive buffer is full
        problems = (_SATO_ERRORS.get(letter, PrinterProblem.OTHER),)
    return PrinterStatus(problems, left, left > 0 or b"G" <= letter <= b"W")


def read_dpl(answer: bytes) -> PrinterStatus | None:
    """The answer to <SOH>A: eight Y or N and CR (Datamax-O'Neil, DPL Programmer's Manual, "Send ASCII Status String"):
    interpreter busy, paper out, ribbon out, printing batch, busy printing, paused, label presented, rewinder out."""
    match = re.search(rb"([YN]{8})\r", answer)
    if not match:
        return None
    said = [letter == ord("Y") for letter in match[1]]
    problems = _flags(
        (said[1], PrinterProblem.PAPER_OUT), (said[2], PrinterProblem.RIBBON_OUT), (said[5], PrinterProblem.PAUSED)
    )
    return PrinterStatus(problems, None, said[0] or said[3] or said[4])


def read_escpos(answer: bytes) -> PrinterStatus | None:
    """The answer to DLE EOT 2 and DLE EOT 4: two bytes whose bits 0, 1, 4, 7 are 0, 1, 1, 0 (Epson, ESC/POS Command
    Reference, "DLE EOT"): of the first bit 2 cover open, 5 stopped for paper, 6 error; of the second 5 and 6 no
    paper."""
    if len(answer) != 2 or any(byte & 0x93 != 0x12 for byte in answer):
        return None
    cause, paper = answer
    problems = _flags(
        (cause & 0x20 or paper & 0x60, PrinterProblem.PAPER_OUT),
        (cause & 0x04, PrinterProblem.HEAD_OPEN),
        (cause & 0x40, PrinterProblem.OTHER),
    )
    return PrinterStatus(problems)


def read_brother(answer: bytes) -> PrinterStatus | None:
    """The answer to <ESC>iS: 32 bytes that begin with 80 20 42 (Brother, Raster Command Reference, "Status information
    request"): byte 8 bit 0 no media, 1 end of media, 2 cutter jam, 7 fan; byte 9 bit 0 wrong media, 4 cover open, 6
    media can't be fed, 7 system; byte 19 phase, 1 while it prints. "Do not send this command while printing." """
    at = answer.find(b"\x80\x20\x42")
    if at < 0 or len(answer) < at + 32:
        return None
    one, two, phase = answer[at + 8], answer[at + 9], answer[at + 19]
    problems = _flags(
        (one & 0x03, PrinterProblem.PAPER_OUT),
        (two & 0x10, PrinterProblem.HEAD_OPEN),
        (one & 0x04 or two & 0x40, PrinterProblem.JAM),
        (one & 0x80 or two & 0x81, PrinterProblem.OTHER),
    )
    return PrinterStatus(problems, None, phase == 1)


_QUESTIONS = {
    "zpl": StatusQuestion(b"~HS\r\n", read_zpl),
    "tspl": StatusQuestion(b"\x1b!?", read_tspl),
    "epl2": StatusQuestion(b"^ee\r\n", read_epl),
    "cpcl": StatusQuestion(b"\x1bh", read_cpcl),
    "sbpl": StatusQuestion(b"\x05", read_sbpl),
    "dpl": StatusQuestion(b"\x01A", read_dpl),
    "escpos": StatusQuestion(b"\x10\x04\x02\x10\x04\x04", read_escpos),
    "brother": StatusQuestion(b"\x1biS", read_brother, while_printing=False),
}
