"""A label file as what a printer takes whole, one after the other."""

from __future__ import annotations

from bss_mfg.printer_languages import LANGUAGES, Language


def prints_by_format(language: Language) -> bool:
    """Whether a file of a language can be split into pages, so that what was printed of it can be counted."""
    return LANGUAGES[language].is_raw


def split_formats(data: bytes, language: Language) -> list[bytes]:
    """The pages of a file in a printer's own language; of any other the file itself."""
    if not prints_by_format(language):
        return [data]
    from bss_mfg.label.render.languages.formats import PAGE_LANGUAGES

    # Both ZPLs end a page alike.
    return PAGE_LANGUAGES["zpl-hex" if language == "zpl" else language].split(data)
