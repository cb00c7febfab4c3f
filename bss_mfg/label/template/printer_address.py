"""Addresses of printers: the way that bytes go to one, and its end.

`tcp://HOST:9100` is a raw port; `ipp://HOST/ipp/print` and `ipps://` a printer that speaks IPP (RFC 3510, RFC 7472);
`cups://QUEUE` a queue of this machine's CUPS, which is IPP too; `usb:/dev/usb/lp0` and `lp:/dev/lp0` a device file;
`winspool:NAME` a printer of the Windows spooler.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bss_mfg.errors import InputError

Scheme = Literal["tcp", "ipp", "ipps", "device", "winspool"]

RAW_PORT, IPP_PORT = 9100, 631
ADDRESS_PATTERN = r"^((tcp|ipps?|cups)://\S+|(usb|lp):/\S+|winspool:\S.*)?$"
"""What an address looks like, for the JSON Schema; `parse_address` knows better."""
ADDRESS_METAVAR = "tcp://HOST:9100"
"""One of them, for options."""

_HOST = r"(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"
_PATH = r"(?P<path>(/[A-Za-z0-9._~%+-]+)*)/?"
_QUEUE = r"(?P<queue>[A-Za-z0-9._~%+-]+)/?"
_WAY_OUT = (
    "Write it as tcp://HOST:9100 (raw port), ipp://HOST/ipp/print, cups://QUEUE, usb:/dev/usb/lp0 (device file) or "
    "winspool:NAME (Windows)."
)


@dataclass(frozen=True, slots=True)
class PrinterAddress:
    """An address in its parts: `host`, `port` and `path` of a printer on the network, or the `name` of a device file
    or of a printer of the Windows spooler."""

    text: str
    scheme: Scheme
    host: str = ""
    port: int = 0
    path: str = ""
    name: str = ""


def parse_address(text: str) -> PrinterAddress:
    """The parts of an address; `InputError` where it is none."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme in ("usb", "lp") and rest.startswith("/") and "\0" not in rest:
        return PrinterAddress(text, "device", name=rest)
    if colon and scheme == "winspool" and rest.strip() and rest.isprintable():
        return PrinterAddress(text, "winspool", name=rest.strip())
    found = None
    if scheme == "tcp" and (match := re.fullmatch(rf"//{_HOST}/?", rest)):
        found = PrinterAddress(text, "tcp", _host(match), _port(match, RAW_PORT))
    elif scheme in ("ipp", "ipps") and (match := re.fullmatch(rf"//{_HOST}{_PATH}", rest)):
        path = match["path"] or "/ipp/print"
        found = PrinterAddress(text, "ipp" if scheme == "ipp" else "ipps", _host(match), _port(match, IPP_PORT), path)
    elif scheme == "cups" and (match := re.fullmatch(rf"//{_QUEUE}", rest)):
        found = PrinterAddress(text, "ipp", "localhost", IPP_PORT, f"/printers/{match['queue']}")
    elif scheme == "cups" and (match := re.fullmatch(rf"//{_HOST}/{_QUEUE}", rest)):
        found = PrinterAddress(text, "ipp", _host(match), _port(match, IPP_PORT), f"/printers/{match['queue']}")
    if found is None or not 0 < found.port < 65536:
        raise InputError(f"{text[:80]!r} isn't a printer address", way_out=_WAY_OUT)
    return found


def _host(match: re.Match[str]) -> str:
    return match["host"].strip("[]")


def _port(match: re.Match[str], usual: int) -> int:
    return int(match["port"] or usual)
