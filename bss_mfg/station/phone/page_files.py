"""The files of the page, as they are served: all of them come with bss-mfg, none from anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

_KINDS = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "camera.js": "text/javascript; charset=utf-8",
    "labels.js": "text/javascript; charset=utf-8",
    "worker.js": "text/javascript; charset=utf-8",
    "zxing_reader.js": "text/javascript; charset=utf-8",
    "zxing_reader.wasm": "application/wasm",
    "icon.svg": "image/svg+xml",
    "LICENSE-zxing-wasm.txt": "text/plain; charset=utf-8",
}
PAGE_RULES = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob: mediastream:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy, and its worker's: nothing but this server, and WebAssembly."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page and its media type."""

    kind: str
    body: bytes


def page_files() -> dict[str, PageFile]:
    """By the paths that they are served at."""
    folder = files("bss_mfg.station.phone").joinpath("page")
    found = {f"/{name}": PageFile(kind, folder.joinpath(name).read_bytes()) for name, kind in _KINDS.items()}
    return {**found, "/": found["/index.html"]}
