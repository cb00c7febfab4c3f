"""Where the board of a workspace is to be found: it notes its address while it runs, and says of which ledger it is.

Several boards may run on one computer, of several factories: an address alone says nothing of whose it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bss_mfg.core.files import read_text, remove_file, write_atomically
from bss_mfg.errors import BssError
from bss_mfg.lan.certificate import FILE as CERTIFICATE
from bss_mfg.lan.page_files import PageFile

FILE = "board-address"
PATH = "/ledger"
_ANSWER_S = 2.0
_LONGEST = 1_000


def mark_of(ledger_id: str) -> str:
    """By which a board is known to be of a ledger."""
    return hashlib.sha256(f"bss-mfg board of {ledger_id}".encode()).hexdigest()


def mark_page(mark: str) -> PageFile:
    """The answer to whoever asks of which ledger a board is."""
    return PageFile("application/json", json.dumps({"ledger": mark}).encode())


@contextmanager
def noted(workspace: Path, origin: str) -> Iterator[None]:
    """The address of a board stands in its workspace while it runs. Where that can't be written to, nowhere."""
    file = workspace / FILE
    with contextlib.suppress(BssError):
        write_atomically(file, [f"{origin}\n".encode()], replace=True)
    try:
        yield
    finally:
        if _noted(file) == origin:  # a second board of this workspace may have noted its own
            with contextlib.suppress(BssError):
                remove_file(file)


def find_board(workspace: Path, mark: str, others: Iterable[str]) -> str | None:
    """The address of a board that runs, of this workspace's ledger: the one that is noted, or one of `others`."""
    for origin in dict.fromkeys([_noted(workspace / FILE), *others]):
        if origin and _mark_at(origin, workspace / CERTIFICATE) == mark:
            return origin
    return None


def _noted(file: Path) -> str:
    try:
        return read_text(file, "address of the board").strip()
    except BssError:
        return ""


def _mark_at(origin: str, certificate: Path) -> str:
    """What a board says of its ledger; empty where nobody answers, or nothing that is understood."""
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
        asked: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=certificate)
            asked = http.client.HTTPSConnection(host, port, timeout=_ANSWER_S, context=context)
        else:
            asked = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
        with contextlib.closing(asked):
            asked.request("GET", PATH)
            answer = asked.getresponse()
            found = json.loads(answer.read(_LONGEST)) if answer.status == http.client.OK else {}
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return ""
    return str(found.get("ledger", "")) if isinstance(found, dict) else ""
