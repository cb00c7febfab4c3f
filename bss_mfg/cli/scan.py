"""scan: the station, with a hand scanner or with phones."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.language_option import language_option
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.station_screen import Answers, Face, View, scanned_lines, serve_desk, show_options
from bss_mfg.core.languages import COMMA, SEMICOLON, Language, counted, joined, phrase

if TYPE_CHECKING:
    from bss_mfg.cli.scan_phone import PhoneAddress
    from bss_mfg.station.station import Station
    from bss_mfg.station.tally import StationCounts


@click.command(epilog="Example: bss-mfg scan bulb-2026-11 --operator Ann")
@click.argument("batch_id", metavar="[BATCH]", required=False, shell_complete=suggestions.batches)
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
@show_options
@language_option
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
    from bss_mfg.station.station import Station

    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        expected = app.workspace.expected_codes(batch.product)
        labels = WorkspaceLabels(app.workspace.root).open(ledger)
        station = Station(ledger, batch, with_units=with_units, expected=expected, zone=app.zone, labels=labels)
        answers = Answers(_face(batch_id, station, app.language), plain=plain, as_json=as_json)
        if where:
            from bss_mfg.cli.scan_phone import Terminal, read_phones

            invite = answers.screen.invite if answers.screen else say
            read_phones(app, station, batch_id, where, Terminal(answers.show, invite))
        else:
            serve_desk(scanned_lines(port, baud), station.read, answers)
        counts = station.counts
    answers.end()
    say(app.language(_summary(counts)))
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


def _summary(counts: StationCounts) -> str:
    """What a session leaves behind."""
    reads = counted("{count:,} read", "{count:,} reads", counts.reads)
    wrong = phrase("{reads}, {wrong:,} wrong", reads=reads, wrong=counts.wrong)
    again = phrase("{count:,} of a label that was read before", count=counts.repeated) if counts.repeated else ""
    done = counted(
        "{verified:,} of {count:,} package verified, {missing:,} missing",
        "{verified:,} of {count:,} packages verified, {missing:,} missing",
        counts.packages,
        verified=counts.verified,
        missing=counts.missing,
    )
    return joined(SEMICOLON, (joined(COMMA, (wrong, again)), done))


def _face(batch_id: str, station: Station, language: Language) -> Face:
    """The station as it is shown."""

    def view() -> View:
        counts = station.counts

        def foot() -> str:
            missing = station.missing(5)
            more = " ..." if counts.missing > len(missing) else ""
            return f" {language.said('still missing: {serials}', serials=', '.join(missing) + more)}"

        return View(
            batch_id,
            counts.verified,
            counts.packages,
            language.said(
                "verified {verified:,} of {packages:,}   missing {missing:,}   reads {reads:,}   wrong {wrong:,}   "
                "again {repeated:,}   ",
                verified=counts.verified,
                packages=counts.packages,
                missing=counts.missing,
                reads=counts.reads,
                wrong=counts.wrong,
                repeated=counts.repeated,
            ),
            language.said("{count}/min", count=counts.per_minute),
            foot,
        )

    def as_json(answer: Any) -> str:
        return json.dumps({**asdict(answer), **asdict(station.counts)}, ensure_ascii=True)

    return Face(view, as_json, station.earlier, language=language)
