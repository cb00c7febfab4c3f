"""Exports that are XML: an element a symbol, values by XPath. No document type, no entities, nothing from elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

from bss_mfg.core.files import read_bytes
from bss_mfg.core.text import count_words, printable
from bss_mfg.errors import InputError, Location
from bss_mfg.verifier_data.mapping import Place, XmlFile
from bss_mfg.verifier_data.source_row import MOST_ROWS, SourceRow

MAX_BYTES = 64 << 20


def xml_rows(path: Path, form: XmlFile, places: Sequence[Place]) -> Iterator[SourceRow]:
    """The symbols' elements in order; `InputError` for what is no such document, or has two values at one place."""
    from lxml import etree

    data = read_bytes(path, "verifier's export", MAX_BYTES)
    if _has_document_type(data):
        raise _document_type_error(path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"is not well-formed XML ({printable(error.msg or 'it ends too early', 120)})",
            where=Location(str(path), line=error.lineno),
            way_out="Export it again; a file that was copied while it was written is cut off.",
        ) from None
    if root.getroottree().docinfo.doctype:
        raise _document_type_error(path)
    finders = {place: _finder(str(place), form) for place in places}
    elements = _elements(path, root, form)
    if len(elements) > MOST_ROWS:
        raise InputError(f"has more than {MOST_ROWS:,} symbols", where=path, way_out="Import it in parts.")
    name = form.element.rpartition("/")[2]
    for number, element in enumerate(elements, 1):
        where = Location(str(path), line=element.sourceline, key=f"{name}[{number}]")
        yield SourceRow(number, where, {place: _text(find(element), where, place) for place, find in finders.items()})


def _has_document_type(data: bytes) -> bool:
    """Whether a document type is declared: entities are declared there, and a few lines of them become gigabytes. The
    parser stops there, before it reads any."""
    found: list[bool] = []

    def stop(declared: bool) -> None:
        found.append(declared)
        raise _StoppedError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: stop(True)
    parser.StartElementHandler = lambda *_: stop(False)
    # What is wrong with it, the other parser says better; that one knows more encodings, too.
    with contextlib.suppress(_StoppedError, expat.ExpatError, ValueError, LookupError):
        parser.Parse(data, True)
    return any(found)


class _StoppedError(Exception):
    """Enough was seen of a document."""


def _document_type_error(path: Path) -> InputError:
    return InputError(
        "declares a document type (DOCTYPE), which may hold entities that expand without end",
        where=path,
        way_out="A verifier's export has none: export it again, or delete that declaration.",
    )


def _finder(place: str, form: XmlFile) -> Any:
    from lxml import etree

    try:
        return etree.XPath(place, namespaces=form.namespaces or None, regexp=False, smart_strings=False)
    except etree.XPathError as error:
        raise InputError(
            f"{place[:80]!a} isn't an XPath ({error})",
            where="mapping file",
            way_out="Correct it: Grade/@value, ./Data.",
        ) from None


def _elements(path: Path, root: Any, form: XmlFile) -> list[Any]:
    """The elements at the path; `InputError` where there is none."""
    names = [_expanded(step, form) for step in form.element.split("/")]
    found = [root] if root.tag == names[0] else []
    for name in names[1:]:
        found = [child for parent in found for child in parent if child.tag == name]
    if not found:
        space = root.tag.rpartition("}")[0].removeprefix("{")
        raise InputError(
            f"has no element {form.element}",
            where=path,
            way_out=f"Its root is {printable(root.tag.rpartition('}')[2], 60)}"
            + (f" of the namespace {printable(space, 120)}" if space else " of no namespace")
            + ": correct `element` and `namespaces` in the mapping.",
        )
    return found


def _expanded(step: str, form: XmlFile) -> str:
    prefix, mark, name = step.rpartition(":")
    if not mark:
        return step
    if prefix not in form.namespaces:
        raise InputError(
            f"the prefix {prefix!r} of `element` is not declared",
            where="mapping file",
            way_out=f'Add namespaces = {{ {prefix} = "..." }}, with the namespace from the root of the document.',
        )
    return f"{{{form.namespaces[prefix]}}}{name}"


def _text(found: Any, where: Location, place: Place) -> str:
    """What a path found, as text; nothing is empty."""
    if not isinstance(found, list):
        return f"{found:g}" if isinstance(found, float) else str(found)
    if len(found) > 1:
        raise InputError(
            f"has {count_words(len(found), 'value')} at {str(place)[:80]!a}",
            where=where,
            way_out="Say in the mapping which is meant: Param[@name='SC']/@grade.",
        )
    if not found:
        return ""
    return found[0] if isinstance(found[0], str) else "".join(found[0].itertext())
