"""Printers on paper: what each printer language paints, by its maker's manual, read byte by byte and strictly.

Nothing of bss-mfg is used. A command that isn't known here, or a byte where none may be, is an error: a real printer
would print it as text or wait for more. `test_languages.py` tries the readers on the manuals' own examples, and on what
foreign programs write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Dots = NDArray[np.bool_]


class NotUnderstoodError(AssertionError):
    """Bytes that no printer of this language would take."""


@dataclass
class Page:
    """A label in the printer's memory, as large as its makers say or as what is painted; and what was set for it."""

    dots: Dots
    settings: dict[str, str] = field(default_factory=dict)

    def paint(self, x: int, y: int, dots: Dots, *, replace: bool = False) -> None:
        """Black dots at (x, y); the page grows where it must."""
        height, width = y + dots.shape[0], x + dots.shape[1]
        if height > self.dots.shape[0] or width > self.dots.shape[1]:
            grown = np.zeros((max(height, self.dots.shape[0]), max(width, self.dots.shape[1])), bool)
            grown[: self.dots.shape[0], : self.dots.shape[1]] = self.dots
            self.dots = grown
        there = self.dots[y:height, x:width]
        there[:] = dots if replace else there | dots


def blank(width: int = 0, height: int = 0) -> Page:
    return Page(np.zeros((height, width), bool))


def unpack(data: bytes, width_bytes: int, *, one_is_black: bool = True) -> Dots:
    """Rows of dots, first dot in the highest bit."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, width_bytes)
    bits = np.unpackbits(rows, axis=1).astype(bool)
    return bits if one_is_black else ~bits


class Cursor:
    """A place in bytes that only goes forward."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    @property
    def left(self) -> bool:
        return self.at < len(self.data)

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise NotUnderstoodError(f"{count - len(taken)} bytes are missing at the end")
        self.at += count
        return taken

    def until(self, end: bytes) -> bytes:
        found = self.data.find(end, self.at)
        if found < 0:
            raise NotUnderstoodError(f"no {end!r} after byte {self.at}: {self.data[self.at : self.at + 30]!r}")
        taken = self.data[self.at : found]
        self.at = found + len(end)
        return taken

    def match(self, pattern: bytes) -> re.Match[bytes] | None:
        found = re.compile(pattern, re.DOTALL).match(self.data, self.at)
        if found:
            self.at = found.end()
        return found

    def fail(self) -> NotUnderstoodError:
        return NotUnderstoodError(f"byte {self.at}: {self.data[self.at : self.at + 40]!r}")


def read_tspl(data: bytes, dots_per_mm: float = 8.0) -> Iterator[Page]:
    """TSPL2: lines that end with CR LF (or LF); BITMAP x,y,bytes,rows,mode,data with 0 for black."""
    cursor, page, settings, size = Cursor(data), blank(), {}, (0, 0)
    while cursor.left:
        if found := cursor.match(rb"BITMAP (\d+),(\d+),(\d+),(\d+),([012]),"):
            x, y, width, rows, mode = (int(one) for one in found.groups())
            dots = unpack(cursor.take(width * rows), width, one_is_black=False)
            if not cursor.match(rb"\r?\n"):
                raise cursor.fail()
            page.paint(x, y, dots, replace=mode == 0)
            continue
        line = cursor.until(b"\n").rstrip(b"\r").decode("ascii")
        if found_size := re.fullmatch(r"SIZE ([\d.]+) mm, ?([\d.]+) mm", line):
            size = (round(float(found_size[1]) * dots_per_mm), round(float(found_size[2]) * dots_per_mm))
        elif line == "CLS":
            page = blank(*size)
        elif re.fullmatch(r"PRINT 1(,1)?", line):
            page.settings = dict(settings)
            yield page
        elif known := re.fullmatch(
            r"(GAP [\d.]+ mm, ?[\d.]+ mm|BLINE [\d.]+ mm, ?[\d.]+ mm|SPEED [\d.]+|DENSITY \d+|OFFSET -?[\d.]+ mm|"
            r"SET TEAR (?:ON|OFF)|SET PEEL (?:ON|OFF)|SET CUTTER (?:OFF|BATCH|\d+)|DIRECTION [01](?:,0)?)",
            line,
        ):
            settings[" ".join(known[1].split()[:-1]) if line.startswith("SET") else line.split()[0]] = line
        elif line:
            raise NotUnderstoodError(line)


