"""Archives, written in one stroke: the same bytes for the same content, whenever they are made."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bss_mfg.core.files import build_atomically
from bss_mfg.errors import from_os_error

_MOMENT = (1980, 1, 1, 0, 0, 0)


def write_zip(path: Path, members: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Write an archive of members, each of pieces that are made as they are written. Never overwrites
    (`RefusedError`)."""

    def fill(new: Path) -> None:
        try:
            with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, pieces in members:
                    member = zipfile.ZipInfo(name, _MOMENT)
                    member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                    with archive.open(member, "w", force_zip64=True) as file:
                        for piece in pieces:
                            file.write(piece)
        except OSError as error:
            raise from_os_error(error, "writing the archive", path) from error

    build_atomically(path, fill)


def in_blocks(lines: Iterable[bytes], at_once: int = 1_000) -> Iterator[bytes]:
    """Lines joined to larger pieces."""
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == at_once:
            yield b"".join(block)
            block = []
    yield b"".join(block)
