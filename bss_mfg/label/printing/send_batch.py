"""A batch's label files to a printer: never twice by mistake, with an event in the history before and after each, and
one account of the whole command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bss_mfg.core.files import is_complete, read_bytes, sha256_of
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.text import count_words
from bss_mfg.errors import BssError, InputError, MissingError, RefusedError, StoppedError
from bss_mfg.label.make import LabelFiles
from bss_mfg.label.printing.formats import prints_by_format, split_formats
from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.status import PrinterStatus
from bss_mfg.label.printing.ways import Way, open_way
from bss_mfg.label.selection import serial_of_label
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.printer_address import parse_address
from bss_mfg.ledger.batch_lock import BatchWork
from bss_mfg.ledger.events import LabelsCutOff, LabelsNotSent, LabelsSending, LabelsSent, LabelsToSendAgain
from bss_mfg.ledger.labels_in_force import LabelsInForce
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.prints import SendState
from bss_mfg.model import Batch, LabelFile

MAX_FILE = 1 << 32
"""Bytes."""

_EVENTS = {
    SendOutcome.SENT: LabelsSent,
    SendOutcome.CUT_OFF: LabelsCutOff,
    SendOutcome.STOPPED: LabelsCutOff,
    SendOutcome.NOT_SENT: LabelsNotSent,
}


@dataclass(frozen=True, slots=True)
class GoOn:
    """The commands that go on with a sending: `repeat` sends what was not sent of the same files; `rest` makes the
    labels from one on anew and sends them, given the number of that label and of those behind it."""

    repeat: str
    rest: Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Where label files go. `again` sends what was sent before, too; `asks`: whether the printer is asked for its state
    before and after. `owned`: nobody but the caller has these files to send, so others may send labels of the same
    batch meanwhile."""

    address: str
    go_on: GoOn
    again: bool = False
    asks: bool = True
    owned: bool = False
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class SentLabels:
    """How many labels were handed over now, and which files were passed over for they had been sent whole before.
    `status`: what the printer said at the end, None where it does not say; `printed`: how many of these labels had come
    out then, None likewise."""

    address: str
    labels: int
    passed_over: tuple[str, ...] = ()
    status: PrinterStatus | None = None
    printed: int | None = None


@dataclass(frozen=True, slots=True)
class _FileToSend:
    path: Path
    sha256: str
    labels: int
    """How many it holds."""
    index: int
    """Its place among the files that were made."""
    made: LabelFile


def printer_address(printer: Printer, address: str) -> str:
    """The address to send to: the one given, or if that is empty the printer's own. `InputError` where there is none,
    or where what is made for the printer is no printer's language."""
    found = address or printer.address
    if not found:
        raise InputError(
            f"the printer {printer.name} has no address", where="--send", way_out="Give --send tcp://HOST:9100."
        )
    is_queue = parse_address(found).scheme in ("ipp", "ipps")
    if not prints_by_format(printer.language) and not printer.address and not is_queue:
        raise InputError(
            f"the printer {printer.name} makes {printer.language.upper()} files, and a raw port takes a printer's own "
            "language: nothing was sent",
            where="--send",
            way_out="Name a label printer, such as a ZPL one (`bss-mfg printer list`), or send the files to a queue "
            "(cups://QUEUE). Where the printer itself takes such files, write its address into a printer file "
            "(`bss-mfg printer add`).",
        )
    return found


def send_batch_labels(
    ledger: Ledger, batch: Batch, made: LabelFiles, request: SendRequest, *, progress: Progress = no_progress
) -> SentLabels:
    """Send label files to a printer, and record what was handed over.

    Files that were sent whole before are passed over, unless `request.again`; one that was cut off is refused, until
    its rest was made again. A printer that breaks off is an error that says how many labels were handed over by this
    command, how many are left, which is the first of them, and how to go on; the history has it. Each file is noted
    before its first byte too, so that a run that was killed while sending is not repeated by mistake.
    """
    way = open_way(request.address, made.layout.printer.language, asks=request.asks)
    with nullcontext() if request.owned else ledger.locked(batch.id, BatchWork.SENDING):
        files = _files_to_send(ledger, batch, made)
        left = files if request.again else list(_unsent(ledger, batch, files, made, request))
        if request.again:
            states = ledger.prints.send_states(batch.id)
            again = [LabelsToSendAgain(file=one.path.name, sha256=one.sha256) for one in files if one.sha256 in states]
            ledger.history.append(batch.id, *again) if again else None
        total, done, end = sum(one.labels for one in left), 0, None
        begun: set[str] = set()
        for number, one in enumerate(left):

            def tell(sent: int, _: int, before: int = done, index: int = one.index) -> None:
                progress(before + made.labels_in(index, sent), total)

            job = _job(one, made, first=number == 0, last=number == len(left) - 1)
            # Sets of copies may have the same bytes: what this command sent is no other's.
            asked = replace(request, again=True) if one.sha256 in begun else request
            begun.add(one.sha256)
            end, labels = _send_file(ledger, batch, made, one, way, job, asked, tell)
            done += labels
            if end.outcome is not SendOutcome.SENT:
                raise _Account(ledger, batch, made, request, done, total).error(end, one, labels, left[number + 1 :])
        passed_over = tuple(one.path.name for one in files if one not in left)
        status = end.status if end else None
        return SentLabels(request.address, done, passed_over, status, _printed(status, done, left, made))


