"""scan: the hand-scanner station."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.streams import reader_left
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.station.station import ScanAnswer, Station

_COLOURS = {"good": "green", "note": "yellow", "bad": "red"}


@click.command(epilog="Example: bss-mfg scan bulb-2026-11 --operator Ann")
@click.argument("batch_id", metavar="BATCH")
@click.option("--units", "with_units", is_flag=True, help="After each package, also scan the devices in it.")
@click.option("--port", help="Read a scanner on this serial port (COM3, /dev/ttyUSB0); needs pyserial.")
@click.option(
    "--baud", type=WholeNumber(50, 4_000_000), default=9600, show_default=True, help="Speed of the serial port."
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
    batch_id: str,
    with_units: bool,
    port: str | None,
    baud: int,
    plain: bool,
    as_json: bool,
) -> None:
    """Check labels with a hand scanner that types like a keyboard, or on a serial port.

    Each read is recorded before it is answered; an empty line is passed over. End with Ctrl-D (Windows: Ctrl-Z and
    Enter). Exit 1 if a read of this session was wrong.
    """
    from bss_mfg.station.serial_port import read_port
    from bss_mfg.station.station import Station, Tone

    with app.workspace.open_ledger(app.actor) as ledger:
        station = Station(ledger, ledger.batches.get(batch_id), with_units=with_units)
        screen = None if plain or as_json or not sys.stdout.isatty() else _Screen(batch_id, station)
        if screen:
            screen.draw(None)
        wrong = False
        for line in read_port(port, baud) if port else sys.stdin:
            answer = station.read(line)
            if answer is None:
                continue
            if screen:
                screen.draw(answer)
            else:
                _print_answer(answer, station, as_json)
            if answer.tone is Tone.BAD:
                wrong = True
                click.echo("\a", nl=False, err=True)
            if reader_left():
                break  # nobody sees the answers any more
        counts = station.counts
    if screen:
        click.echo()
    say(
        f"{count_words(counts.reads, 'read')}, {counts.wrong:,} wrong; {counts.verified:,} of "
        f"{count_words(counts.packages, 'package')} verified, {counts.missing:,} missing"
    )
    if wrong:
        ctx.exit(1)


def _print_answer(answer: ScanAnswer, station: Station, as_json: bool) -> None:
    """One read, one line."""
    if as_json:
        click.echo(json.dumps({**asdict(answer), **asdict(station.counts)}, ensure_ascii=True))
    else:
        click.echo(f"{answer.word}: {' '.join(filter(None, (answer.serials, answer.detail)))}")


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


class _Screen:
    """The full-screen station: the answer in large letters, counts, what is missing, the last ten reads."""

    def __init__(self, batch: str, station: Station) -> None:
        self._batch, self._station = batch, station
        self._last: deque[ScanAnswer] = deque(station.earlier, maxlen=10)

    def draw(self, answer: ScanAnswer | None) -> None:
        """Draw everything anew: a terminal that lost a line is whole again with the next read."""
        width = max(min(_columns(), 100), 40)
        counts = self._station.counts
        if answer:
            self._last.appendleft(answer)
        click.clear()
        click.echo(click.style(f" bss-mfg  {self._batch}", bold=True))
        share = counts.verified * (width - 4) // max(counts.packages, 1)
        click.echo(f" [{'#' * share}{'.' * (width - 4 - share)}]")
        click.echo(
            f" verified {counts.verified:,} of {counts.packages:,}   missing {counts.missing:,}   "
            f"reads {counts.reads:,}   wrong {counts.wrong:,}   {counts.per_minute}/min"
        )
        click.echo()
        word, tone = (answer.word, answer.tone) if answer else ("READY", "note")
        colour = _COLOURS[tone]
        for text in ("", word, ""):
            click.echo(click.style(text.center(width), bg=colour, fg="black", bold=True))
        click.echo(click.style(" " + (answer.serials if answer else "Scan a label."), bold=True))
        click.echo(" " + (answer.detail if answer else ""))
        click.echo()
        for item in self._last:
            mark = {"good": "ok  ", "note": "note", "bad": "BAD "}[item.tone]
            click.echo(
                click.style(f" {mark} ", fg=_COLOURS[item.tone]) + f"{item.word:<16.16} {item.serials[: width - 26]}"
            )
        missing = self._station.missing(5)
        click.echo()
        click.echo(f" still missing: {', '.join(missing)}{' ...' if counts.missing > len(missing) else ''}"[:width])
        click.echo(" > ", nl=False)
