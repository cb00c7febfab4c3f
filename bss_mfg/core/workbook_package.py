"""An XLSX file as a package of parts (ECMA-376, part 2): its parts as pieces of bytes, and the XML in them.

Nothing that the file says of itself is believed: a part is read to its end and its check sum is compared, and whatever
is damaged is an `InputError` that names the file.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from bss_mfg.core.files import read_bytes
from bss_mfg.errors import InputError

LARGEST_PART = 1 << 30
"""Bytes that a part may unpack to: a sheet of a million rows has some 300 MB."""
_PIECE = 1 << 16
_MOST_ELEMENTS = 500_000
"""Elements of a part that is held as a whole: styles, relationships, the list of sheets."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How parts may be packed (ECMA-376-2, annex B)."""
_OFFICE = ("http://schemas.openxmlformats.org/officeDocument/2006/relationships",
           "http://purl.oclc.org/ooxml/officeDocument/relationships")  # fmt: skip
"""Relationships of Transitional and of Strict files."""

StartElement = Callable[[str, Mapping[str, str]], None]
EndElement = Callable[[str], None]
Characters = Callable[[str], None]


class XmlHandlers(NamedTuple):
    """What is called for each element and text; names are `namespace name`."""

    start: StartElement
    end: EndElement | None = None
    text: Characters | None = None


class Relationship(NamedTuple):
    """What a part refers to: the last word of its type, and the name of the part."""

    kind: str
    part: str


class DamagedWorkbookError(Exception):
    """What is wrong with a part, in our own words."""


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Whatever a damaged package makes the libraries raise, as an `InputError` that names the file."""
    try:
        yield
    except DamagedWorkbookError as error:
        raise _damaged(path, str(error)) from error
    except expat.ExpatError as error:
        raise _damaged(path, f"its XML breaks off or is wrong ({expat.ErrorString(error.code)})") from error
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError) as error:
        raise _damaged(path, "a part can't be unpacked") from error
    except (ValueError, KeyError, IndexError, RuntimeError, OverflowError, LookupError) as error:
        raise _damaged(path, f"a part can't be read ({type(error).__name__})") from error


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        f"is not a readable XLSX file: {why}", where=path, way_out="Fetch it again, or save it again, or as CSV UTF-8."
    )


class WorkbookPackage:
    """The parts of an XLSX file, by name."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        data = read_bytes(path, what)
        with naming_damage(path):
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self._parts = {info.filename.lower(): info for info in self._zip.infolist()}
            counts = Counter(info.filename.lower() for info in self._zip.infolist())
            self._twice = {name for name, count in counts.items() if count > 1}
        self._refuse_other_kinds()

    def _refuse_other_kinds(self) -> None:
        """A ZIP file that is something else than a workbook is told what it is."""
        kind = ""
        if "mimetype" in self._parts and b"opendocument" in b"".join(self.pieces("mimetype")):
            kind = "is an OpenDocument file"
        elif "xl/workbook.bin" in self._parts:
            kind = "is a binary workbook (.xlsb)"
        elif "_rels/.rels" not in self._parts:
            kind = "is a ZIP file that holds no workbook"
        if kind:
            raise InputError(kind, where=self.path, way_out="Save it as XLSX or as CSV UTF-8.")

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part in pieces, read to its end."""
        info = self._parts.get(name.lower())
        with naming_damage(self.path):
            if info is None:
                raise DamagedWorkbookError(f"the part {name[:80]!a} is not in it")
            if name.lower() in self._twice:
                raise DamagedWorkbookError(f"the part {name[:80]!a} is in it twice")
            if info.flag_bits & 1:
                raise InputError(
                    "is encrypted with a password", where=self.path, way_out="Save it without a password, or as CSV."
                )
            if info.compress_type not in _PACKED:
                raise DamagedWorkbookError(f"the part {name[:80]!a} is packed in a way that XLSX doesn't know")
            left = LARGEST_PART
            if info.file_size > left:
                raise self._too_large()
            stream = self._zip.open(info)
        with stream:
            while True:
                with naming_damage(self.path):
                    piece = stream.read(_PIECE)
                left -= len(piece)
                if left < 0:
                    raise self._too_large()
                if not piece:
                    return
                yield piece

    def _too_large(self) -> InputError:
        return InputError(
            f"unpacks to more than {LARGEST_PART >> 20:,} MiB",
            where=self.path,
            way_out="Check that this is the right file; save only the sheet that is wanted, or save it as CSV UTF-8.",
        )

    def parse(self, name: str, handlers: XmlHandlers) -> Iterator[None]:
        """Read the XML of a part; gives way after each piece, so that what was found can be used up."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = handlers.start
        if handlers.end:
            parser.EndElementHandler = handlers.end
        if handlers.text:
            parser.CharacterDataHandler = handlers.text
        parser.buffer_size = _PIECE
        parser.StartDoctypeDeclHandler = _refuse_doctype
        for piece in self.pieces(name):
            with naming_damage(self.path):
                parser.Parse(piece, False)
            yield
        with naming_damage(self.path):
            parser.Parse(b"", True)
        yield

    def elements(self, name: str) -> list[tuple[str, Mapping[str, str]]]:
        """All elements of a small part with their attributes, in order."""
        found: list[tuple[str, Mapping[str, str]]] = []
        for _ in self.parse(name, XmlHandlers(lambda element, attributes: found.append((element, attributes)))):
            if len(found) > _MOST_ELEMENTS:
                raise InputError(
                    f"has more than {_MOST_ELEMENTS:,} elements in {name[:60]!a}",
                    where=self.path,
                    way_out="Check that this is the right file; or save it as CSV UTF-8.",
                )
        return found

    def relationships(self, part: str = "") -> dict[str, Relationship]:
        """What a part, or the package, refers to, by id. What lies outside of the package is left out."""
        folder, _, name = part.rpartition("/")
        listed = f"{folder}/_rels/{name}.rels".lstrip("/")
        if listed.lower() not in self._parts:
            return {}
        found: dict[str, Relationship] = {}
        for element, given in self.elements(listed):
            if not element.endswith(" Relationship") or given.get("TargetMode") == "External":
                continue
            base, _, kind = given.get("Type", "").rpartition("/")
            if base in _OFFICE:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(given.get("Target", ""))))
                found[given.get("Id", "")] = Relationship(kind, target.lstrip("/"))
        return found


def relationship_id(attributes: Mapping[str, str]) -> str:
    """The `r:id` of an element."""
    return next((value for base in _OFFICE if (value := attributes.get(f"{base} id"))), "")


def _refuse_doctype(*_: object) -> None:
    raise DamagedWorkbookError("it has a document type, which XLSX forbids")