def read_epl2(data: bytes) -> Iterator[Page]:
    """EPL2: lines that end with LF; GWx,y,bytes,rows, data with 0 for black; q, Q and N clear the image buffer."""
    cursor, page, settings, width = Cursor(data), blank(), {}, 0
    while cursor.left:
        if found := cursor.match(rb"GW(\d+),(\d+),(\d+),(\d+)[,\n]"):
            x, y, width_bytes, rows = (int(one) for one in found.groups())
            page.paint(x, y, unpack(cursor.take(width_bytes * rows), width_bytes, one_is_black=False))
            if not cursor.match(rb"\n"):
                raise cursor.fail()
            continue
        line = cursor.until(b"\n").decode("ascii")
        if found_width := re.fullmatch(r"q(\d+)", line):
            width, page = int(found_width[1]), blank(int(found_width[1]))
        elif re.fullmatch(r"Q\d+,B?\d+(,\d+)?", line):
            settings["Q"], page = line, blank(width)
        elif line == "N":
            page = blank(width)
        elif line == "P1":
            page.settings = dict(settings)
            yield page
        elif re.fullmatch(r"D\d+|S\d|O[CPDNS]+|Z[TB]|R\d+,\d+", line):
            settings[line[0]] = line
        elif line:
            raise NotUnderstoodError(line)


def read_cpcl(data: bytes) -> Iterator[Page]:
    """CPCL: lines that end with CR LF; `! offset 200 200 height quantity`; CG in binary, EG in hex, 1 for black."""
    cursor, page, settings, in_session = Cursor(data), blank(), {}, ""
    while cursor.left:
        if found := cursor.match(rb"(CG|EG|COMPRESSED-GRAPHICS|EXPANDED-GRAPHICS) (\d+) (\d+) (\d+) (\d+) "):
            width, rows, x, y = (int(one) for one in found.groups()[1:])
            if found[1][:1] == b"C":
                raw = cursor.take(width * rows)
                if not cursor.match(rb"\r?\n"):
                    raise cursor.fail()
            else:  # hex digits, over as many lines as it takes
                digits = b""
                while len(digits) < 2 * width * rows:
                    digits += cursor.until(b"\n").strip()
                raw = bytes.fromhex(digits.decode("ascii"))
            page.paint(x, y, unpack(raw, width))
            continue
        line = cursor.until(b"\n").rstrip(b"\r").decode("ascii")
        if line == "! UTILITIES":
            in_session = "utilities"
        elif found_head := re.fullmatch(r"! (\d+) (\d+) (\d+) (\d+) (\d+)", line):
            in_session, page = "label", blank(0, int(found_head[4]))
            assert int(found_head[5]) == 1, "one label a session"
        elif found_width := re.fullmatch(r"PAGE-WIDTH (\d+)", line):
            page.paint(0, 0, np.zeros((1, int(found_width[1])), bool))
        elif line == "PRINT":
            if in_session == "label":
                page.settings = dict(settings)
                yield page
            in_session = ""
        elif not in_session:
            raise NotUnderstoodError(f"outside of a session: {line}")
        elif re.fullmatch(
            r"PAGE-HEIGHT \d+|CUT|GAP-SENSE|BAR-SENSE|CONTRAST [0-3]|SPEED [0-5]|TONE -?\d+|PRESENT-AT -?\d+ \d+|"
            r"ON-OUT-OF-PAPER \w+",
            line,
        ):
            settings[line.split()[0]] = line
        elif line and line != "FORM":
            raise NotUnderstoodError(line)


