"""The Windows spooler, with a library in the place of winspool.drv that keeps to its calling conventions."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from bss_mfg.errors import InputError
from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.status import PrinterProblem
from bss_mfg.label.printing.ways import open_way
from bss_mfg.label.printing.windows_spooler import WindowsSpooler, WinSpool

LABELS = [b"^XA1^XZ\n", b"^XA2^XZ\n", b"^XA3^XZ\n"]
QUICK = Patience(silence_s=0.2, poll_s=0.02)


class JobInfo(ctypes.Structure):
    """JOB_INFO_1W as the Windows SDK declares it."""

    _fields_ = (
        ("JobId", ctypes.c_uint32),
        *((name, ctypes.c_wchar_p) for name in ("Printer", "Machine", "User", "Document", "Datatype", "StatusText")),
        ("Status", ctypes.c_uint32),
        *((name, ctypes.c_uint32) for name in ("Priority", "Position", "TotalPages", "PagesPrinted")),
        ("Submitted", ctypes.c_uint16 * 8),
    )


class FakeWinspool:
    """winspool.drv: `flags` of the printer; `jobs`: what GetJob says of the job, one a call, then that it is over."""

    def __init__(
        self, *, flags: int = 0, jobs: tuple[int, ...] = (), takes: int = 5, breaks_after: int = 1 << 20
    ) -> None:
        self.flags, self.jobs, self.takes, self.breaks_after = flags, list(jobs), takes, breaks_after
        self.data = b""
        self.calls: list[str] = []
        self.document: tuple[str, str | None, str] | None = None
        self.last_error = 0

    def OpenPrinterW(self, name: Any, handle: Any, defaults: None) -> int:  # noqa: N802
        self.calls.append("open")
        if name.value != "Zebra ZD420":
            self.last_error = 1801
            return 0
        handle._obj.value = 77
        return 1

    def GetPrinterW(self, handle: Any, level: int, buffer: Any, size: int, needed: Any) -> int:  # noqa: N802
        assert (handle.value, level, size) == (77, 6, 4)
        buffer._obj.value = self.flags
        return 1

    def StartDocPrinterW(self, handle: Any, level: int, document: Any) -> int:  # noqa: N802
        found = document._obj
        self.document = (found.name, found.output, found.data_type)
        return 12

    def StartPagePrinter(self, handle: Any) -> int:  # noqa: N802
        return 1

    def WritePrinter(self, handle: Any, data: bytes, size: int, taken: Any) -> int:  # noqa: N802
        if len(self.data) >= self.breaks_after:
            self.last_error = 6
            return 0
        self.data += data[: self.takes]
        taken._obj.value = min(self.takes, size)
        return 1

    def EndPagePrinter(self, handle: Any) -> int:  # noqa: N802
        return 1

    def EndDocPrinter(self, handle: Any) -> int:  # noqa: N802
        self.calls.append("end")
        return 1

    def GetJobW(self, handle: Any, job: int, level: int, buffer: Any, size: int, needed: Any) -> int:  # noqa: N802
        assert (job, level) == (12, 1)
        needed._obj.value = 0
        if not self.jobs:
            self.last_error = 87
            return 0
        needed._obj.value = ctypes.sizeof(JobInfo)
        if buffer is None:
            self.last_error = 122
            return 0
        info = JobInfo(JobId=12, Status=self.jobs.pop(0))
        ctypes.memmove(buffer, ctypes.byref(info), ctypes.sizeof(JobInfo))
        return 1

    def SetJobW(self, handle: Any, job: int, level: int, info: None, command: int) -> int:  # noqa: N802
        assert command == 5
        self.calls.append(f"delete {job}")
        return 1

    def ClosePrinter(self, handle: Any) -> int:  # noqa: N802
        self.calls.append("close")
        return 1


def send(library: FakeWinspool, monkeypatch: pytest.MonkeyPatch, name: str = "Zebra ZD420") -> SendResult:
    monkeypatch.setattr(ctypes, "get_last_error", lambda: library.last_error, raising=False)
    monkeypatch.setattr(ctypes, "FormatError", lambda number: f"error {number}", raising=False)
    return WindowsSpooler(name, WinSpool(name, library)).send(PrintJob(LABELS, "B1-labels-0001"), patience=QUICK)


def test_a_job_goes_through_raw_and_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeWinspool(jobs=(0x08, 0x10, 0x80))  # spooling, printing, printed
    result = send(library, monkeypatch)
    assert (result.outcome, result.labels, result.bytes_sent) == (SendOutcome.SENT, 3, 24)
    assert library.data == b"".join(LABELS)
    assert library.document == ("B1-labels-0001", None, "RAW")
    assert library.calls == ["open", "end", "close"]


def test_a_job_that_is_gone_was_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(FakeWinspool(), monkeypatch).outcome is SendOutcome.SENT


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (0x1, PrinterProblem.PAUSED),
        (0x10, PrinterProblem.PAPER_OUT),
        (0x400000, PrinterProblem.HEAD_OPEN),
        (0x80, PrinterProblem.OFFLINE),
    ],
)
def test_nothing_goes_to_a_printer_that_can_not_print(
    flags: int, problem: PrinterProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = FakeWinspool(flags=flags)
    result = send(library, monkeypatch)
    assert (result.outcome, result.bytes_sent) == (SendOutcome.NOT_SENT, 0)
    assert result.status and result.status.problems == (problem,)
    assert f"the printer Zebra ZD420 says: {problem}" in result.reason
    assert library.document is None
    assert library.calls == ["open", "close"]


def test_a_spooler_that_breaks_has_its_job_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeWinspool(breaks_after=10)
    result = send(library, monkeypatch)
    assert (result.outcome, result.labels, result.bytes_sent) == (SendOutcome.CUT_OFF, 1, 13)
    assert "the spooler failed (error 6)" in result.reason
    assert library.calls == ["open", "delete 12", "close"]


def test_a_job_that_stands_still_is_given_up_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeWinspool(jobs=(0x40,) * 1_000)  # paper out
    result = send(library, monkeypatch)
    assert (result.outcome, result.labels) == (SendOutcome.CUT_OFF, 3)
    assert "delete 12" in library.calls


def test_a_deleted_job_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    result = send(FakeWinspool(jobs=(0x10, 0x100)), monkeypatch)
    assert (result.outcome, result.labels) == (SendOutcome.CUT_OFF, 3)
    assert "was deleted" in result.reason


def test_a_printer_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    result = send(FakeWinspool(), monkeypatch, "Zebra")
    assert result.outcome is SendOutcome.NOT_SENT
    assert "can't be opened (error 1801)" in result.reason


def test_on_other_systems_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(InputError, match="which this system is not"):
        open_way("winspool:Zebra ZD420", "zpl")
