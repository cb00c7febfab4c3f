"""How a table packs, as options."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, Command, say
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.sending import send_address, send_data, send_option

if TYPE_CHECKING:
    from bss_mfg.label.packing_label import PackingLabel
    from bss_mfg.station.closing import PackingSetup
    from bss_mfg.workspace.packing_session import PackingSession


@dataclass(frozen=True, slots=True)
class PackingOptions:
    """What was typed of how to pack; the fields are the options' names, None where nothing was typed."""

    carton: int | None
    pallet: int | None
    mixed: bool
    market: str | None
    template: str | None
    pallet_template: str | None
    printer: str | None
    out: Path | None
    send: str | None
    anew: bool


def packing_options(function: Command) -> Callable[..., Any]:
    """Adds the options of `PackingOptions`, and hands them over as one argument, `packing`."""

    @functools.wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        packing = PackingOptions(**{field.name: options.pop(field.name) for field in fields(PackingOptions)})
        return function(*arguments, packing=packing, **options)

    options: list[Callable[[Any], Any]] = [
        click.option("--carton", type=WholeNumber(1, 10_000), help="Packages in a carton (default: by its template)."),
        click.option("--pallet", type=WholeNumber(1, 10_000), help="Cartons on a pallet; without it none are built."),
        click.option("--mixed", is_flag=True, help="A pallet may hold cartons of several products, of one market."),
        click.option("--market", help="Only packages whose field `market` is this; a carton holds one in any case."),
        click.option(
            "--template",
            shell_complete=suggestions.templates,
            help="Template of carton labels (default: as bss-mfg.toml says, logistic-105x148).",
        ),
        click.option(
            "--pallet-template",
            shell_complete=suggestions.templates,
            help="Template of pallet labels (default: likewise).",
        ),
        click.option(
            "--printer",
            shell_complete=suggestions.printers,
            help="Printer of these labels (default: as bss-mfg.toml says, pdf-300).",
        ),
        click.option("--out", type=click.Path(path_type=Path), help="Folder of these labels (default: packing/)."),
        send_option(
            "Send each label to the printer: tcp://HOST:9100, cups://QUEUE (without value: the printer's address)."
        ),
        click.option(
            "--anew",
            is_flag=True,
            help="Forget what was typed here before of templates, printer, --out and --send: the table's next session "
            "does as the last one.",
        ),
    ]
    decorated: Callable[..., Any] = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def packing_setup(app: App, options: PackingOptions) -> PackingSetup:
    """How the table packs, by the options, those of the table's last session, and the settings of the workspace."""
    from bss_mfg.label.from_workspace import named_printer, named_template
    from bss_mfg.label.packing_label import PackingLabel
    from bss_mfg.ledger.packing_records import NewLogisticUnit
    from bss_mfg.station.closing import PackingSetup
    from bss_mfg.workspace.packing_session import PackingSessions

    if options.mixed and options.pallet is None:
        raise click.UsageError("--mixed goes with --pallet.")
    workspace = app.workspace
    settings, session = workspace.config().packing, _session(app, options)
    target = named_printer(workspace, session.printer or settings.printer)
    address = send_address(target, session.send)
    of_carton = PackingLabel(named_template(workspace, session.template or settings.template), target)
    of_pallet = PackingLabel(named_template(workspace, session.pallet_template or settings.pallet_template), target)
    for label in (of_carton, of_pallet):
        label.check()
    PackingSessions.of(workspace.root).keep(app.actor.station, session)
    size = options.carton or of_carton.template.definition.packages_per_carton or 1
    return PackingSetup(
        NewLogisticUnit(size, settings.sscc_prefix),
        NewLogisticUnit(options.pallet, settings.sscc_prefix, options.mixed) if options.pallet else None,
        of_carton,
        of_pallet,
        Path(session.out) if session.out else workspace.root / "packing",
        _sender(address) if address else None,
        address or "",
    )


def _session(app: App, options: PackingOptions) -> PackingSession:
    """How labels are made and sent: as is typed, else as in the table's last session, which is said."""
    from bss_mfg.workspace.packing_session import PackingSession, PackingSessions

    typed = PackingSession(
        template=options.template,
        pallet_template=options.pallet_template,
        printer=options.printer,
        send=options.send,
        out=str(options.out.absolute()) if options.out else None,
    )
    earlier = PackingSession() if options.anew else PackingSessions.of(app.workspace.root).load(app.actor.station)
    session = typed.after(earlier)
    if session != typed:
        say(f"As typed at {app.actor.station} before: {session.words} (--anew forgets it)")
    return session


def _sender(address: str) -> Callable[[PackingLabel, Path], None]:
    """What hands a label file over to a printer."""

    def send(label: PackingLabel, file: Path) -> None:
        from bss_mfg.core.files import read_bytes
        from bss_mfg.label.printing.send_batch import MAX_FILE

        send_data(label.printer, address, read_bytes(file, "label file", MAX_FILE), file.stem)

    return send
