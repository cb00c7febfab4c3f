"""Units, and programming files of them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from pathlib import Path

from bss_mfg.model import Secret, Unit
from bss_mfg.programming.format import FileMark, Format
from bss_mfg.programming.image_layout import ImageLayout, load_layout

ABOUT = FileMark("B1", "ebK3", "12:0a1b2c3d", "1.2.3")


Said = tuple[str, bytes, bytes]
"""Serial, Device UUID and OOB key of a unit, as a reader sees them."""


LAYOUT = """\
format = 1
name = "line-7"
size = 192
fill = 0x00
address = 0x100FF000

[[region]]
name = "crc"
kind = "crc"
offset = 188
algorithm = "crc16-ccitt-false"
endian = "big"
first = "head"
last = "batch"

[[region]]
name = "head"
kind = "octets"
offset = 0
value = "CA FE"

[[region]]
name = "version"
kind = "number"
offset = 2
width = 4
endian = "big"
value = 7

[[region]]
name = "device"
kind = "uuid"
offset = 16

[[region]]
name = "auth"
kind = "oob"
offset = 32
width = 32

[[region]]
name = "serial"
kind = "serial"
offset = 64
width = 50
pad = 0x20

[[region]]
name = "batch"
kind = "batch"
offset = 114
width = 64
"""


def units(count: int, octets: int = 32) -> list[Unit]:
    return [
        Unit(number, f"{number:08}", uuid.uuid4(), None, Secret(secrets.token_bytes(octets)))
        for number in range(1, count + 1)
    ]


def said(unit: Unit) -> Said:
    assert unit.key is not None
    return unit.serial, unit.uuid.bytes, unit.key.reveal()


def layout(tmp_path: Path, text: str = LAYOUT) -> ImageLayout:
    path = tmp_path / "line-7.toml"
    path.write_text(text)
    return load_layout(path)


def files(form: Format, some: Sequence[Unit]) -> list[bytes]:
    groups = [some] if form.one_file_per == "batch" else [[unit] for unit in some]
    return [b"".join(form.write(group, ABOUT)) for group in groups]
