"""board: the line on a page that changes nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, say
from bss_mfg.cli.language_option import language_option
from bss_mfg.cli.page_code import terminal_code
from bss_mfg.cli.parameters import WholeNumber

if TYPE_CHECKING:
    from bss_mfg.board.desk import BoardSource
    from bss_mfg.board.server import BoardServer
    from bss_mfg.core.languages import Language
    from bss_mfg.lan.certificate import StationCertificate

DEFAULT_PORT = 8444
LOOPBACK = "127.0.0.1"
MOST_HOURS = 48


@click.command(epilog="Example: bss-mfg board --lan")
@click.option("--lan", is_flag=True, help="Serve the network of this computer, with TLS, to those who have the token.")
@click.option(
    "--address", metavar="IP", help="With --lan: this computer's address that others reach; default: its own."
)
@click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The page's port; 0: any that is free.",
)
@click.option(
    "--hours",
    type=WholeNumber(1, MOST_HOURS),
    default=8,
    show_default=True,
    help="The time that is shown: the hour that has begun, and those before it.",
)
@click.option("--new-token", is_flag=True, help="With --lan: make a new token; who opened the page before is shut out.")
@json_option
@language_option
@pass_app
def board(app: App, lan: bool, address: str | None, port: int, hours: int, new_token: bool, as_json: bool) -> None:
    """Show the line on a page: batches, stations, failures, what waits.

    How far each batch is, right reads and yield by station and hour, what waits for whom, why units were scrapped, and
    the last failures with their pictures, for a screen on the wall and for phones. It reads the ledger, and changes
    nothing. For this computer alone, unless --lan is given. End with Ctrl-C. With --json: one document, and no page.
    """
    if not lan and (address or new_token):
        raise click.UsageError("--address and --new-token go with --lan.")
    if as_json:
        from bss_mfg.board.document import line_document
        from bss_mfg.production.line import LineWatch

        with app.workspace.open_ledger(app.actor) as ledger:
            print_json(line_document(LineWatch(app.zone, hours).look(ledger), app.zone))
        return
    from bss_mfg.board.access import BoardAccess
    from bss_mfg.board.desk import BoardDesk
    from bss_mfg.board.place import mark_of, noted
    from bss_mfg.board.server import BoardServer

    source = _source(app, hours)
    with source.open_ledger() as ledger:  # what is wrong with it is said at once
        mark = mark_of(ledger.settings.ledger_id())
    certificate = _certificate(app, address) if lan else None
    access = BoardAccess.of(app.workspace.root, renew=new_token) if lan else None
    listens = certificate.address if certificate else LOOPBACK
    with (
        BoardServer(listens, port, certificate, access, mark, app.language) as server,
        noted(app.workspace.root, server.origin),
    ):
        try:
            say(_invitation(server, certificate, app.language))
            BoardDesk(source, server.publication).serve(threading.Event(), say)
        except KeyboardInterrupt:
            say(app.language.said("Ended."))
        finally:
            server.publication.end()


def _source(app: App, hours: int) -> BoardSource:
    from bss_mfg.board.desk import BoardSource
    from bss_mfg.workspace.failure_pictures import FailurePictures

    return BoardSource(
        open_ledger=lambda: app.workspace.open_ledger(app.actor),
        opens_anew=not app.workspace.ledger_place.url,
        pictures=FailurePictures.of(app.workspace.root),
        zone=app.zone,
        title=app.workspace.root.name,
        hours=hours,
        language=app.language,
    )


def _certificate(app: App, address: str | None) -> StationCertificate:
    import datetime as dt

    from bss_mfg.lan.addresses import own_address
    from bss_mfg.lan.certificate import station_certificate

    return station_certificate(app.workspace.root, own_address(address), dt.datetime.now(dt.UTC))


def _invitation(server: BoardServer, certificate: StationCertificate | None, language: Language) -> str:
    """How a browser gets to the page."""
    if certificate is None:
        here = language.said("The board, for this computer: {address}", address=server.page_address)
        return f"{here}\n{language.said('Ctrl-C ends it; --lan shows it to others, too.')}"
    lines = (
        language.said("The board, for phones and screens of the network. Ctrl-C ends it."),
        terminal_code(server.page_address),
        server.page_address,
        language.said(
            "Whoever has this link may look, also after the board was started again; --new-token shuts them out."
        ),
        language.said("The browser will warn of the certificate. Continue only if its SHA-256 fingerprint is this:"),
        certificate.shown_fingerprint,
    )
    return "\n".join(lines)
