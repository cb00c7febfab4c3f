"""printer list|show|add|status|test-page."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import (
    App,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_table,
    print_text,
    say,
    shown_path,
)
from bss_mfg.cli.parameters import Number, WholeNumber
from bss_mfg.cli.sending import send_address, send_data, send_option
from bss_mfg.core.text import count_words
from bss_mfg.printer_languages import AfterLabel, Tracking


@click.group()
def printer() -> None:
    """List, add and calibrate printers."""


@printer.command("list", epilog="Example: bss-mfg printer list")
@json_option
@pass_app
def printer_list(app: App, as_json: bool) -> None:
    """List the workspace's printers, if you are in one, and the built-in ones."""
    from bss_mfg.label.template.printer import BUILT_IN

    own = app.any_workspace.printer_names() if app.any_workspace else []
    printers = [(app.printer(name), "workspace") for name in own]
    printers += [(app.printer(name), "built in") for name in BUILT_IN if name not in own]
    if as_json:
        print_json(
            [
                {
                    "name": item.name,
                    "source": source,
                    "language": item.language,
                    "dots_per_mm": [round(item.dots_per_mm_x, 4), round(item.dots_per_mm_y, 4)],
                    "address": item.address,
                }
                for item, source in printers
            ]
        )
        return
    print_table(
        [
            (
                item.name,
                source,
                item.language,
                f"{item.dots_per_mm_x:.4g} x {item.dots_per_mm_y:.4g}",
                f"{item.dpi:.4g}",
                item.address,
            )
            for item, source in printers
        ],
        ("name", "source", "language", "dots/mm", "dpi", "address"),
    )


@printer.command("add", epilog="Example: bss-mfg printer add line2 --like zpl-203 --address tcp://192.168.1.40:9100")
@click.argument("name")
@click.option(
    "--like",
    required=True,
    shell_complete=suggestions.printers,
    help="The printer to start from (`bss-mfg printer list`).",
)
@click.option("--title", default="", help="Model and place, for people.")
@click.option("--address", help="Where it is: tcp://HOST:9100, cups://QUEUE, usb:/dev/usb/lp0 ...")
@click.option("--dots-per-mm", nargs=2, type=float, help="In x and y, if they differ from those of --like.")
@click.option(
    "--darkness",
    type=WholeNumber(-30, 200),
    help="How dark it prints, in its language's numbers (default: as it is set).",
)
@click.option("--speed", type=float, help="How fast, in its language's numbers (default: as it is set).")
@click.option("--tracking", type=click.Choice(get_args(Tracking)), help="How it finds the next label.")
@click.option("--gap", "gap_mm", type=float, help="Height of the gap or thickness of the mark, in mm.")
@click.option("--after", type=click.Choice(get_args(AfterLabel)), help="What it does after each label.")
@click.option("--feed", "feed_mm", type=float, help="Fed after each label beyond its own, in mm.")
@pass_app
def printer_add(
    app: App,
    name: str,
    like: str,
    title: str,
    address: str | None,
    dots_per_mm: tuple[float, float] | None,
    darkness: int | None,
    speed: float | None,
    tracking: Tracking | None,
    gap_mm: float | None,
    after: AfterLabel | None,
    feed_mm: float | None,
) -> None:
    """Make a printer file in the workspace, to be edited: offset, scale, margins, media.

    A setting that its language can't express is refused (docs/formats/printer.md).
    """
    from dataclasses import replace

    from bss_mfg.label.template.print_settings import PrintSettings
    from bss_mfg.label.template.printer import check_printer_text, printer_text
    from bss_mfg.label.template.printer_address import parse_address

    new_printer = app.printer(like)
    if address is not None:
        parse_address(address)
        new_printer = replace(new_printer, address=address)
    if dots_per_mm:
        new_printer = replace(new_printer, dots_per_mm_x=dots_per_mm[0], dots_per_mm_y=dots_per_mm[1])
    kept = new_printer.settings
    settings = PrintSettings(
        kept.darkness if darkness is None else darkness,
        kept.speed if speed is None else speed,
        tracking or kept.tracking,
        kept.gap_mm if gap_mm is None else gap_mm,
        after or kept.after,
        kept.feed_mm if feed_mm is None else feed_mm,
    )
    text = printer_text(title, replace(new_printer, settings=settings))
    check_printer_text(text, f"printers/{name}.toml")
    path = app.workspace.add_printer(name, text)
    app.printer(name)
    print_text(shown_path(path))
    say(f"OK: printer {name}; calibrate it with `bss-mfg printer test-page {name}`")


