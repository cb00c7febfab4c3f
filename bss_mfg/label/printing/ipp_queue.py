"""A printer or queue that speaks IPP (RFC 8011): jobs go there by HTTP and are followed to their end.

CUPS is one of them: a raw queue hands a printer's own language through (`application/vnd.cups-raw`), others print PDF.
A job that was begun and not ended is cancelled when it is given up or stopped, so that nothing prints unasked later.
"""

from __future__ import annotations

import contextlib
import getpass
import http.client
import select
import socket
import threading
import time
from collections.abc import Iterable
from enum import IntEnum

from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import printable
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.label.printing.ipp_messages import (
    Attribute,
    IppAnswer,
    Operation,
    Tag,
    decode_answer,
    encode_request,
)
from bss_mfg.label.printing.raw_port import CONNECT_S, RawPortChannel
from bss_mfg.label.printing.sending import (
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
from bss_mfg.label.template.printer_address import PrinterAddress

MAX_RESPONSE = LIMITS[Reader.PRINTER].size
ANSWER_S, WHOLE_ANSWER_S = 20.0, 60.0
"""How long a response is waited for, piece by piece and as a whole."""
_RAW_FORMATS = ("application/vnd.cups-raw", "application/octet-stream")
_FORMATS = {"pdf": ("application/pdf",), "png": ("image/png",)}
_HTTP_OK, _UNAUTHORIZED = 200, 401
_ASK_PRINTER_AFTER_S = 2.0


class JobState(IntEnum):
    """RFC 8011, section 5.3.7."""

    PENDING, HELD, PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED = 3, 4, 5, 6, 7, 8, 9


_IDLE, _PROCESSING, _STOPPED = 3, 4, 5
"""RFC 8011, section 5.4.11: printer-state."""
_PROBLEMS = {
    "media-empty": PrinterProblem.PAPER_OUT,
    "media-needed": PrinterProblem.PAPER_OUT,
    "marker-supply-empty": PrinterProblem.RIBBON_OUT,
    "cover-open": PrinterProblem.HEAD_OPEN,
    "door-open": PrinterProblem.HEAD_OPEN,
    "interlock-open": PrinterProblem.HEAD_OPEN,
    "media-jam": PrinterProblem.JAM,
    "paused": PrinterProblem.PAUSED,
    "moving-to-paused": PrinterProblem.PAUSED,
    "offline": PrinterProblem.OFFLINE,
    "shutdown": PrinterProblem.OFFLINE,
    "spool-area-full": PrinterProblem.OTHER,
}
"""RFC 8011, section 5.4.12: printer-state-reasons, without -error."""


class _StoppedWithJobError(Exception):
    """The operator stopped sending when everything was handed over."""

    def __init__(self, number: int | None) -> None:
        super().__init__()
        self.number = number


class _RequestBody(RawPortChannel):
    """The connection while a job is written to it: what comes back is the response, and is kept for later."""

    def read(self, wait_s: float) -> bytes | None:
        return None


class IppQueue:
    """The way to a printer by IPP (`ways.Way`)."""

    def __init__(self, address: PrinterAddress, language: str, *, asks: bool = True) -> None:
        self._address, self._asks = address, asks
        self._is_raw = language not in _FORMATS
        self._formats = _FORMATS.get(language, _RAW_FORMATS)
        host = f"[{address.host}]" if ":" in address.host else address.host
        self._printer = f"{host}:{address.port}{address.path}"
        self._uri = f"{address.scheme}://{self._printer}"

    def status(self, patience: Patience = PATIENT) -> PrinterStatus | None:
        """The printer's state now; `GivenUp` where nobody answers."""
        return read_printer_status(self._printer_attributes())

    def send(self, job: PrintJob, *, patience: Patience = PATIENT, progress: Progress = no_progress) -> SendResult:
        """Send a job and follow it to its end."""
        sending = Sending(self._printer, patience, None)
        number: int | None = None
        try:
            attributes = self._printer_attributes()
            status = read_printer_status(attributes)
            if self._asks and job.first and status.problems:
                reason = f"the printer at {self._printer} says: {status.words}"
                return SendResult(0, 0, SendOutcome.NOT_SENT, reason, status)
            number = self._submit(sending, job, self._document_format(attributes), progress)
            return self._follow(sending, number, patience)
        except GivenUp as given_up:
            return self._ended(sending, number, str(given_up), SendOutcome.CUT_OFF)
        except (OSError, http.client.HTTPException) as error:
            words = error_words(error) if isinstance(error, OSError) else type(error).__name__
            reason = f"the printer at {self._printer} broke the connection off ({words})"
            return self._ended(sending, number, reason, SendOutcome.CUT_OFF)
        except _StoppedWithJobError as stopped:
            return self._ended(sending, stopped.number, "stopped", SendOutcome.STOPPED)
        except KeyboardInterrupt:
            return self._ended(sending, number, "stopped", SendOutcome.STOPPED)

    def _document_format(self, printer: IppAnswer) -> str:
        """The format to send in, one that the printer takes."""
        supported = printer.words("document-format-supported")
        for name in self._formats:
            if name in supported or not supported:
                return name
        taken = printable(", ".join(supported), 120)
        hint = "; a raw queue would (lpadmin -m raw)" if self._is_raw else ""
        raise GivenUp(f"the printer at {self._printer} does not take {' or '.join(self._formats)}, but {taken}{hint}")

    def _submit(self, sending: Sending, job: PrintJob, document_format: str, progress: Progress) -> int:
        """Print-Job (RFC 8011, section 4.2.1): the number of the new job."""
        asked: list[Attribute] = [
            (Tag.NAME, "requesting-user-name", _user()),
            (Tag.NAME, "job-name", job.name[:255]),
            (Tag.MIME_TYPE, "document-format", document_format),
        ]
        head = encode_request(Operation.PRINT_JOB, self._uri, asked)
        connection = self._connect()
        with contextlib.closing(connection):
            self._begin(connection, len(head) + sum(map(len, job.formats)))
            connection.send(head)
            channel = _RequestBody(connection.sock, sending.patience.poll_s)
            for item in job.formats:
                sending.hand_over(channel, item)
                progress(sending.labels, len(job.formats))
            try:
                while not select.select([connection.sock], [], [], sending.patience.poll_s)[0]:
                    sending.wait_longer()
                answer = self._response(connection)
            except KeyboardInterrupt:  # the job is there: its number is needed to cancel it
                raise _StoppedWithJobError(self._response(connection).number("job-id")) from None
        number = answer.number("job-id")
        if not answer.is_ok or number is None:
            sending.forget()  # a job that was refused prints nothing
            said = printable(" ".join(answer.words("status-message")), 120)
            raise GivenUp(f"the printer at {self._printer} refused the job (status {answer.status:#06x} {said})")
        return number

    def _follow(self, sending: Sending, number: int, patience: Patience) -> SendResult:
        """Wait until the job is over; what came of it."""
        wait_s, begun, seen = 0.05, time.monotonic(), (0, 0)
        while True:
            job = self._job_attributes(number)
            state, pages = job.number("job-state") or 0, job.number("job-impressions-completed") or 0
            if state == JobState.COMPLETED and "completed-with-errors" not in " ".join(job.words("job-state-reasons")):
                problems = read_printer_status(self._printer_attributes()).problems
                # A queue that counts no pages has only handed them on.
                status = PrinterStatus(problems, 0, False) if pages else PrinterStatus(problems)
                return SendResult(sending.labels, sending.bytes_sent, status=status)
            if state >= JobState.CANCELED:
                words = ", ".join(job.words("job-state-reasons")) or "no reason given"
                name = {JobState.CANCELED: "cancelled", JobState.ABORTED: "aborted"}.get(JobState(state), "ended")
                raise GivenUp(f"the printer at {self._printer} {name} the job {number} ({printable(words, 120)})")
            if (state, pages) != seen:
                seen = (state, pages)
                sending.went_on(whole=True)
            elif time.monotonic() - begun > _ASK_PRINTER_AFTER_S:
                if warnings := _warnings(self._printer_attributes()):
                    patience.hear(", ".join(warnings))
                sending.wait_longer()
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, patience.poll_s)

    def _ended(self, sending: Sending, number: int | None, reason: str, outcome: SendOutcome) -> SendResult:
        """What it came to before its end; a job that may still print is cancelled."""
        pages = None
        if number is not None:
            try:
                before = self._job_attributes(number)
                state = before.number("job-state") or 0
                if state < JobState.CANCELED:
                    asked: list[Attribute] = [
                        (Tag.INTEGER, "job-id", number),
                        (Tag.NAME, "requesting-user-name", _user()),
                    ]
                    cancelled = self._ask(Operation.CANCEL_JOB, asked).is_ok
                    reason += "" if cancelled else f"; its job {number} can't be cancelled and may still print"
                    # One that was tried before, and failed, is pending again.
                    if cancelled and state in (JobState.PENDING, JobState.HELD) and not _was_begun(before):
                        sending.forget()
                if not self._is_raw and (done := before.number("job-impressions-completed")):
                    pages = done + (state < JobState.CANCELED)  # one may be half out
            except (GivenUp, OSError, http.client.HTTPException):
                reason += f"; its job {number} may still print"
        result = sending.ended(reason, outcome)
        return SendResult(result.labels, result.bytes_sent, result.outcome, reason, None, pages)

    def _printer_attributes(self) -> IppAnswer:
        names = (
            "printer-state",
            "printer-state-reasons",
            "printer-state-message",
            "printer-is-accepting-jobs",
            "document-format-supported",
        )
        return self._checked(self._ask(Operation.GET_PRINTER_ATTRIBUTES, _requested(names)))

    def _job_attributes(self, number: int) -> IppAnswer:
        names = ("job-state", "job-state-reasons", "job-impressions-completed", "time-at-processing")
        asked: list[Attribute] = [
            (Tag.INTEGER, "job-id", number),
            (Tag.NAME, "requesting-user-name", _user()),
            *_requested(names),
        ]
        return self._checked(self._ask(Operation.GET_JOB_ATTRIBUTES, asked))

    def _checked(self, answer: IppAnswer) -> IppAnswer:
        if answer.is_ok:
            return answer
        said = printable(" ".join(answer.words("status-message")), 120)
        raise GivenUp(f"the printer at {self._printer} refused the question (status {answer.status:#06x} {said})")

    def _ask(self, operation: Operation, attributes: Iterable[Attribute]) -> IppAnswer:
        message = encode_request(operation, self._uri, attributes)
        connection = self._connect()
        with contextlib.closing(connection):
            self._begin(connection, len(message))
            connection.send(message)
            return self._response(connection)

    def _connect(self) -> http.client.HTTPConnection:
        address = self._address
        if address.scheme == "ipps":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                address.host, address.port, timeout=CONNECT_S
            )
        else:
            connection = http.client.HTTPConnection(address.host, address.port, timeout=CONNECT_S)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise GivenUp(f"no connection to {address.host}:{address.port} ({_connect_words(error)})") from None
        return connection

    def _begin(self, connection: http.client.HTTPConnection, length: int) -> None:
        """The head of an HTTP request (RFC 8010, section 4)."""
        connection.putrequest("POST", self._address.path, skip_accept_encoding=True)
        connection.putheader("Content-Type", "application/ipp")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()

    def _response(self, connection: http.client.HTTPConnection) -> IppAnswer:
        connection.sock.settimeout(ANSWER_S)
        # One that drips is never silent for long.
        watch = threading.Timer(WHOLE_ANSWER_S, _hang_up, (connection.sock,))
        watch.daemon = True
        watch.start()
        try:
            response = connection.getresponse()
            data = response.read(MAX_RESPONSE)
        finally:
            watch.cancel()
        if response.status == _UNAUTHORIZED:
            raise GivenUp(f"the printer at {self._printer} asks for a password: let this computer print without one")
        if response.status != _HTTP_OK:
            raise GivenUp(f"the printer at {self._printer} does not speak IPP there (HTTP {response.status})")
        try:
            return decode_answer(data)
        except ValueError:
            raise GivenUp(f"the printer at {self._printer} answered something that isn't IPP") from None


