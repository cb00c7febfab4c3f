"""What may be said of a unit, each column in SQL. No sealed key, no key's digest, ever."""

from __future__ import annotations

from collections.abc import Mapping

from bss_mfg.ledger.unit_state import POSITION, REPLACED, STATE, SUCCESSOR


def _package_column(column: str) -> str:
    """A value of the package's barcode as it is now; it doesn't name a replaced unit, which has none."""
    return f"CASE WHEN {REPLACED} THEN NULL ELSE p.{column} END"


UNIT_COLUMNS: Mapping[str, str] = {
    "batch": ":id",
    "package": "u.package",
    "unit": "u.number",
    "serial": "u.serial",
    "uuid": "hex(u.uuid)",
    "mac": "u.mac",
    "payload": _package_column("payload"),
    "state": STATE,
    "replaced_by": f"CASE WHEN u.scrapped <> 0 THEN {SUCCESSOR} END",
    "prints": _package_column("prints"),
    "file_verified": _package_column("file_verified"),
    "print_verified": _package_column("print_verified"),
    "revision": _package_column("revision"),
    "carton": _package_column("carton"),
    "pallet": f"(SELECT pallet FROM logistic_unit l WHERE l.no = {_package_column('carton')})",  # noqa: S608 (fixed)
    "product": ":product",
    "title": "nullif(:title, '')",
    "pid": ":pid",
    "upc": "nullif(:upc, '')",
    "ean": "nullif(:ean, '')",
    "stage": ":stage",
    "spec": ":spec",
    "created_at": ":created_at",
    "last_event_at": "e.at",
    "released": "u.released",
    "manifest": "(SELECT file FROM manifest m WHERE m.no = u.manifest)",
    "answer": """CASE WHEN u.answer = 1 THEN 'accepted' WHEN u.answer = 2 THEN 'rejected'
        WHEN u.manifest <> 0 THEN 'waiting' END""",
    "answer_reason": "u.answer_reason",
}
"""Column -> what it is in SQL; docs/formats/tables.md says it in words."""

INTEGER_COLUMNS = frozenset(
    {"package", "unit", "prints", "file_verified", "print_verified", "revision", "released", "carton", "pallet"}
)
"""Columns of whole numbers; all others are text."""

ORDER = f"ORDER BY {POSITION}, u.number"
"""By package and place, a replaced unit before the one that took its place."""

_UNIT = "batch, number, package, serial, uuid, mac, scrapped, place, released, manifest, answer, answer_reason"
UNIT_SOURCE = f"""(SELECT {_UNIT} FROM unit WHERE batch = :batch AND number BETWEEN :first AND :last
    UNION ALL
    SELECT {_UNIT} FROM unit INDEXED BY unit_place
        WHERE batch = :batch AND place IS NOT NULL AND package BETWEEN :low AND :high) u
    JOIN package p ON p.batch = :batch AND p.number = u.package"""  # noqa: S608 (fixed texts)
"""The units of packages `:low` to `:high` of batch `:batch`, whose first units are numbers `:first` to `:last`, with
their packages."""
