"""scan --phone: phones read labels with their cameras, the terminal shows what they read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bss_mfg.cli.common import App, say
from bss_mfg.cli.page_code import terminal_code
from bss_mfg.core.languages import Language
from bss_mfg.lan.addresses import own_address
from bss_mfg.lan.certificate import station_certificate
from bss_mfg.station.answers import ScanAnswer
from bss_mfg.station.phone.desk import DeskNames, PhoneDesk
from bss_mfg.station.phone.server import PhoneServer
from bss_mfg.station.station import Station

DEFAULT_PORT = 8443


@dataclass(frozen=True, slots=True)
class PhoneAddress:
    """Where the page is served: an address of this computer (None: the one of its network) and a port (0: any)."""

    address: str | None
    port: int


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the terminal does with a new answer, and with the way to the page, in lines."""

    told: Callable[[ScanAnswer], None]
    invite: Callable[[str], None]


def read_phones(app: App, station: Station, batch: str, where: PhoneAddress, terminal: Terminal) -> None:
    """Serve the page until Ctrl-C."""
    address = own_address(where.address)
    certificate = station_certificate(app.workspace.root, address, dt.datetime.now(dt.UTC))
    actor = app.actor
    server = PhoneServer(address, where.port, certificate, app.language)
    desk = PhoneDesk(server, station, DeskNames(batch, actor.station, actor.operator), app.language)
    first = True

    def invite() -> None:
        nonlocal first
        terminal.invite(_invitation(server, certificate.shown_fingerprint, first, app.language))
        first = False

    with server:
        try:
            desk.serve(terminal.told, invite)
        except KeyboardInterrupt:
            say(app.language.said("Ended."))


def _invitation(server: PhoneServer, fingerprint: str, first: bool, language: Language) -> str:
    """How a phone gets to the page."""
    code = terminal_code(server.page_address)
    if first:
        head = language.said("Scan this code with the phone's camera; it lets one phone in. Ctrl-C ends.")
    else:
        head = language.counted(
            "{count:,} phone in. For another one, scan this code; it lets one phone in. Ctrl-C ends.",
            "{count:,} phones in. For another one, scan this code; it lets one phone in. Ctrl-C ends.",
            server.access.phones,
        )
    warning = language.said(
        "The browser will warn of the certificate. Continue only if its SHA-256 fingerprint is this:"
    )
    return f"{head}\n{code}\n{server.page_address}\n{warning}\n{fingerprint}\n"
