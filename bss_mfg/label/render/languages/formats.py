"""All languages that take a page as a picture: a label file from its pages, and its labels from the file again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.render.languages import brother, cpcl, dpl, epl2, escpos, sbpl, tspl, zpl_hex
from bss_mfg.label.render.languages.page_dots import Dots
from bss_mfg.label.render.turned_pages import turned_pages
from bss_mfg.label.template.printer import Printer
from bss_mfg.printer_languages import Language


def _nothing_first(printer: Printer) -> bytes:
    return b""


def _area(command: re.Match[bytes]) -> int:
    return int(command["width"]) * int(command["height"])


@dataclass(frozen=True, slots=True)
class PageLanguage:
    """A language: a page's bytes, what stands once before them, and a file's labels, one by one."""

    render_page: Callable[[Dots, Printer], bytes]
    split: Callable[[bytes], list[bytes]]
    first_bytes: Callable[[Printer], bytes] = _nothing_first


def _by_commands(
    commands: re.Pattern[bytes], data_length: Callable[[re.Match[bytes]], int] = _area
) -> Callable[[bytes], list[bytes]]:
    """How to split files by their commands: `end` stands at a label's end, `start` at its start, and of all others so
    much binary data is passed over as `data_length` says."""

    def split(data: bytes) -> list[bytes]:
        cuts, position = [0], 0
        while command := commands.search(data, position):
            position = command.end()
            if command.lastgroup == "end":
                cuts.append(position)
            elif command.lastgroup == "start":
                cuts.append(command.start())
            else:
                position += data_length(command)
        cuts.append(len(data))
        return [data[start:end] for start, end in pairwise(cuts) if start < end]

    return split


PAGE_LANGUAGES: dict[Language, PageLanguage] = {
    "zpl-hex": PageLanguage(zpl_hex.render_page, _by_commands(re.compile(rb"(?P<end>\^XZ\n)"))),
    "tspl": PageLanguage(tspl.render_page, _by_commands(tspl.COMMANDS)),
    "epl2": PageLanguage(epl2.render_page, _by_commands(epl2.COMMANDS)),
    "cpcl": PageLanguage(cpcl.render_page, _by_commands(cpcl.COMMANDS), cpcl.first_bytes),
    "sbpl": PageLanguage(sbpl.render_page, _by_commands(sbpl.COMMANDS), sbpl.first_bytes),
    "dpl": PageLanguage(dpl.render_page, dpl.split_labels),
    "brother": PageLanguage(brother.render_page, _by_commands(brother.COMMANDS, brother.data_length)),
    "escpos": PageLanguage(escpos.render_page, _by_commands(escpos.COMMANDS, escpos.data_length)),
}
"""By language."""


def render_pages(content: LabelFileContent) -> bytes:
    """A label file in its printer's language."""
    printer = content.layout.printer.as_printed()
    language = PAGE_LANGUAGES[printer.language]
    return b"".join(
        [language.first_bytes(printer), *(language.render_page(page, printer) for page in turned_pages(content))]
    )
