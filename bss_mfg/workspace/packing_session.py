"""What was typed at a packing table of how its labels are made and sent, kept for its next session: one that only
closes a carton, or begins after a power cut, has to do it in the same way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bss_mfg.core.files import make_folder, remove_file, write_atomically
from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import load_toml, to_text, validate

_HEAD = "# Typed at a packing table (`bss-mfg pack`), for its next session. `bss-mfg pack --anew` forgets it.\n"


class PackingSession(FileModel):
    """How labels of cartons and pallets are made and sent; None: nothing was typed."""

    format: Literal[1] = 1
    template: str | None = None
    pallet_template: str | None = None
    printer: str | None = None
    send: str | None = None
    out: str | None = None

    def after(self, earlier: PackingSession) -> PackingSession:
        """This, and what it leaves open as it was in an earlier session. An address is one of a printer: it goes where
        another printer comes."""
        kept = earlier.model_dump(exclude_none=True)
        if self.printer not in (None, earlier.printer):
            kept.pop("send", None)
        return PackingSession(**{**kept, **self.model_dump(exclude_none=True)})

    @property
    def words(self) -> str:
        """As options; empty where there are none."""
        typed = self.model_dump(exclude_none=True, exclude={"format"})
        return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in typed.items())


@dataclass(frozen=True, slots=True)
class PackingSessions:
    """The folder in which a workspace keeps them, one file for each table by a digest of its name."""

    folder: Path

    @classmethod
    def of(cls, workspace: Path) -> PackingSessions:
        """Those of a workspace, by its folder."""
        return cls(workspace / "packing-tables")

    def load(self, station: str) -> PackingSession:
        """What was typed at a table last."""
        file = self._file(station)
        if not file.is_file():
            return PackingSession()
        return validate(load_toml(file, "last session of a packing table"), PackingSession)

    def keep(self, station: str, session: PackingSession) -> None:
        """Keep what was typed at a table in place of what was typed before."""
        if not session.words:
            remove_file(self._file(station))
            return
        make_folder(self.folder)
        text = _HEAD + to_text(session.model_dump(exclude_none=True))
        write_atomically(self._file(station), [text.encode()], replace=True)

    def _file(self, station: str) -> Path:
        return self.folder / f"{hashlib.sha256(station.encode()).hexdigest()[:16]}.toml"
