"""A printer of the Windows spooler: label files go through it raw, as the printer's own language.

The functions are those of winspool.drv (Microsoft, "Print Spooler API Functions"): OpenPrinter, StartDocPrinter with
the data type RAW, WritePrinter, EndDocPrinter; GetPrinter and GetJob for the state, SetJob to delete a job that was
begun and not ended, so that nothing prints unasked later.
"""

from __future__ import annotations

import ctypes
import sys
import time
from ctypes import byref
from typing import Any, Protocol

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import InputError
from bss_mfg.label.printing.channel import Channel
from bss_mfg.label.printing.sending import (
    CHUNK,
    PATIENT,
    GivenUp,
    Patience,
    PrintJob,
    Sending,
    SendOutcome,
    SendResult,
    error_words,
)
from bss_mfg.label.printing.status import PrinterProblem, PrinterStatus

_ACCESS_USE = 0x00000008
_INFO_6, _JOB_INFO_1 = 6, 1
_JOB_CONTROL_DELETE = 5
_ERROR_INVALID_PARAMETER = 87
"""What GetJob says of a job that is over."""
_JOB_DELETED, _JOB_PRINTED, _JOB_COMPLETE = 0x100, 0x80, 0x1000
_PRINTER_FLAGS = (
    (0x00000001, PrinterProblem.PAUSED),
    (0x00000010 | 0x00000040, PrinterProblem.PAPER_OUT),  # out, or a problem with it
    (0x00000008, PrinterProblem.JAM),
    (0x00400000, PrinterProblem.HEAD_OPEN),
    (0x00040000, PrinterProblem.RIBBON_OUT),
    (0x00000080 | 0x00001000, PrinterProblem.OFFLINE),  # offline, not available
    (0x00000002 | 0x00100000, PrinterProblem.OTHER),  # error, user intervention
)
"""PRINTER_STATUS_...: winspool.h."""
_JOB_FLAGS = (
    (0x001, PrinterProblem.PAUSED),
    (0x040, PrinterProblem.PAPER_OUT),
    (0x020, PrinterProblem.OFFLINE),
    (0x002 | 0x200 | 0x400, PrinterProblem.OTHER),  # error, blocked, user intervention
)
"""JOB_STATUS_...: winspool.h."""
_PRINTER_BUSY = 0x400 | 0x200 | 0x4000
"""PRINTER_STATUS_PRINTING, _BUSY, _PROCESSING."""


class Spooler(Protocol):
    """One printer of the spooler, opened. All methods raise an `OSError` with Windows' words."""

    def open(self) -> None:
        """Open the printer."""

    def status(self) -> int:
        """Its PRINTER_STATUS flags."""

    def start(self, name: str) -> int:
        """Begin a raw document; the number of its job."""

    def write(self, data: bytes) -> int:
        """Hand over some of it; how many bytes were taken."""

    def end(self) -> None:
        """The document is whole."""

    def job_status(self, job: int) -> int | None:
        """The JOB_STATUS flags of a job, None once it is over."""

    def delete(self, job: int) -> None:
        """Take a job out of the queue."""

    def close(self) -> None:
        """Close the printer."""


class WindowsSpooler:
    """The way to a printer through the spooler (`ways.Way`)."""

    def __init__(self, name: str, spooler: Spooler, *, asks: bool = True) -> None:
        self._name, self._spooler, self._asks = name, spooler, asks

    def status(self, patience: Patience = PATIENT) -> PrinterStatus | None:
        """What the spooler says of the printer."""
        self._open()
        try:
            return read_flags(self._spooler.status())
        finally:
            self._spooler.close()

    def send(self, job: PrintJob, *, patience: Patience = PATIENT, progress: Progress = no_progress) -> SendResult:
        """Spool a job and follow it until the spooler has handed it to the printer."""
        sending, spooler, number = Sending(self._name, patience, None), self._spooler, None
        try:
            self._open()
            try:
                status = read_flags(spooler.status())
                if self._asks and job.first and status.problems:
                    reason = f"the printer {self._name} says: {status.words}"
                    return SendResult(0, 0, SendOutcome.NOT_SENT, reason, status)
                number = spooler.start(job.name)
                channel: Channel = _SpoolerChannel(spooler)
                for item in job.formats:
                    sending.hand_over(channel, item)
                    progress(sending.labels, len(job.formats))
                spooler.end()
                self._follow(number, sending, patience)
                problems = read_flags(spooler.status()).problems
                return SendResult(sending.labels, sending.bytes_sent, status=PrinterStatus(problems))
            except (GivenUp, OSError) as error:
                words = str(error) if isinstance(error, GivenUp) else f"the spooler failed ({error_words(error)})"
                return self._ended(sending, number, words, SendOutcome.CUT_OFF)
            except KeyboardInterrupt:
                return self._ended(sending, number, "stopped", SendOutcome.STOPPED)
            finally:
                spooler.close()
        except GivenUp as given_up:
            return sending.ended(str(given_up))

    def _open(self) -> None:
        try:
            self._spooler.open()
        except OSError as error:
            raise GivenUp(f"the printer {self._name} can't be opened ({error_words(error)})") from None

    def _follow(self, number: int, sending: Sending, patience: Patience) -> None:
        """Wait until the job is over. `GivenUp` where it was deleted, or nothing goes on for too long."""
        seen: int | None = -1
        while (flags := self._spooler.job_status(number)) is not None:
            if flags & _JOB_DELETED:
                raise GivenUp(f"the job {number} of the printer {self._name} was deleted")
            if flags & (_JOB_PRINTED | _JOB_COMPLETE):
                return
            if problems := tuple(problem for mask, problem in _JOB_FLAGS if flags & mask):
                patience.hear(", ".join(problems))
            if flags != seen:
                seen = flags
                sending.went_on(whole=True)
            else:
                sending.wait_longer()
            time.sleep(min(patience.poll_s, 0.5))

    def _ended(self, sending: Sending, number: int | None, reason: str, outcome: SendOutcome) -> SendResult:
        """What it came to before its end; a job that may still print is deleted."""
        if number is not None:
            try:
                self._spooler.delete(number)
            except OSError:
                reason += f"; its job {number} may still print"
        return sending.ended(reason, outcome)


