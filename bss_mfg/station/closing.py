"""Closing a carton or a pallet: its label is drawn first, put in place and recorded in one transaction, and then sent.

Killed before the commit, the carton is open, and closing it again gives the same bytes; after it, the label is there,
and is sent again by whoever goes on: two labels of one carton say the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import write_atomically
from bss_mfg.core.folders import new_folder
from bss_mfg.errors import LedgerError
from bss_mfg.label.packing_label import PackedGoods, PackingLabel
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import ClosingLabel, LogisticUnit, NewLogisticUnit, Place, Refused, UnitKind

_TRIES = 5


@dataclass(frozen=True, slots=True)
class PackingSetup:
    """How a table packs: its cartons and pallets (None: cartons are not put on pallets), with which labels, and the
    folder of these. `send` hands a label file over and raises `MissingError` where it can't; None: files are only
    made."""

    carton: NewLogisticUnit
    pallet: NewLogisticUnit | None
    carton_label: PackingLabel
    pallet_label: PackingLabel
    folder: Path
    send: Callable[[PackingLabel, Path], None] | None = None
    address: str = ""

    def label(self, kind: UnitKind) -> PackingLabel:
        """With what a label is drawn."""
        return self.carton_label if kind == "carton" else self.pallet_label


@dataclass(frozen=True, slots=True)
class Closed:
    """What was closed, the pallet that the carton was put on, and why it was not."""

    unit: LogisticUnit
    pallet: LogisticUnit | None = None
    not_on_pallet: Refused | None = None


class Closer:
    """Closes what a table has packed."""

    def __init__(self, ledger: Ledger, setup: PackingSetup) -> None:
        self._ledger, self._setup = ledger, setup

    def close(self, unit: LogisticUnit, reason: str = "") -> Closed:
        """Close a carton, and put it on the open pallet where the table builds them; or close a pallet. `RefusedError`
        by the rules of `PackingStore.close`."""
        store = self._ledger.packing
        for _ in range(_TRIES):
            label = self._drawn(unit, store.contents(unit))
            with self._ledger.issuing():
                if not store.close(unit.number, label, reason):
                    continue
                put = None
                if unit.kind == "carton" and (pallet := self._pallet()):
                    put = store.put_on_pallet(unit.number, self._ledger.actor.station, pallet)
            closed = store.get(unit.number) or unit
            return Closed(closed, None if isinstance(put, Refused) else put, put if isinstance(put, Refused) else None)
        raise LedgerError(
            f"{unit.words} is being changed by another command", way_out="Let it finish, then close it again."
        )

    def _pallet(self) -> NewLogisticUnit | None:
        """How pallets are built here; a table that has one open goes on with it, also where nobody says so again."""
        if self._setup.pallet:
            return self._setup.pallet
        unit = self._ledger.packing.open_at("pallet", self._ledger.actor.station)
        return NewLogisticUnit(unit.size, self._setup.carton.sscc_prefix, unit.mixed) if unit else None

    def send(self, unit: LogisticUnit) -> bool:
        """Hand the label of what is closed over to the printer, where there is one, and note it. A label that was made
        at another computer is not here: then it is drawn again."""
        if self._setup.send is None:
            return False
        file = self._setup.folder / (unit.label or "")
        if not unit.label or not file.is_file():
            drawn = self._drawn(unit, self._ledger.packing.contents(unit))
            drawn.put()
            file = self._setup.folder / drawn.file
        self._setup.send(self._setup.label(unit.kind), file)
        self._ledger.packing.note_sent(unit, self._setup.address)
        return True

    def _drawn(self, unit: LogisticUnit, contents: Sequence[Place]) -> ClosingLabel:
        """The label for these contents; of nothing there is none, which is refused when it is closed."""
        ledger, label = self._ledger, self._setup.label(unit.kind)
        ids = dict.fromkeys(batch for batch, _ in contents)
        file = f"{unit.kind}-{unit.number:06}{label.suffix}"
        data = b""
        if ids:
            cartons = len(ledger.packing.cartons_on(unit.number)) if unit.kind == "pallet" else 0
            packages = [ledger.packages.get(batch, number) for batch, number in contents]
            batches = [ledger.batches.get(batch) for batch in ids]
            data = label.draw(PackedGoods(unit.number, batches, packages, unit.sscc, cartons))

        def put() -> None:
            path = self._setup.folder / file
            with new_folder(self._setup.folder):
                write_atomically(path, [data], replace=path.exists())

        return ClosingLabel(contents, file, hashlib.sha256(data).hexdigest(), put)
