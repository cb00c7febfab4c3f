"""The ways to a printer behind one door: whichever it is, it says the printer's state and takes label jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.label.printing.asking import ask
from bss_mfg.label.printing.channel import Channel
from bss_mfg.label.printing.device_file import open_device_file, require_device_files
from bss_mfg.label.printing.ipp_queue import IppQueue
from bss_mfg.label.printing.raw_port import open_raw_port
from bss_mfg.label.printing.sending import PATIENT, Patience, PrintJob, SendResult, send_job
from bss_mfg.label.printing.status import PrinterStatus
from bss_mfg.label.printing.status_questions import question_for
from bss_mfg.label.printing.windows_spooler import WindowsSpooler, load_spooler
from bss_mfg.label.template.printer_address import PrinterAddress, parse_address


class Way(Protocol):
    """A way to one printer."""

    def status(self, patience: Patience = PATIENT) -> PrinterStatus | None:
        """What the printer says of itself now, None where it says nothing; `GivenUp` or an `OSError` where it can't be
        reached."""

    def send(self, job: PrintJob, *, patience: Patience = PATIENT, progress: Progress = no_progress) -> SendResult:
        """Send a job; what was handed over, also when the printer went away midway or the operator stopped it. Raises
        nothing for the printer."""


class ByteWay:
    """A line of bytes, to a raw port or a device file, on which a printer's language has a question for its state."""

    def __init__(self, printer: str, open_channel: Callable[[float], Channel], language: str, *, asks: bool) -> None:
        self._printer, self._open = printer, open_channel
        self._question = question_for(language)
        self._asks = asks

    def status(self, patience: Patience = PATIENT) -> PrinterStatus | None:
        """What the printer says of itself now."""
        if self._question is None:
            return None
        channel = self._open(patience.poll_s)
        try:
            return ask(channel, self._question, patience.answer_s)
        finally:
            channel.close()

    def send(self, job: PrintJob, *, patience: Patience = PATIENT, progress: Progress = no_progress) -> SendResult:
        """Send a job. A printer that did not answer at a command's first one is not asked at its last."""
        question = self._question if self._asks else None
        result = send_job(
            lambda: self._open(patience.poll_s), self._printer, job, question, patience=patience, progress=progress
        )
        self._asks = self._asks and not (job.first and result.status is None)
        return result


def open_way(
    address: PrinterAddress | str,
    language: str = "",
    *,
    asks: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Way:
    """The way to an address, for a printer of a language; `asks`: whether it is asked for its state at each job.
    `InputError` where it leads nowhere on this system."""
    to = parse_address(address) if isinstance(address, str) else address
    if to.scheme in ("ipp", "ipps"):
        return IppQueue(to, language, asks=asks)
    if to.scheme == "winspool":
        return WindowsSpooler(to.name, load_spooler(to.name), asks=asks)
    if to.scheme == "device":
        require_device_files(to.name)
        return ByteWay(to.name, lambda poll_s: open_device_file(to.name, poll_s), language, asks=asks)
    return ByteWay(
        f"{to.host}:{to.port}", lambda poll_s: open_raw_port(to.host, to.port, poll_s, sleep), language, asks=asks
    )