def _was_begun(job: IppAnswer) -> bool:
    """Whether a job was ever worked on (RFC 8011, section 5.3.14.2: without a value until then)."""
    return job.number("time-at-processing") is not None


def read_printer_status(printer: IppAnswer) -> PrinterStatus:
    """The state in a printer's attributes. A reason that ends with -warning or -report does not stop it; one with
    -error, or without an ending, does (RFC 8011, section 5.4.12)."""
    state, reasons = printer.number("printer-state"), printer.words("printer-state-reasons")
    problems = [_PROBLEMS[name] for reason in reasons if (name := reason.removesuffix("-error")) in _PROBLEMS]
    stopping = [reason for reason in reasons if reason != "none" and not reason.endswith(("-warning", "-report"))]
    if state == _STOPPED and not problems:
        problems.append(PrinterProblem.OTHER)
    if printer.number("printer-is-accepting-jobs") == 0:
        problems.append(PrinterProblem.NOT_ACCEPTING)
    problems = list(dict.fromkeys(problems))
    known = {*_PROBLEMS, *(str(problem) for problem in problems)}
    said = (*stopping, *printer.words("printer-state-message")) if problems else ()
    more = (word for word in said if word and word.removesuffix("-error").lower().rstrip(".") not in known)
    return PrinterStatus(tuple(problems), None, state == _PROCESSING, printable(", ".join(more), 120))


def _warnings(printer: IppAnswer) -> list[PrinterProblem]:
    """All that may be why a job does not go on, however the printer rates it."""
    names = [reason.rpartition("-") for reason in printer.words("printer-state-reasons")]
    found = [head if ending in ("error", "warning", "report") else f"{head}-{ending}" for head, _, ending in names]
    return list(
        dict.fromkeys(_PROBLEMS[name.removeprefix("-")] for name in found if name.removeprefix("-") in _PROBLEMS)
    )


def _requested(names: Iterable[str]) -> list[Attribute]:
    """Values after the first one have no name of their own (RFC 8010, section 3.1.5)."""
    return [(Tag.KEYWORD, "" if at else "requested-attributes", name) for at, name in enumerate(names)]


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "bss-mfg"


def _connect_words(error: OSError) -> str:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message
        return f"its certificate is not trusted: {said}; name a file with it in SSL_CERT_FILE, or use ipp://"
    return "no such host" if isinstance(error, socket.gaierror) else error_words(error)
