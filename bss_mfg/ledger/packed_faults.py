"""What may not leave any more, of what is in a carton or on a pallet already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bss_mfg.core.languages import phrase
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.flash_failures import FAILED, failed_in
from bss_mfg.ledger.packages import PackageStore
from bss_mfg.ledger.packing_records import LogisticUnit, PackRefusal, Place, Refused, UnitKind

_INSIDE: dict[UnitKind, str] = {
    "carton": "k.carton = ?",
    "pallet": "k.carton IN (SELECT no FROM logistic_unit WHERE pallet = ?)",
}
_DOUBTFUL = {
    kind: f"""SELECT b.id, b.no, k.number, k.print_verified, k.shipped FROM package k JOIN batch b ON b.no = k.batch
    WHERE {inside} AND (k.print_verified = 0 OR k.shipped <> 0
        OR EXISTS (SELECT 1 FROM unit u WHERE u.batch = k.batch AND (u.scrapped <> 0 OR {FAILED}) AND u.number BETWEEN
            (k.number - 1) * b.units_per_package + 1 AND k.number * b.units_per_package)
        OR EXISTS (SELECT 1 FROM unit u WHERE u.batch = k.batch AND (u.scrapped <> 0 OR {FAILED})
            AND u.place IS NOT NULL AND u.package = k.number)) ORDER BY k.batch, k.number"""  # noqa: S608 (fixed texts)
    for kind, inside in _INSIDE.items()
}
"""What may hinder a carton or a pallet, found by one query, for all other stations wait meanwhile: packages that hold a
unit that was scrapped or failed, though another may have taken its place, too."""


class PackedFaults:
    """Looks for packages that were taken, and may not leave any more."""

    def __init__(self, connection: Connection, batches: BatchStore, packages: PackageStore) -> None:
        self._db, self._batches, self._packages = connection, batches, packages

    def find(self, unit: LogisticUnit, contents: Sequence[Place]) -> list[Refused]:
        """Why a carton or pallet with these contents may not leave, a package each; those last whose devices have not
        proven their keys."""
        return [*self._doubtful(unit), *self._unproven(contents)]

    def _doubtful(self, unit: LogisticUnit) -> Iterator[Refused]:
        kind = unit.kind
        for batch_id, batch, number, verified, shipped in self._db.rows(_DOUBTFUL[kind], (unit.number,)):
            package = self._packages.get(batch_id, number)
            if package.scrapped:
                yield Refused(PackRefusal.SCRAPPED, phrase("{serials} was scrapped", serials=package.serials_text))
            elif shipped:
                yield Refused(PackRefusal.SHIPPED, phrase("{serials} was shipped", serials=package.serials_text))
            elif not verified:
                words = phrase("{serials}: its newest label was not read right", serials=package.serials_text)
                yield Refused(PackRefusal.NOT_VERIFIED, words)
            elif failed := failed_in(self._db, batch, package):
                words = phrase(
                    "{serials}: {failed} failed when flashed", serials=package.serials_text, failed=", ".join(failed)
                )
                yield Refused(PackRefusal.FLASH_FAILED, words)

    def _unproven(self, contents: Sequence[Place]) -> Iterator[Refused]:
        for batch_id, places in groupby(contents, key=lambda place: place[0]):
            for number in sorted(self._packages.unproven(batch_id, [number for _, number in places])):
                serials = self._packages.get(batch_id, number).serials_text
                words = phrase("{serials}: not proven on air", serials=serials)
                yield Refused(PackRefusal.NOT_PROVEN, words)
