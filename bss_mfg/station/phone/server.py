"""The page's server: TLS on one address of this computer, for phones that were let in.

Its threads judge nothing and touch no ledger: what a phone reads goes into a queue, the one thread that owns the ledger
answers it.
"""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import Any

from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.lan.certificate import StationCertificate
from bss_mfg.lan.page_server import PageServer
from bss_mfg.station.phone.access import PhoneAccess
from bss_mfg.station.phone.handler import PhoneHandler
from bss_mfg.station.phone.page_files import page_files
from bss_mfg.station.phone.requests import PhoneRequest

_MOST_WAITING = 64


class PhoneServer(PageServer):
    """Listens from when it is made; `with` serves until it is left. `InputError` where the address or port can't be
    opened."""

    handler = PhoneHandler

    def __init__(self, address: str, port: int, certificate: StationCertificate, language: Language = ENGLISH) -> None:
        self.access = PhoneAccess()
        self._state: Mapping[str, object] = {}
        self._waiting: queue.Queue[PhoneRequest] = queue.Queue(_MOST_WAITING)
        super().__init__(address, port, certificate, page_files(language))

    def __exit__(self, *left: Any) -> None:
        super().__exit__(*left)
        while (left_over := self.next_request(0)) is not None:
            left_over.answered.cancel()

    @property
    def page_address(self) -> str:
        """The page's address with the token that lets the next phone in: behind `#`, which browsers don't send."""
        return f"{self.origin}/#{self.access.token}"

    @property
    def state(self) -> Mapping[str, object]:
        """What every phone is shown, as it was published last."""
        return self._state

    def publish(self, state: Mapping[str, object]) -> None:
        """From now on, this is what every phone is shown."""
        self._state = state

    def submit(self, request: PhoneRequest) -> bool:
        """Let a request wait for its answer; False where too many wait."""
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            return False
        return True

    def next_request(self, seconds: float) -> PhoneRequest | None:
        """The next request, to be answered by the caller; None where none came in that time."""
        try:
            return self._waiting.get(timeout=seconds) if seconds else self._waiting.get_nowait()
        except queue.Empty:
            return None
