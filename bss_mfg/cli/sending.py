"""`--send`: where labels go, and what is said of how they got there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import Command, say
from bss_mfg.cli.progress import SendingDisplay
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.printing.send_batch import SentLabels
    from bss_mfg.label.template.printer import Printer

OWN_ADDRESS = "printer"
"""What `--send` without a value stands for."""


def send_address(printer: Printer, send: str | None) -> str | None:
    """The address to send to, checked before anything is made; None if nothing is sent."""
    from bss_mfg.label.printing.send_batch import printer_address

    if send is None:
        return None
    if not send or (send == OWN_ADDRESS and not printer.address):
        raise click.UsageError(f"The printer {printer.name} has no address: give --send tcp://HOST:9100 or another.")
    return printer_address(printer, "" if send == OWN_ADDRESS else send)


def send_option(what: str) -> Callable[[Command], Command]:
    """`--send`, with an address or without one."""
    return click.option("--send", is_flag=False, flag_value=OWN_ADDRESS, metavar="[ADDRESS]", help=what)


def send_data(printer: Printer, address: str, data: bytes, name: str) -> None:
    """Send what was drawn for a printer, as a job of this name; `MissingError` where it did not take all."""
    from bss_mfg.errors import MissingError
    from bss_mfg.label.printing.formats import split_formats
    from bss_mfg.label.printing.sending import PrintJob, SendOutcome
    from bss_mfg.label.printing.ways import open_way

    with SendingDisplay(printer.name) as display:
        way = open_way(address, printer.language, asks=printer.ask_status)
        job = PrintJob(split_formats(data, printer.language), name)
        result = way.send(job, patience=display.patience(printer.patience_s))
    if result.outcome is SendOutcome.STOPPED:
        raise KeyboardInterrupt
    if result.outcome is not SendOutcome.SENT:
        way_out = result.status.way_out if result.status else ""
        raise MissingError(result.reason, way_out=way_out or "Check the printer and its address.")


def say_sent(sent: SentLabels) -> None:
    """What a printer got now, and what it had got before."""
    if sent.passed_over:
        names = ", ".join(sent.passed_over[:3]) + (" and others" if len(sent.passed_over) > 3 else "")
        say(f"Passed over: {count_words(len(sent.passed_over), 'file')} sent before, {names}")
    say(f"OK: {count_words(sent.labels, 'label')} handed over to {sent.address}{_printed_words(sent)}")


def _printed_words(sent: SentLabels) -> str:
    """What is known of how many came out."""
    status, printed = sent.status, sent.printed
    if status is None:
        return ""
    said = f"; the printer says: {status.words}. {status.way_out}" if status.problems else ""
    if printed is None:
        return said
    if printed >= sent.labels:
        return f", and printed{said}"
    more = " Leave it on: it has the rest" if said else ""
    return f", {sent.labels - printed:,} of them not printed yet{said}{more}"


def sent_record(sent: SentLabels) -> dict[str, Any]:
    """What a printer got, as plain data: handed over, and printed as far as it says."""
    said = sent.status.words if sent.status else None
    return {"to": sent.address, "labels": sent.labels, "printed": sent.printed, "printer": said}
