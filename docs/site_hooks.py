"""The site's MkDocs hooks: pages keep the paths they have in the repository, and read as they do on the code host.

MkDocs knows a page by its path inside docs/. README.md, CHANGELOG.md and others lie outside, and their links
(`docs/operator.md`, `../benchmarks/README.md`) are written for the code host. Here every page gets the path it has in
the repository, so the same links work in both places and MkDocs checks them all, without a line rewritten.

Two checks of our own end in warnings, and a strict build stops at a warning: Markdown that the code host reads as a
list, table or code and MkDocs as a paragraph; and whatever a page would load from another host.
"""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES_OUTSIDE_DOCS = {  # their place in the site
    "README.md": "index.html",
    "CHANGELOG.md": "changes.html",
    "CONTRIBUTING.md": "contributing.html",
    "SECURITY.md": "reporting.html",  # security.html is docs/security.md
    "benchmarks/README.md": "benchmarks.html",
}

log = logging.getLogger("mkdocs.hooks.site")  # MkDocs counts the warnings of loggers under its own name


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Name each page by its path in the repository, and add the pages that lie outside docs/."""
    root = Path(config.config_file_path).absolute().parent
    pages = [_by_repository_path(file, root, config) for file in files]
    for path, place in PAGES_OUTSIDE_DOCS.items():
        page = File(path, str(root), config.site_dir, False, dest_uri=place)
        page.name = Path(place).stem  # or every README would be the first page of its part
        pages.append(page)
    return Files(pages)


def _by_repository_path(file: File, root: Path, config: MkDocsConfig) -> File:
    if file.src_dir != config.docs_dir:  # the theme's own
        return file
    path = (Path(config.docs_dir) / file.src_uri).relative_to(root).as_posix()
    return File(path, str(root), config.site_dir, False, dest_uri=file.dest_uri, inclusion=file.inclusion)


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """The home page has no neighbours to list at its left."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]
    return markdown


_CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
_LEFTOVER = re.compile(r"^(?:<p>)?(?:\d{1,2}\.|[-*+]|\|) .*|^.*```.*", re.MULTILINE)


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Warn of lists, tables and fences that came out as text: MkDocs wants an empty line before, 4 spaces inside."""
    for match in _LEFTOVER.finditer(_CODE.sub("", html)):
        log.warning("%s: left as text, though a code host shows it otherwise: %.60s", page.file.src_uri, match[0])
    return html


def on_post_build(config: MkDocsConfig) -> None:
    """Warn of each thing that a page or a style sheet loads from another host."""
    site = Path(config.site_dir)
    for path in sorted(site.rglob("*")):
        if path.suffix in {".html", ".css", ".svg"}:
            text = path.read_text("utf-8")
            for url in _STYLE_URL.findall(text) if path.suffix == ".css" else _loads(text):
                log.warning("%s loads %s from another host", path.relative_to(site).as_posix(), url)


_ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_STYLE_URL = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


def _loads(html: str) -> list[str]:
    """The addresses elsewhere that a browser asks for when it shows the page. Links to click (`a`) are none."""
    parser = _Loads()
    parser.feed(html)
    return parser.urls


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag == "a":
            return
        for name, value in attrs:
            if name in {"src", "srcset", "href", "xlink:href", "data", "poster"} and value:
                self.urls += [part for part in value.replace(",", " ").split() if _ELSEWHERE.match(part)]
            elif name == "style" and value:
                self.urls += _STYLE_URL.findall(value)

    def handle_data(self, data: str) -> None:
        if self._style:
            self.urls += _STYLE_URL.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False
