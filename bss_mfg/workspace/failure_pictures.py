"""Pictures of printed labels that failed, kept beside the ledger for the board: those of this computer, the newest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import make_folder, read_bytes, remove_file, write_atomically

MOST_KEPT = 100
_LIMIT = 1 << 20
_DIGITS = 16
"""Of the event's digest, in a file's name."""


@dataclass(frozen=True, slots=True)
class FailurePictures:
    """The folder of pictures. A picture goes by its event, number and digest: of a ledger that was restored another
    event may have the number."""

    folder: Path

    @classmethod
    def of(cls, workspace: Path) -> FailurePictures:
        """Those of a workspace, by its folder."""
        return cls(workspace / "failures")

    def keep(self, pictures: Mapping[tuple[int, str], bytes]) -> None:
        """Keep PNGs by event (number, digest in hex); the oldest give way."""
        if not pictures:
            return
        make_folder(self.folder)
        for event, png in pictures.items():
            write_atomically(self._file(*event), [png], replace=True)
        for path in sorted(self.folder.glob("*.png"))[:-MOST_KEPT]:
            remove_file(path)

    def find(self, event: int, digest: str) -> bytes | None:
        """The PNG of an event; None where none is kept here."""
        path = self._file(event, digest)
        return read_bytes(path, "picture of a label", _LIMIT) if path.is_file() else None

    def _file(self, event: int, digest: str) -> Path:
        return self.folder / f"{event:010}-{digest[:_DIGITS]}.png"
