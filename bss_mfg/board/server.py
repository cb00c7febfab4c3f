"""The board's server. Its threads touch no ledger and no file: who owns the ledger publishes, they hand on."""

from __future__ import annotations

from importlib.resources import files

from bss_mfg.board.access import BoardAccess
from bss_mfg.board.handler import BoardHandler
from bss_mfg.board.place import PATH, mark_page
from bss_mfg.board.publication import Publication
from bss_mfg.core.languages import ENGLISH, Language, phrase
from bss_mfg.lan.certificate import StationCertificate
from bss_mfg.lan.page_files import PageFile, package_files
from bss_mfg.lan.page_server import PageServer


class BoardServer(PageServer):
    """Without an access and a certificate it is for this computer alone, and asks for no token; with both it speaks
    TLS. `ledger_mark` says of which ledger it is (`mark_of`)."""

    handler = BoardHandler

    def __init__(
        self,
        address: str,
        port: int,
        certificate: StationCertificate | None,
        access: BoardAccess | None,
        ledger_mark: str = "",
        language: Language = ENGLISH,
    ) -> None:
        if (certificate is None) != (access is None):
            raise ValueError("a token goes over TLS only, and TLS is for those who have one")
        self.access = access
        self.publication = Publication()
        super().__init__(address, port, certificate, {**page_files(language), PATH: mark_page(ledger_mark)})

    @property
    def page_address(self) -> str:
        """The page's address, with the token, where there is one, behind `#`, which browsers don't send."""
        return f"{self.origin}/#{self.access.token}" if self.access else f"{self.origin}/"


STATES = (phrase("open"), phrase("closed"), phrase("retired"))
"""Of batches, as the page shows them."""


def page_files(language: Language = ENGLISH) -> dict[str, PageFile]:
    """The page's files, in the style of the reports."""
    found = package_files("bss_mfg.board", ("index.html", "board.css", "board.js", "icon.svg"), language, STATES)
    style = files("bss_mfg.report").joinpath("page.css").read_bytes()
    return {**found, "/page.css": PageFile("text/css; charset=utf-8", style)}