class _SpoolerChannel:
    """A document that is being written, as `Sending` knows a line of bytes."""

    def __init__(self, spooler: Spooler) -> None:
        self._spooler = spooler

    def write(self, data: memoryview) -> int:
        if not (taken := self._spooler.write(bytes(data[:CHUNK]))):
            raise TimeoutError
        return taken

    def read(self, wait_s: float) -> bytes | None:
        return b""

    def pending(self) -> int:
        return 0

    def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


def read_flags(flags: int) -> PrinterStatus:
    """The state in PRINTER_STATUS flags."""
    problems = tuple(problem for mask, problem in _PRINTER_FLAGS if flags & mask)
    return PrinterStatus(problems, None, bool(flags & _PRINTER_BUSY))


def load_spooler(name: str) -> Spooler:
    """The spooler of this machine; `InputError` where it has none."""
    if sys.platform != "win32":
        raise InputError(
            "winspool: is the spooler of Windows, which this system is not",
            where=f"winspool:{name}",
            way_out="Send to the printer itself (tcp://HOST:9100) or to a queue of CUPS (cups://QUEUE).",
        )
    return WinSpool(name, ctypes.WinDLL("winspool.drv", use_last_error=True))


class _DocInfo(ctypes.Structure):
    """DOC_INFO_1W."""

    _fields_ = (("name", ctypes.c_wchar_p), ("output", ctypes.c_wchar_p), ("data_type", ctypes.c_wchar_p))


class WinSpool:
    """`Spooler` over winspool.drv; `library` has its functions."""

    def __init__(self, name: str, library: Any) -> None:
        self._name, self._library = name, library
        self._handle = ctypes.c_void_p()

    def open(self) -> None:
        """Open the printer."""
        self._check(self._library.OpenPrinterW(ctypes.c_wchar_p(self._name), byref(self._handle), None))

    def status(self) -> int:
        """Its PRINTER_STATUS flags: PRINTER_INFO_6 is one DWORD."""
        flags, needed = ctypes.c_uint32(), ctypes.c_uint32()
        self._check(self._library.GetPrinterW(self._handle, _INFO_6, byref(flags), 4, byref(needed)))
        return flags.value

    def start(self, name: str) -> int:
        """Begin a raw document; the number of its job."""
        document = _DocInfo(name, None, "RAW")
        number = int(self._library.StartDocPrinterW(self._handle, 1, byref(document)))
        self._check(number)
        self._check(self._library.StartPagePrinter(self._handle))
        return number

    def write(self, data: bytes) -> int:
        """Hand over some of it."""
        taken = ctypes.c_uint32()
        self._check(self._library.WritePrinter(self._handle, data, len(data), byref(taken)))
        return taken.value

    def end(self) -> None:
        """The document is whole."""
        self._check(self._library.EndPagePrinter(self._handle))
        self._check(self._library.EndDocPrinter(self._handle))

    def job_status(self, job: int) -> int | None:
        """The JOB_STATUS flags of a job. In JOB_INFO_1 they stand behind the number and six pointers, the first of
        which is aligned."""
        needed = ctypes.c_uint32()
        self._library.GetJobW(self._handle, job, _JOB_INFO_1, None, 0, byref(needed))
        if not needed.value:
            if self._last_error() == _ERROR_INVALID_PARAMETER:
                return None
            self._check(0)
        buffer = ctypes.create_string_buffer(needed.value)
        if not self._library.GetJobW(self._handle, job, _JOB_INFO_1, buffer, needed.value, byref(needed)):
            if self._last_error() == _ERROR_INVALID_PARAMETER:
                return None
            self._check(0)
        at = 7 * ctypes.sizeof(ctypes.c_void_p)
        return int.from_bytes(buffer.raw[at : at + 4], sys.byteorder)

    def delete(self, job: int) -> None:
        """Take a job out of the queue."""
        self._check(self._library.SetJobW(self._handle, job, 0, None, _JOB_CONTROL_DELETE))

    def close(self) -> None:
        """Close the printer."""
        if self._handle:
            self._library.ClosePrinter(self._handle)
            self._handle = ctypes.c_void_p()

    def _last_error(self) -> int:
        return int(getattr(ctypes, "get_last_error", lambda: 0)())

    def _check(self, done: object) -> None:
        if not done:
            number = self._last_error()
            words = getattr(ctypes, "FormatError", lambda _: "unknown error")(number)
            raise OSError(number, str(words).strip() or "unknown error")
