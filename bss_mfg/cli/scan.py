"""scan: the station, with a hand scanner or with phones."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.streams import reader_left
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.cli.scan_phone import PhoneAddress
    from bss_mfg.station.answers import ScanAnswer
    from bss_mfg.station.keystrokes import Happening
    from bss_mfg.station.station import Station
    from bss_mfg.station.tally import StationCounts

_HAPPENINGS = {
    "UNPLUGGED": "The scanner is unplugged: waiting until it is back.",
    "PLUGGED_IN": "The scanner is back: scan on.",
}
_COLOURS = {"good": "green", "note": "yellow", "bad": "red"}


@click.command(epilog="Example: bss-mfg scan bulb-2026-11 --operator Ann")
@click.argument("batch_id", metavar="[BATCH]", required=False)
@click.option("--units", "with_units", is_flag=True, help="After each package, also scan the devices in it.")
@click.option(
    "--port",
    help="Read a scanner on this serial port (COM3, /dev/ttyUSB0); needs pyserial. With --phone: the page's port "
    "(8443; 0: any that is free).",
)
@click.option(
    "--baud", type=WholeNumber(50, 4_000_000), default=9600, show_default=True, help="Speed of the serial port."
)
@click.option("--phone", is_flag=True, help="Read with the cameras of phones, which open a page of this computer.")
@click.option(
    "--address", metavar="IP", help="With --phone: this computer's address that the phones reach; default: its own."
)
@click.option(
    "--setup-sheet",
    type=click.Path(path_type=Path),
    metavar="FILE.pdf",
    help="Write a page that sets hand scanners right, with symbols that check it, and read nothing.",
)
@click.option("--plain", is_flag=True, help="One line for each read, instead of a full screen.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON document for each read, on one line (docs/formats/json.md).",
)
@pass_app
@click.pass_context
def scan(
    ctx: click.Context,
    app: App,
    batch_id: str | None,
    with_units: bool,
    port: str | None,
    baud: int,
    phone: bool,
    address: str | None,
    setup_sheet: Path | None,
    plain: bool,
    as_json: bool,
) -> None:
    """Check labels with a hand scanner, as a keyboard or on a serial port, or with phones.

    Each read is recorded before it is answered; an empty line is passed over. End with Ctrl-D (Windows: Ctrl-Z and
    Enter), with --phone by Ctrl-C. Exit 1 if a read of this session was wrong, or repeated.
    """
    if setup_sheet:
        _write_setup_sheet(setup_sheet)
        return
    if batch_id is None:
        raise click.UsageError("Missing argument 'BATCH'.")
    where = _phone_address(port, address, with_units) if phone else None
    if address and not phone:
        raise click.UsageError("--address goes with --phone.")
    from bss_mfg.label.expected import WorkspaceLabels
    from bss_mfg.station.keystrokes import Happening
    from bss_mfg.station.serial_port import read_port
    from bss_mfg.station.station import Station
    from bss_mfg.station.terminal import read_terminal

    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        expected = app.workspace.expected_codes(batch.product)
        labels = WorkspaceLabels(app.workspace.root).open(ledger)
        station = Station(ledger, batch, with_units=with_units, expected=expected, zone=app.zone, labels=labels)
        screen = None if plain or as_json or not sys.stdout.isatty() else _Screen(batch_id, station)
        answers = _Answers(station, screen, as_json)
        if where:
            from bss_mfg.cli.scan_phone import Terminal, read_phones

            read_phones(app, station, batch_id, where, Terminal(answers.show, screen.invite if screen else say))
        else:
            if screen:
                screen.draw(None)
            for line in read_port(port, baud) if port else read_terminal() if sys.stdin.isatty() else sys.stdin:
                if isinstance(line, Happening):
                    answers.tell(line)
                elif answer := station.read(line):
                    answers.show(answer)
                    if reader_left():
                        break  # nobody sees the answers any more
        counts = station.counts
    if screen:
        click.echo()
    again = f", {counts.repeated:,} of a label that was read before" if counts.repeated else ""
    say(
        f"{count_words(counts.reads, 'read')}, {counts.wrong:,} wrong{again}; {counts.verified:,} of "
        f"{count_words(counts.packages, 'package')} verified, {counts.missing:,} missing"
    )
    if answers.wrong:
        ctx.exit(1)


def _write_setup_sheet(file: Path) -> None:
    from bss_mfg.core.files import write_atomically
    from bss_mfg.station.setup_sheet import setup_sheet
    from bss_mfg.version import __version__

    write_atomically(file, [setup_sheet(__version__)])
    say(f"{file}: print it, set the scanner, and scan its symbols in a session of `bss-mfg scan`.")


def _phone_address(port: str | None, address: str | None, with_units: bool) -> PhoneAddress:
    """Where the page for phones is served, by the options."""
    from bss_mfg.cli.scan_phone import DEFAULT_PORT, PhoneAddress

    if with_units:
        raise click.UsageError("--units is for the hand scanner: a camera sees labels in no order.")
    number = str(DEFAULT_PORT) if port is None else port
    if not (number.isascii() and number.isdigit() and int(number) < 1 << 16):
        raise click.UsageError(f"With --phone, --port is a number from 0 to 65535, not {number!r}.")
    return PhoneAddress(address, int(number))


class _Answers:
    """Shows answers as they come, and remembers whether one was wrong."""

    def __init__(self, station: Station, screen: _Screen | None, as_json: bool) -> None:
        self._station, self._screen, self._as_json = station, screen, as_json
        self.wrong = False
        self._shown: StationCounts | None = None

    def tell(self, happening: Happening) -> None:
        """Say that the scanner was unplugged or is back; in a pause, show what other stations have read."""
        words = _HAPPENINGS.get(happening.name, "")
        if self._screen:
            counts = replace(self._station.counts, per_minute=0)
            if words or counts != self._shown:
                self._shown = counts
                self._screen.notice(words)
        elif words:
            say(words)

    def show(self, answer: ScanAnswer) -> None:
        """Draw the screen, or print a line; ring where something is wrong, or was read before."""
        if self._screen:
            self._screen.draw(answer)
        else:
            self._print(answer)
        if answer.tone != "good" and answer.word != "OTHER CODE":
            self.wrong = True
            click.echo("\a", nl=False, err=True)

    def _print(self, answer: ScanAnswer) -> None:
        """One read, one line."""
        if self._as_json:
            click.echo(json.dumps({**asdict(answer), **asdict(self._station.counts)}, ensure_ascii=True))
        else:
            click.echo(f"{answer.word}: {' '.join(filter(None, (answer.serials, answer.detail)))}")


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _rows() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines or 50
    except OSError:
        return 50


class _Screen:
    """The full-screen station: the answer in large letters, counts, what is missing, the last ten reads."""

    def __init__(self, batch: str, station: Station) -> None:
        self._batch, self._station = batch, station
        self._last: deque[ScanAnswer] = deque(station.earlier, maxlen=10)
        self._invitation = ""
        self._answer: ScanAnswer | None = None
        self._notice = ""

    def notice(self, words: str) -> None:
        """Draw anew what was shown last, with a notice about the scanner; an empty one leaves that as it is."""
        self._notice = words or self._notice
        self._draw()

    def invite(self, invitation: str) -> None:
        """Show from now on how a phone gets to the page."""
        self._invitation = invitation
        self.draw(None)

    def _most_listed(self) -> int:
        """How many reads are listed: the invitation has to stay in the picture."""
        if not self._invitation:
            return 10
        return max(min(_rows() - 14 - self._invitation.count("\n"), 10), 0)

    def draw(self, answer: ScanAnswer | None) -> None:
        """Draw everything anew: a terminal that lost a line is whole again with the next read."""
        if answer:
            self._last.appendleft(answer)
            self._notice = ""
        self._answer = answer
        self._draw()

    def _draw(self) -> None:
        answer = self._answer
        width = max(min(_columns(), 100), 40)
        counts = self._station.counts
        click.clear()
        click.echo(click.style(f" bss-mfg  {self._batch}", bold=True))
        share = counts.verified * (width - 4) // max(counts.packages, 1)
        click.echo(f" [{'#' * share}{'.' * (width - 4 - share)}]")
        click.echo(
            f" verified {counts.verified:,} of {counts.packages:,}   missing {counts.missing:,}   "
            f"reads {counts.reads:,}   wrong {counts.wrong:,}   again {counts.repeated:,}   {counts.per_minute}/min"
        )
        click.echo(click.style(f" {self._notice}", fg="yellow", bold=True) if self._notice else "")
        word, tone = (answer.word, answer.tone) if answer else ("READY", "note")
        colour = _COLOURS[tone]
        for text in ("", word, ""):
            click.echo(click.style(text.center(width), bg=colour, fg="black", bold=True))
        click.echo(click.style(" " + (answer.serials if answer else "Scan a label."), bold=True))
        click.echo(" " + (answer.detail if answer else ""))
        click.echo()
        for item in itertools.islice(self._last, self._most_listed()):
            mark = {"good": "ok  ", "note": "note", "bad": "BAD "}[item.tone]
            click.echo(
                click.style(f" {mark} ", fg=_COLOURS[item.tone]) + f"{item.word:<16.16} {item.serials[: width - 26]}"
            )
        missing = self._station.missing(5)
        click.echo()
        click.echo(f" still missing: {', '.join(missing)}{' ...' if counts.missing > len(missing) else ''}"[:width])
        click.echo(f"\n{self._invitation}" if self._invitation else " > ", nl=False)