def read_sbpl(data: bytes) -> Iterator[Page]:
    """SBPL: <ESC> commands from <ESC>A to <ESC>Z; G in blocks of 8 x 8 dots, row after row, 1 for black; places from
    1. Line ends between commands are passed over, as in the manual's listings."""
    cursor, page, settings, place, printed = Cursor(data), blank(), {}, [1, 1], False
    while cursor.left:
        if cursor.match(rb"[\x02\x03\r\n]"):
            continue
        if not cursor.match(rb"\x1b"):
            raise cursor.fail()
        if cursor.match(rb"A(?![1-9RXO])"):
            page, place, printed = blank(), [1, 1], False
        elif found := cursor.match(rb"V(\d{1,4})"):
            place[1] = int(found[1])
        elif found := cursor.match(rb"H(\d{1,4})"):
            place[0] = int(found[1])
        elif found := cursor.match(rb"G([BH])(\d{3})(\d{3})"):
            across, down = int(found[2]), int(found[3])
            size = across * down * 8
            raw = cursor.take(size) if found[1] == b"B" else bytes.fromhex(cursor.take(2 * size).decode("ascii"))
            page.paint(place[0] - 1, place[1] - 1, unpack(raw, across))
        elif found := cursor.match(rb"(Q)1(?!\d)"):
            printed = True
        elif cursor.match(rb"Z"):
            if printed:
                page.settings = dict(settings)
                yield page
        elif found := cursor.match(rb"(#E|CS|IG|PM)(\d+)"):
            settings[found[1].decode()] = found[2].decode()
        else:
            raise cursor.fail()


def read_dpl(data: bytes) -> Iterator[Page]:
    """DPL: <SOH> and <STX> commands, a label from <STX>L to E; a picture in module D placed by 1Y11000rrrrcccc."""
    cursor, settings = Cursor(data), {}
    pictures: dict[str, Dots] = {}
    page: Page | None = None
    while cursor.left:
        if page is not None:
            line = cursor.until(b"\r").decode("ascii")
            if found_image := re.fullmatch(r"1Y11000(\d{4})(\d{4})(\w+)", line):
                assert found_image[1] == found_image[2] == "0000", "from the label's bottom left corner"
                page.paint(0, 0, pictures[found_image[3]])
            elif line == "E":
                page.settings = dict(settings)
                yield page
                page = None
            elif re.fullmatch(r"H\d\d|P[A-Z]|:\d{4}", line):
                settings[line[0]] = line
            elif line not in ("D11", "Q0001", "A2", "R0000"):
                raise NotUnderstoodError(line)
        elif cursor.match(rb"\x02L\r"):
            page = blank()
        elif found := cursor.match(rb"\x02ID([Pp])(\w{1,16})\r"):
            assert found[1] == b"P", "a picture as received lies on its head"
            start = cursor.at
            dots, length = read_pcx(data[start:])
            pictures[found[2].decode()] = dots
            cursor.at = start + length
        elif found := cursor.match(rb"\x02xDG(\w+)\r"):
            del pictures[found[1].decode()]
        elif found := cursor.match(rb"\x02(c\d{4}|[nmer]|M\d{4}|KcLW\d{4}|KZH\d+|KZP.|Kf\d{4})"):
            settings[found[1][:1].decode()] = found[1].decode()
        elif not cursor.match(rb"\x01D|\r|\n|\0"):
            raise cursor.fail()


def read_pcx(data: bytes) -> tuple[Dots, int]:
    """A 1-bit PCX picture, True for black (colour 0), and how long it is: its run lengths say so (ZSoft PCX, 1991)."""
    if len(data) < 128:
        raise NotUnderstoodError("the picture's head is cut off")
    assert data[0] == 10 and data[2] == 1 and data[3] == 1 and data[65] == 1, "1 bit, 1 plane, run lengths"
    left, top, right, bottom = (int.from_bytes(data[at : at + 2], "little") for at in (4, 6, 8, 10))
    stride, height, width = int.from_bytes(data[66:68], "little"), bottom - top + 1, right - left + 1
    at, decoded = 128, 0
    while decoded < stride * height:
        if at + 1 >= len(data):
            raise NotUnderstoodError("the picture is cut off")
        run = data[at] >= 0xC0
        decoded += data[at] & 0x3F if run else 1
        at += 2 if run else 1
    assert decoded == stride * height, "a run that reaches over the end"
    with Image.open(BytesIO(data[:at])) as picture:
        dots = ~np.asarray(picture.convert("1"))
    assert dots.shape == (height, width)
    return dots, at


def unpack_bits(data: bytes) -> bytes:
    """TIFF PackBits (TIFF 6.0, section 9)."""
    cursor, out = Cursor(data), b""
    while cursor.left:
        count = cursor.take(1)[0]
        if count < 128:
            out += cursor.take(count + 1)
        elif count > 128:
            out += cursor.take(1) * (257 - count)
    return out


