"""The files of a page, as they are served: all of them come with bss-mfg, none from anywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Media types by how names end."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page and its media type."""

    kind: str
    body: bytes


def package_files(package: str, names: Iterable[str]) -> dict[str, PageFile]:
    """Files of the folder `page` of one of our packages, by the paths that they are served at; `index.html` is the page
    itself."""
    folder = files(package).joinpath("page")
    found = {
        f"/{name}": PageFile(_KINDS[PurePosixPath(name).suffix], folder.joinpath(name).read_bytes()) for name in names
    }
    return {**found, "/": found["/index.html"]}
