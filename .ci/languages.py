"""The catalogues of `bss_mfg/core/catalogues`: extracts what the code marks, brings each language up to date, compiles.

make languages           bss-mfg.pot, *.po and *.mo anew; what is not translated yet is left empty
languages.py --check     ends with 1 where one of them is not as it would be made
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from bss_mfg.core.languages import script_texts

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bss_mfg"
FOLDER = PACKAGE / "core" / "catalogues"
CODES = ("de", "es", "vi", "zh_CN")
_TEMPLATES = (".html", ".jinja")
_FOREIGN = ("zxing_reader.js",)
Marked = str | tuple[str, str]
_HEADER = """\
# Texts that operators see. Made by `make languages`; translations are written into the .po files.
# They were not reviewed by native speakers on a line yet: see docs/languages.md."""


def marked(path: Path) -> Iterator[Marked]:
    """The texts that a file marks, those with a number in both forms."""
    source = path.read_text("utf-8")
    if path.suffix == ".py" and ("core.languages" in source or path.parent.name == "core"):
        yield from marked_in_python(source)
    elif path.suffix == ".js":
        found = script_texts(source)
        yield from (*found.single, *found.counted)
    elif path.suffix in _TEMPLATES:
        inside = script_texts(source)
        yield from (*inside.single, *inside.counted)
        for _, name, message, _ in babel_extract(BytesIO(source.encode()), ("_", "ngettext"), (), {}):
            yield (
                (message[0], message[1])
                if name == "ngettext"
                else message[0]
                if isinstance(message, tuple)
                else message
            )


def marked_in_python(source: str) -> Iterator[Marked]:
    """The literals of `phrase`, `said` and `counted`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args[:2]]
            if name in ("phrase", "said") and texts and isinstance(texts[0], str):
                yield texts[0]
            elif name == "counted" and len(texts) == 2 and isinstance(texts[0], str) and isinstance(texts[1], str):
                yield texts[0], texts[1]


def template() -> Catalog:
    """What the code marks."""
    found = Catalog(project="bss-mfg", charset="utf-8", header_comment=_HEADER, fuzzy=False)
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".js", *_TEMPLATES) and path.name not in _FOREIGN:
            for message in marked(path):
                found.add(message, locations=[(path.relative_to(ROOT).as_posix(), None)])
    return found


def translated(code: str, messages: Catalog) -> Catalog:
    """A language's catalogue with these messages, and what it has of them."""
    path = FOLDER / f"{code}.po"
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=code, ignore_obsolete=True)
    else:
        known = Catalog(locale=code)
    made = Catalog(locale=code, project="bss-mfg", charset="utf-8", header_comment=_HEADER, fuzzy=False)
    for message in messages:
        if message.id:
            before = known.get(message.id)
            made.add(
                message.id, before.string if before else None, locations=message.locations
            )  # fmt: skip
    return made


def written(catalogue: Catalog) -> bytes:
    """A catalogue as a file, the same whenever it is made."""
    file = BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False, sort_output=True, ignore_obsolete=True)
    lines = file.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_CHANGING)).encode()


_CHANGING = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid-Bugs-To')


def compiled(catalogue: Catalog) -> bytes:
    """What gettext reads; without what is not translated."""
    file = BytesIO()
    read = read_po(BytesIO(written(catalogue)), locale=catalogue.locale)
    read.creation_date = read.revision_date = datetime(2000, 1, 1, tzinfo=UTC)  # the same bytes whenever they are made
    write_mo(file, read)
    return file.getvalue()


def files() -> Iterator[tuple[Path, bytes]]:
    """All files, as they are to be."""
    messages = template()
    yield FOLDER / "bss-mfg.pot", written(messages)
    for code in CODES:
        catalogue = translated(code, messages)
        yield FOLDER / f"{code}.po", written(catalogue)
        yield FOLDER / f"{code}.mo", compiled(catalogue)


def main(arguments: list[str]) -> int:
    """Write what differs, or with --check name it."""
    differing = [(path, data) for path, data in files() if not path.exists() or path.read_bytes() != data]
    for path, data in differing:
        print(f"{path.relative_to(ROOT)}: {'not as `make languages` writes it' if arguments else 'written'}")
        if not arguments:
            path.write_bytes(data)
    return 1 if arguments and differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
