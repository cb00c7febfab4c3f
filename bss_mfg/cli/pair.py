"""station pair: the packing table with a radio."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, say
from bss_mfg.cli.device_radio import open_radio, radio_option
from bss_mfg.cli.language_option import language_option
from bss_mfg.cli.parameters import Number, WholeNumber
from bss_mfg.cli.station_screen import (
    Answer,
    Answers,
    Face,
    View,
    Working,
    port_options,
    scanned_lines,
    serve_desk,
    show_options,
)
from bss_mfg.core.languages import COMMA, SEMICOLON, Language, counted, joined, phrase

if TYPE_CHECKING:
    from bss_mfg.device.check import CheckProgress
    from bss_mfg.station.pairing import PairingTable

_NO_TIME = 0.0
"""Of a scan that asks whether there is a radio at all: the system's is not opened before."""


@click.command(epilog="Example: bss-mfg station pair bulb-2026-11 --floor -60")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@radio_option
@click.option(
    "--floor", type=WholeNumber(-127, 20), metavar="DBM", help="Hear only what is as strong as this: a shield box."
)
@click.option(
    "--find",
    "find_s",
    type=Number(0.1, 600),
    default=5.0,
    show_default=True,
    help="Seconds to look for the devices of a box.",
)
@click.option(
    "--at-once",
    type=WholeNumber(1, 64),
    default=8,
    show_default=True,
    help="Devices of a box that are asked at the same time; a dongle with room for fewer links takes turns.",
)
@port_options
@show_options
@language_option
@pass_app
@click.pass_context
def pair(
    ctx: click.Context,
    app: App,
    batch_id: str,
    transport: str,
    floor: int | None,
    find_s: float,
    at_once: int,
    port: str | None,
    baud: int,
    plain: bool,
    as_json: bool,
) -> None:
    """Scan boxes, and let the devices in them prove their keys.

    The devices of a box are found by their Device UUIDs; all of them are checked at once, as by `device check`, and
    stay unprovisioned. Where one isn't there, the strongest other device that is new here is named: the right label on
    the wrong device. Devices that were proven before are not asked again. Each attempt stands in the history; a fourth
    one of a unit is refused. End with Ctrl-D (Windows: Ctrl-Z and Enter). Exit 1 if a box failed, or a label was wrong
    or repeated. Needs the extra 'device'.
    """
    import asyncio
    from contextlib import AsyncExitStack

    from bss_mfg.device.check import CheckOptions, Patience
    from bss_mfg.device.unit_checks import KeySource
    from bss_mfg.station.pairing import PairingTable, PairOptions

    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        ledger.batches.refuse_retired(batch_id)
        codes, oob = app.workspace.expected_codes(batch.product), app.workspace.expected_oob(batch.product)
        with app.vault(ledger) as vault, asyncio.Runner() as runner:
            opened = AsyncExitStack()
            say(app.language.said("Opening the radio ({radio}). Then scan the labels of boxes.", radio=transport))
            radio = runner.run(opened.enter_async_context(open_radio(transport)))
            try:
                runner.run(radio.scan(_NO_TIME, lambda sighting: True))
                checking = CheckOptions(Patience(find=find_s), at_once, lambda step: answers.work(_working(step)))
                options = PairOptions(checking, floor, oob, codes)
                table = PairingTable(KeySource(ledger, vault), batch, radio, options)
                answers = Answers(_face(batch_id, table, app.language), plain=plain, as_json=as_json)
                serve_desk(scanned_lines(port, baud), lambda line: runner.run(table.read(line)), answers)
            finally:
                runner.run(opened.aclose())
        counts = table.counts
    answers.end()
    boxes = counted("{count:,} box proven", "{count:,} boxes proven", counts.boxes)
    failed = phrase("{count:,} failed", count=counts.failed)
    devices = counted(
        "{proven:,} of {count:,} device of batch {batch} proven",
        "{proven:,} of {count:,} devices of batch {batch} proven",
        counts.units,
        proven=counts.proven,
        batch=batch_id,
    )
    say(app.language(joined(SEMICOLON, (joined(COMMA, (boxes, failed)), devices))))
    if answers.wrong:
        ctx.exit(1)


def _working(progress: CheckProgress) -> Working:
    """What is being done, for whoever stands there and waits."""
    from bss_mfg.station.device_words import step_words

    return Working(*step_words(progress))


def _face(batch_id: str, table: PairingTable, language: Language) -> Face:
    """The table as it is shown."""
    from bss_mfg.station.pairing import PairAnswer

    def view() -> View:
        counts = table.counts
        return View(
            language.said("{batch} on air", batch=batch_id),
            counts.proven,
            counts.units,
            language.said(
                "devices proven {proven:,} of {units:,}   boxes proven {boxes:,}   failed {failed:,}   ",
                proven=counts.proven,
                units=counts.units,
                boxes=counts.boxes,
                failed=counts.failed,
            ),
            language.counted(
                "{count:,} box in the last minute", "{count:,} boxes in the last minute", counts.per_minute
            ),
        )

    def as_json(answer: Any) -> str:
        said = {name: value for name, value in asdict(answer).items() if name != "way"}
        return json.dumps({**said, **asdict(table.counts)}, ensure_ascii=True)

    def lines(answer: Answer) -> Sequence[str]:
        return answer.reasons or (answer.detail,) if isinstance(answer, PairAnswer) else (answer.detail,)

    return Face(view, as_json, lines=lines, language=language)
