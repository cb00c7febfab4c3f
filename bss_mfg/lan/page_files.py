"""The files of a page, as they are served: all of them come with bss-mfg, none from anywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from markupsafe import Markup

from bss_mfg.core.languages import ENGLISH, Language

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


def package_files(
    package: str, names: Iterable[str], language: Language = ENGLISH, texts: Iterable[str] = ()
) -> dict[str, PageFile]:
    """Files of the folder `page` of one of our packages, by the paths that they are served at; `index.html` is the page
    itself, in this language, and `/language.js` has what its scripts say, and fixed `texts` that they are sent."""
    folder = files(package).joinpath("page")
    found = {
        f"/{name}": PageFile(_KINDS[PurePosixPath(name).suffix], folder.joinpath(name).read_bytes()) for name in names
    }
    page = PageFile(_KINDS[".html"], in_language(found["/index.html"].body.decode("utf-8"), language).encode("utf-8"))
    scripts = [file.body.decode("utf-8") for path, file in found.items() if path.endswith(".js")]
    words = PageFile(_KINDS[".js"], (language.words_script(scripts, texts) + speaking_script()).encode("utf-8"))
    return {**found, "/index.html": page, "/": page, "/language.js": words}


def in_language(page: str, language: Language) -> str:
    """A page with its texts, which are `{{ _("...") }}` in it; `{{ words }}` is what a script in it says texts with."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True).from_string(page)
    words = Markup((language.words_script([page]) + speaking_script()).replace("export ", ""))  # noqa: S704  (our own)
    return template.render(words=words, _=language.said, ngettext=language.counted, language=language.page_code)


def speaking_script() -> str:
    """The functions by which scripts say texts: they stand behind the words of a language."""
    return files("bss_mfg.lan").joinpath("language.js").read_text("utf-8")
