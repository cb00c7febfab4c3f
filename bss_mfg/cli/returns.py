"""returns: where a box went, and that it came back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, print_text, say
from bss_mfg.cli.language_option import language_option
from bss_mfg.cli.parameters import Reason
from bss_mfg.cli.station_screen import Answers, Face, View, port_options, scanned_lines, serve_desk, show_options
from bss_mfg.core.languages import SEMICOLON, Language, counted, joined, moment, phrase

if TYPE_CHECKING:
    from bss_mfg.station.packing_answers import DeskAnswer
    from bss_mfg.station.returns import ReturnsDesk


@click.command(epilog='Example: bss-mfg returns --reason "damaged in transport"')
@click.argument("codes", metavar="[CODE]...", nargs=-1, shell_complete=suggestions.serials)
@click.option("--reason", type=Reason(), default=None, help="Mark what is scanned as returned, for this reason.")
@click.option("--verify", is_flag=True, help="A label that reads right here counts as read right again.")
@port_options
@show_options
@language_option
@pass_app
@click.pass_context
def returns(
    ctx: click.Context,
    app: App,
    codes: tuple[str, ...],
    reason: str | None,
    verify: bool,
    port: str | None,
    baud: int,
    plain: bool,
    as_json: bool,
) -> None:
    """Look up any label of any batch by scanning, say where it went, and take it back.

    A package's barcode, a code with a serial or Device UUID, or the label of a carton or pallet. Without CODE a scanner
    is read until Ctrl-D (Windows: Ctrl-Z and Enter). With --reason a shipped package counts as returned, is in no
    carton any more, and is read again before it leaves: --verify does that with the same scan. Exit 1 if something was
    not found, or was not shipped and is to be returned.
    """
    from bss_mfg.station.returns import ReturnsDesk, ReturnsRequest

    with app.workspace.open_ledger(app.actor) as ledger:
        desk = ReturnsDesk(ledger, ReturnsRequest(reason or "", verify), app.zone)
        answers = Answers(_face(desk, reason, app.language), plain=plain or bool(codes), as_json=as_json)
        if codes:
            for code in codes:
                if answer := desk.read(code):
                    answers.show(answer)
                    if not as_json:
                        _tell_way(app, answer)
        else:
            serve_desk(scanned_lines(port, baud), desk.read, answers)
    answers.end()
    counts = desk.counts
    reads = counted("{count:,} read", "{count:,} reads", counts.reads)
    did = phrase(
        "{returned:,} returned, {verified:,} verified again, {unknown:,} not found",
        returned=counts.returned,
        verified=counts.verified,
        unknown=counts.unknown,
    )
    say(app.language(joined(SEMICOLON, (reads, did))))
    if answers.wrong:
        ctx.exit(1)


def _tell_way(app: App, answer: DeskAnswer) -> None:
    for step in answer.way:
        print_text(f"  {app.language(moment(app.zone.shown(step.at)))}  {app.language(step.words)}")


def _face(desk: ReturnsDesk, reason: str | None, language: Language) -> Face:
    """The desk as it is shown."""

    def view() -> View:
        counts = desk.counts
        return View(
            language.said("returns: {reason}", reason=reason) if reason else language.said("returns"),
            counts.returned,
            counts.reads,
            language.said(
                "reads {reads:,}   returned {returned:,}   verified again {verified:,}   not found {unknown:,}",
                reads=counts.reads,
                returned=counts.returned,
                verified=counts.verified,
                unknown=counts.unknown,
            ),
        )

    def as_json(answer: Any) -> str:
        return json.dumps({**asdict(answer), **asdict(desk.counts)}, ensure_ascii=True)

    return Face(view, as_json, language=language)
