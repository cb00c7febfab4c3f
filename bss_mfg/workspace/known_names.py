"""The names that can be typed in a workspace, each with what it is in a few words; for suggestions while somebody
types: nothing is checked, written or brought up to date, and what can't be read is left out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bss_mfg.core.text import count_words
from bss_mfg.errors import BssError
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.template_files import template_names

if TYPE_CHECKING:
    from bss_mfg.ledger.name_lookup import NameLookup

Found = TypeVar("Found")
Names = dict[str, str]
"""Name -> what it is; empty where that is plain."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names in the workspace in a folder; None: there is none, and only what comes with bss-mfg has names."""

    root: Path | None

    def products(self) -> Names:
        """Products."""
        return self._files("products")

    def templates(self) -> Names:
        """Templates: the workspace's own and those that come with bss-mfg."""
        found = template_names(self.root / "templates" if self.root else None)
        return {name: "of this workspace" if origin == "workspace" else "" for name, origin in found.items()}

    def printers(self) -> Names:
        """Printers of the workspace."""
        return self._files("printers")

    def specs(self) -> Names:
        """Specs: the workspace's own and those that come with bss-mfg."""
        from bss_mfg.payload.spec_names import MAPPING_SUFFIX, SAMPLE_SUFFIX, packaged_names

        beside = (MAPPING_SUFFIX, SAMPLE_SUFFIX)
        own = {name: "of this workspace" for name in self._files("specs") if not f"{name}.toml".endswith(beside)}
        return {**dict.fromkeys(packaged_names(), ""), **own}

    def batches(self) -> Names:
        """Batches; where the ledger can't be asked, those that have a folder."""

        def ask(names: NameLookup) -> Names:
            return {
                batch: f"{product}: {count_words(units, 'unit')}{'' if is_open else ', closed'}"
                for batch, product, units, is_open in names.batches()
            }

        return self._asked(ask) or self._folders("batches")

    def serials(self, start: str, batch_id: str = "") -> Names:
        """Serials that begin so, of a batch or of all; of very many only how they go on."""
        return dict.fromkeys(self._asked(lambda names: names.serials(start, batch_id)) or (), "")

    def presses(self) -> Names:
        """Presses that labels waited for."""
        return dict.fromkeys(self._asked(lambda names: names.presses()) or (), "")

    def waiting(self) -> Names:
        """Numbers of what waits for presses."""
        found = self._asked(lambda names: names.waiting()) or ()
        return {str(number): f"{batch} for {press}" for number, batch, press in found}

    def logistic_units(self, kind: str) -> Names:
        """Numbers of cartons or pallets that were packed by scanning."""
        found = self._asked(lambda names: names.logistic_units(kind)) or ()
        return {str(number): "open" if is_open else "closed" for number, is_open in found}

    def flashers(self) -> Names:
        """Flashers that claimed units."""
        return dict.fromkeys(self._asked(lambda names: names.flashers()) or (), "")

    def _asked(self, ask: Callable[[NameLookup], Found]) -> Found | None:
        """What the ledger answers; None where it can't be asked now."""
        if self.root is None:
            return None
        from bss_mfg.ledger.name_lookup import name_lookup
        from bss_mfg.ledger.place import LedgerPlace

        try:
            settings = tomllib.loads((self.root / CONFIG).read_text("utf-8")).get("ledger", {})
            with name_lookup(LedgerPlace(self.root, str(settings.get("url", "")))) as names:
                return ask(names)
        except (BssError, OSError, ValueError, AttributeError, RecursionError):
            return None

    def _files(self, folder: str) -> Names:
        return dict.fromkeys(sorted(path.stem for path in self._entries(folder) if path.suffix == ".toml"), "")

    def _folders(self, folder: str) -> Names:
        return dict.fromkeys(sorted(path.name for path in self._entries(folder) if path.is_dir()), "")

    def _entries(self, folder: str) -> Iterable[Path]:
        try:
            return list((self.root / folder).iterdir()) if self.root else []
        except OSError:
            return []
