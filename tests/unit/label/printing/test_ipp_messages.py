"""IPP messages: a request by the bytes of RFC 8010, responses with several groups, and noise."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.label.printing.ipp_messages import Operation, Tag, decode_answer, encode_request
from bss_mfg.label.printing.ipp_queue import read_printer_status
from bss_mfg.label.printing.status import PrinterProblem


def test_a_request_by_the_rfc() -> None:
    """The attributes of RFC 8010, appendix A.1, in its order (its language is en-us)."""
    uri = "ipp://printer.example.com/ipp/print/pinetree"
    made = encode_request(Operation.PRINT_JOB, uri, [(Tag.NAME, "job-name", "foobar"), (Tag.INTEGER, "copies", 20)])
    assert made == (
        b"\x01\x01\x00\x02\x00\x00\x00\x01\x01"
        b"\x47\x00\x12attributes-charset\x00\x05utf-8"
        b"\x48\x00\x1battributes-natural-language\x00\x02en"
        b"\x45\x00\x0bprinter-uri\x00\x2cipp://printer.example.com/ipp/print/pinetree"
        b"\x42\x00\x08job-name\x00\x06foobar"
        b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
        b"\x03"
    )


def printer(*reasons: str, state: int = 3, accepts: bool = True) -> bytes:
    """A response to Get-Printer-Attributes (RFC 8010, section 3.1)."""
    body = b"\x23\x00\x0dprinter-state\x00\x04" + state.to_bytes(4)
    body += b"\x22\x00\x19printer-is-accepting-jobs\x00\x01" + bytes([accepts])
    for at, reason in enumerate(reasons):
        name = b"" if at else b"printer-state-reasons"
        body += b"\x44" + len(name).to_bytes(2) + name + len(reason).to_bytes(2) + reason.encode()
    return b"\x01\x01\x00\x00\x00\x00\x00\x01\x01\x47\x00\x12attributes-charset\x00\x05utf-8\x04" + body + b"\x03"


def test_the_state_of_a_printer() -> None:
    def problems(*reasons: str, state: int = 3, accepts: bool = True) -> tuple[PrinterProblem, ...]:
        return read_printer_status(decode_answer(printer(*reasons, state=state, accepts=accepts))).problems

    assert problems("none") == ()
    assert problems("media-empty-error", "cover-open") == (PrinterProblem.PAPER_OUT, PrinterProblem.HEAD_OPEN)
    assert problems("media-empty-report", "marker-supply-low-warning") == ()
    assert problems("paused", state=5) == (PrinterProblem.PAUSED,)
    assert problems("developer-empty-error", state=5) == (PrinterProblem.OTHER,)
    assert problems("none", accepts=False) == (PrinterProblem.NOT_ACCEPTING,)
    told = read_printer_status(decode_answer(printer("fuser-over-temp-error", state=5)))
    assert told.words == "an error (fuser-over-temp-error)"


def test_the_first_of_several_groups_counts() -> None:
    """Two jobs in one response: RFC 8010, section 3.1.2."""
    job = b"\x02\x21\x00\x06job-id\x00\x04\x00\x00\x00"
    answer = decode_answer(b"\x01\x01\x00\x01\x00\x00\x00\x01" + job + b"\x07" + job + b"\x08\x03")
    assert answer.is_ok
    assert answer.attributes == {"job-id": (7,)}


@given(st.binary(max_size=60), st.integers(0, 120))
def test_noise_is_no_response(noise: bytes, cut: int) -> None:
    whole = printer("none", "paused")
    for data in (noise, whole[:cut] + noise):
        with contextlib.suppress(ValueError):
            read_printer_status(decode_answer(data))