@printer.command("show", epilog="Example: bss-mfg printer show zpl-203")
@click.argument("name", shell_complete=suggestions.printers)
@json_option
@pass_app
def printer_show(app: App, name: str, as_json: bool) -> None:
    """Show all values of a printer."""
    from dataclasses import asdict

    values = asdict(app.printer(name))
    if as_json:
        print_json(values)
    else:
        settings = {name: value for name, value in values.pop("settings").items() if value is not None}
        print_details([(key, str(value)) for key, value in {**values, **settings}.items()])


@printer.command("status", epilog="Example: bss-mfg printer status line2")
@click.argument("name", shell_complete=suggestions.printers)
@click.option("--address", help="Ask this address instead of the printer's own.")
@json_option
@pass_app
@click.pass_context
def printer_status(ctx: click.Context, app: App, name: str, address: str | None, as_json: bool) -> None:
    """Ask a printer for its state now: ready, printing, paper out ... Exit 1 if it can't print.

    Many can't answer: clones, print servers, PDF printers on a raw port. Their state is unknown, and the exit code 0.
    """
    from bss_mfg.label.printing.ask_printer import printer_state

    target = app.printer(name)
    to = address or target.address
    if not to:
        raise click.UsageError(f"The printer {name} has no address: give --address tcp://HOST:9100 or another.")
    status = printer_state(to, target.language)
    if as_json:
        print_json(
            {
                "name": target.name,
                "language": target.language,
                "address": to,
                "known": status is not None,
                "state": status.words if status else "unknown",
                "problems": [str(problem) for problem in status.problems] if status else [],
                "waiting": status.waiting if status else None,
            }
        )
    elif status is None:
        print_text(f"{name} at {to}: unknown; it does not say")
    else:
        waiting = f", {count_words(status.waiting, 'label')} not printed yet" if status.waiting else ""
        print_text(f"{name} at {to}: {status.words}{waiting}")
    if status and status.problems:
        say(status.way_out)
        ctx.exit(1)


@printer.command("test-page", epilog="Example: bss-mfg printer test-page line2 --width 100 --height 150")
@click.argument("name", shell_complete=suggestions.printers)
@click.option("--width", default=100.0, show_default=True, type=Number(20, 500), help="Of the media, in mm.")
@click.option("--height", default=150.0, show_default=True, type=Number(15, 1000), help="In mm.")
@click.option("--out", type=click.Path(path_type=Path), help="File (default: NAME-test-page with the right ending).")
@send_option("Send it, too.")
@pass_app
def printer_test_page(app: App, name: str, width: float, height: float, out: Path | None, send: str | None) -> None:
    """Make a page to calibrate from: rulers, a dot ladder, and symbols at each X-dimension, upright and turned."""
    from bss_mfg.core.files import write_atomically
    from bss_mfg.label.printing.test_page import render_test_page
    from bss_mfg.label.render.by_language import SUFFIX

    target = app.printer(name)
    address = send_address(target, send)
    data = render_test_page(target, width, height)
    file = out or Path(f"{name}-test-page{SUFFIX[target.language]}")
    write_atomically(file, [data])
    print_text(shown_path(file))
    if address:
        send_data(target, address, data, file.stem)
    say("Print it at 100 %. Measure the long rulers: offset and scale go into the printer's file (docs/designer.md).")