def read_brother(data: bytes, head_bytes: int) -> Iterator[Page]:
    """Brother raster: lines from the head's right to its left. A page is as wide as the head."""
    cursor, lines, settings, packed = Cursor(data), [], {}, False
    while cursor.left:
        if cursor.match(rb"\0"):
            continue
        if cursor.match(rb"\x1b@"):
            lines, settings, packed = [], {}, False
        elif found := cursor.match(rb"\x1biz(.{10})"):
            settings["iz"] = found[1].hex()
        elif found := cursor.match(rb"\x1bi([aAMK])(.)"):
            settings["i" + found[1].decode()] = found[2].hex()
        elif found := cursor.match(rb"\x1bid(..)"):
            settings["id"] = str(int.from_bytes(found[1], "little"))
        elif found := cursor.match(rb"M([\0\x02])"):
            packed = found[1] == b"\x02"
        elif cursor.match(rb"\x1biS"):
            settings["iS"] = "asks for the state"
        elif found := cursor.match(rb"(?:g\0(.)|G(..))"):
            line = cursor.take(found[1][0] if found[1] else int.from_bytes(found[2], "little"))
            lines.append(unpack_bits(line) if packed else line)
            assert len(lines[-1]) == head_bytes
        elif cursor.match(rb"Z"):
            lines.append(bytes(head_bytes))
        elif cursor.match(rb"[\x1a\x0c]"):
            assert len(lines) == int.from_bytes(bytes.fromhex(settings["iz"])[4:8], "little"), "as many as announced"
            yield Page(unpack(b"".join(lines), head_bytes)[:, ::-1], dict(settings))
            lines = []
        else:
            raise cursor.fail()


def read_escpos(data: bytes) -> Iterator[Page]:
    """ESC/POS: raster pictures one below the other between two ESC @; each ends the page before."""
    cursor, page, settings = Cursor(data), None, {}
    while cursor.left:
        if cursor.match(rb"\x1b@"):
            if page is not None:
                yield Page(page.dots, settings)
            page, settings = blank(), {}
        elif page is None:
            raise cursor.fail()
        elif found := cursor.match(rb"\x1dv0([\0-\x03])(..)(..)"):
            assert found[1] == b"\0", "no doubling"
            width, rows = (int.from_bytes(one, "little") for one in found.groups()[1:])
            page.paint(0, page.dots.shape[0], unpack(cursor.take(width * rows), width))
        elif found := cursor.match(rb"\x1d\(K\x02\0([12])(.)"):
            settings["K" + found[1].decode()] = found[2].hex()
        elif found := cursor.match(rb"\x1c\(L\x02\0([ABC])([012])"):
            settings["L"] = (found[1] + found[2]).decode()
        elif found := cursor.match(rb"\x1dV(?:[\x001]|[AB](.))"):
            settings["V"] = found[0][2:].hex()
        elif found := cursor.match(rb"\x1bJ(.)"):
            settings["J"] = str(found[1][0])
        else:
            raise cursor.fail()
    if page is not None:
        yield Page(page.dots, settings)


def read_zpl_hex(data: bytes) -> Iterator[Page]:
    """ZPL of plain graphics: nothing but places, hex fields, and what is set."""
    cursor, page, settings = Cursor(data), blank(), {}
    while cursor.left:
        if cursor.match(rb"\n"):
            continue
        if cursor.match(rb"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^PON\^PMN"):
            size = re.search(rb"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^PON\^PMN$", data[: cursor.at])
            assert size
            page = blank(int(size[1]), int(size[2]))
        elif found := cursor.match(rb"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS"):
            x, y, sent, total, width = (int(one) for one in found.groups()[:5])
            assert sent == total == len(found[6]) // 2 <= 99_999
            page.paint(x, y, unpack(bytes.fromhex(found[6].decode()), width))
        elif found := cursor.match(rb"(~SD|~TA|\^PR|\^MN|\^MM)([-\dA-Z.]+)"):
            settings[found[1].decode()] = found[2].decode()
        elif cursor.match(rb"\^PQ1\^XZ"):
            page.settings = dict(settings)
            yield page
        else:
            raise cursor.fail()


READERS: dict[str, Callable[[bytes], Iterator[Page]]] = {
    "zpl-hex": read_zpl_hex,
    "tspl": read_tspl,
    "epl2": read_epl2,
    "cpcl": read_cpcl,
    "sbpl": read_sbpl,
    "dpl": read_dpl,
    "escpos": read_escpos,
}
"""By language; Brother's needs to know the head."""