def _job(one: _FileToSend, made: LabelFiles, *, first: bool, last: bool) -> PrintJob:
    data = read_bytes(one.path, "label file", MAX_FILE)
    return PrintJob(split_formats(data, made.layout.printer.language), one.path.stem, first, last)


def _printed(status: PrinterStatus | None, done: int, left: Sequence[_FileToSend], made: LabelFiles) -> int | None:
    """How many of the labels handed over have come out, as far as the printer says."""
    if status is None or status.waiting is None:
        return done if status and status.is_idle else None
    waiting = status.waiting  # formats: each is a page, with one label or more
    for one in reversed(left):
        start_at = made.extents[one.index][1]
        pages = -(-(one.labels + start_at - 1) // len(made.layout.places))
        done -= one.labels - made.labels_in(one.index, max(pages - waiting, 0))
        waiting = max(waiting - pages, 0)
    return done


def all_sent(ledger: Ledger, batch: Batch, made: LabelFiles) -> bool:
    """Whether every label file went to a printer before, whole or with its rest made again."""
    states = ledger.prints.send_states(batch.id)
    in_force = ledger.prints.in_force(batch.id, made.layout.template.definition.each)
    files = _files_to_send(ledger, batch, made)
    return all(_is_done(one, files[at:], states, in_force) for at, one in enumerate(files, 1))


def none_of_what_was_sent(ledger: Ledger, batch: Batch, made: LabelFiles) -> bool:
    """Whether labels of the batch went to a printer before, and none of these files is among them."""
    states = ledger.prints.send_states(batch.id)
    return bool(states) and states.keys().isdisjoint(one.sha256 for one in _files_to_send(ledger, batch, made))


def _is_done(
    one: _FileToSend, later: Sequence[_FileToSend], states: Mapping[str, SendState], in_force: LabelsInForce
) -> bool:
    """Whether nothing of a file is left to send: it went whole, or its rest was made again. Of one that was cut off
    once all its labels were handed over, the rest are the later files of its set of copies."""
    state = states.get(one.sha256)
    if state is None:
        return False
    if state.sent or in_force.outdated_in(one.made):
        return True
    rest = [at for at, file in enumerate(later, 1) if file.made.copy == one.made.copy]
    handed_over = (state.labels or 0) >= one.labels
    return handed_over and bool(rest) and all(_is_done(later[at - 1], later[at:], states, in_force) for at in rest)


def _files_to_send(ledger: Ledger, batch: Batch, made: LabelFiles) -> list[_FileToSend]:
    files = []
    known = {(file.file, file.sha256): file for file in ledger.prints.label_files(batch.id)}
    for index, path in enumerate(made.files):
        if not is_complete(path):
            raise MissingError(
                "was made, and is not there any more",
                where=path,
                way_out=f"Put it back; `bss-mfg labels {batch.id} --again` makes it again, with the same bytes.",
            )
        sha256 = sha256_of(path)
        label_file = known.get((path.name, sha256))
        if label_file is None:
            raise RefusedError(
                "was altered: it is not the file that was made",
                where=path,
                way_out=f"`bss-mfg labels {batch.id} --again` makes it again once it is moved away.",
            )
        files.append(_FileToSend(path, sha256, made.extents[index][0], index, label_file))
    return files


def _send_states(
    ledger: Ledger, batch: Batch, files: Sequence[_FileToSend], request: SendRequest
) -> Mapping[str, SendState]:
    """SHA-256 of each file that went to a printer -> how far. Whose files are nobody else's sends them, also where
    another file with the same bytes was sent before."""
    if not request.owned:
        return ledger.prints.send_states(batch.id)
    states = ledger.prints.send_states_by_name(batch.id)
    found = {one.sha256: states.get((one.path.name, one.sha256)) for one in files}
    return {sha: state for sha, state in found.items() if state}


def _unsent(
    ledger: Ledger, batch: Batch, files: Sequence[_FileToSend], made: LabelFiles, request: SendRequest
) -> Iterator[_FileToSend]:
    """The files that were never sent; `RefusedError` where that are none, or one was begun and its rest is open."""
    states = _send_states(ledger, batch, files, request)
    each = made.layout.template.definition.each
    in_force = ledger.prints.in_force(batch.id, each)
    found = 0
    for at, one in enumerate(files, 1):
        state = states.get(one.sha256)
        if state is None:
            found += 1
            yield one
        elif not _is_done(one, files[at:], states, in_force):
            rest = _rest(one, state.labels or 0, files[at:])
            account = _Account(ledger, batch, made, request, 0, 0)
            raise RefusedError(
                f"{one.path.name} was sent to a printer before ({state.words})",
                way_out="Check what was printed. To send it again on purpose, add --again; to continue after the last "
                f"good label, add --from SERIAL --again: {account.rest_words(one, rest, files)}",
            )
    if files and not found:
        first, state = files[0], states[files[0].sha256]
        more = f", and {count_words(len(files) - 1, 'more file')} too" if len(files) > 1 else ""
        raise RefusedError(
            f"{first.path.name} was sent to a printer before ({state.words}){more}",
            way_out="Check what was printed. To send it again on purpose, add --again; to continue after the last "
            "good label, add --from SERIAL --again.",
        )


def _send_file(
    ledger: Ledger,
    batch: Batch,
    made: LabelFiles,
    one: _FileToSend,
    way: Way,
    job: PrintJob,
    request: SendRequest,
    progress: Progress,
) -> tuple[SendResult, int]:
    """Send one file; what came of it, and how many of its labels were handed over at most."""
    said: dict[str, Any] = {
        "file": one.path.name,
        "sha256": one.sha256,
        "address": request.address,
        "total": one.labels,
    }
    with ledger.transaction():
        if not request.again and (state := _send_states(ledger, batch, [one], request).get(one.sha256)):
            raise RefusedError(
                f"{one.path.name} was sent to a printer by another command just now ({state.words})",
                way_out="Check what was printed there.",
            )
        ledger.history.append(batch.id, LabelsSending(**said))
    result = way.send(job, patience=request.patience, progress=progress)
    labels = _labels_at_most(result, made, one)
    kind = _EVENTS[result.outcome] if result.bytes_sent or result.outcome is SendOutcome.SENT else LabelsNotSent
    ledger.history.append(batch.id, kind(**said, labels=labels, bytes_sent=result.bytes_sent))
    return result, labels


def _labels_at_most(result: SendResult, made: LabelFiles, one: _FileToSend) -> int:
    """How many labels of a file can have been printed."""
    if prints_by_format(made.layout.printer.language):
        return made.labels_in(one.index, result.labels)
    if result.pages is not None:
        return min(made.labels_in(one.index, result.pages), one.labels)
    # Of any other file nobody can tell what of it was printed.
    return one.labels if result.bytes_sent else 0


def _rest(one: _FileToSend, labels: int, later: Sequence[_FileToSend]) -> list[int]:
    """The numbers of a file's labels that come after the first ones, and those of its set in the files after it."""
    rest = list(one.made.numbers[labels // one.made.repeat :])
    return rest + [number for file in later if file.made.copy == one.made.copy for number in file.made.numbers]


@dataclass(frozen=True, slots=True)
class _Account:
    """What a command has sent and what is left, in words: `done` labels of `total`."""

    ledger: Ledger
    batch: Batch
    made: LabelFiles
    request: SendRequest
    done: int
    total: int

    def error(self, result: SendResult, one: _FileToSend, labels: int, later: Sequence[_FileToSend]) -> BssError:
        """How sending ended before its end, and how to go on."""
        rest = _rest(one, labels, later)
        left = self.total - self.done
        begun = result.bytes_sent > 0
        counted = (
            f"at most {self.done:,} of {self.total:,} labels" if begun else f"{self.done:,} of {self.total:,} labels"
        )
        what = f"{result.reason}: {counted} were printed"
        if rest:
            what += f"; {left:,} {'is' if left == 1 else 'are'} left, from {self._serial(rest[0])} on ({one.path.name}"
            what += (
                f", and {count_words(len(later), 'file')} {'was' if len(later) == 1 else 'were'} not sent)"
                if later
                else ")"
            )
        if result.status and result.status.problems:
            way_out = (
                f"Nothing was printed. {result.status.way_out} Then run the command again: "
                f"`{self.request.go_on.repeat}`. If the printer is wrong: ask_status = false in its file sends unasked."
            )
        elif not begun:
            nothing = "" if self.done else "Nothing was printed; check the printer and run the command again: "
            way_out = (
                f"{nothing or 'Check the printer, then continue with what was not sent: '}`{self.request.go_on.repeat}`"
            )
        else:
            way_out = f"Look at the last label that came out. {self.rest_words(one, rest, later)}"
        stopped = result.outcome is SendOutcome.STOPPED
        return (StoppedError if stopped else MissingError)(what, way_out=way_out, continues=not begun)

    def rest_words(self, one: _FileToSend, rest: Sequence[int], later: Sequence[_FileToSend]) -> str:
        """The command that goes on with the rest, and whose serial to put into it."""
        # Everything was handed over, and may still not have come out: then the last one is begun with.
        rest = rest or one.made.numbers[-1:]
        words = f"if all before {self._serial(rest[0])} are good, `{self.request.go_on.rest(rest)}` continues with it; "
        words += "else scan the last good label, --after SCAN --again, or name the next one there, "
        words += "--from SERIAL --again (the index beside the files has the order)."
        if sets := max((file.made.copy for file in later), default=one.made.copy) - one.made.copy:
            words += f" That is the rest of this set of copies: {count_words(sets, 'more set')} were not sent."
        return words[0].upper() + words[1:]

    def _serial(self, number: int) -> str:
        return serial_of_label(self.ledger, self.batch, self.made.layout.template, number)
