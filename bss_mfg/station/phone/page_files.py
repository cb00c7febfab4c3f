"""The files of the page for phones."""

from __future__ import annotations

from bss_mfg.core.languages import ENGLISH, Language, phrase
from bss_mfg.lan.page_files import PageFile, package_files

_NAMES = (
    "index.html", "page.css", "page.js", "camera.js", "labels.js", "worker.js", "zxing_reader.js", "zxing_reader.wasm",
    "icon.svg", "LICENSE-zxing-wasm.txt",
)  # fmt: skip
PAGE_RULES = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob: mediastream:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy, and its worker's: nothing but this server, and WebAssembly."""


REASONS = (
    NOT_UNDERSTOOD := phrase("the message can't be understood"),
    OLD_CODE := phrase("this code was used already, or is an old one"),
    BUSY := phrase("the station is busy"),
    SILENT := phrase("the station doesn't answer"),
    NOT_LET_IN := phrase("this phone was not let in"),
)
"""Why a phone's request was refused: the page shows them."""


def page_files(language: Language = ENGLISH) -> dict[str, PageFile]:
    """By the paths that they are served at."""
    return package_files("bss_mfg.station.phone", _NAMES, language, REASONS)
