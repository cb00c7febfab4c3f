"""What may still be issued: running numbers and batch ids that are free, identities that nobody had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.text import first_problems
from bss_mfg.credentials import format_serial
from bss_mfg.errors import LedgerError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Identity
from bss_mfg.workspace.product import LoadedProduct

MOST_NAMED = 8
"""Rows of an identities file that an error names one by one."""
_ROWS_AT_ONCE = 500
_SERIALS_AT_ONCE = 5_000


def refuse_issued(ledger: Ledger, product_no: int, identities: Iterable[Identity]) -> None:
    """Name what of a file was issued before, by row; the ledger would refuse it all the same."""
    problems: CappedList[str] = CappedList(MOST_NAMED)
    rows = enumerate(identities, 2)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        serials = ledger.identities.issued_serials(product_no, [item.serial for _, item in some])
        uuids = ledger.identities.issued_uuids([item.uuid for _, item in some if item.uuid])
        for row, item in some:
            if item.serial in serials:
                what = f"serial {item.serial} was issued {serials[item.serial]}"
            elif item.uuid in uuids:
                what = f"Device UUID {str(item.uuid).upper()} was issued {uuids[item.uuid]}"
            else:
                continue
            problems.add(f"row {row}: {what}")
    if problems:
        raise LedgerError(
            "would be issued twice",
            where="identities file",
            problems=first_problems(problems[:], MOST_NAMED, "rows", problems.total),
            way_out="Nothing was issued; correct it, or leave these rows out.",
        )


def first_free_number(ledger: Ledger, loaded: LoadedProduct, product_no: int, start: int, units: int) -> int:
    """The first running number, from `start` on, from which the serials of all units are free: serials that came in
    files are skipped."""

    def serial(number: int) -> str:
        return format_serial(loaded.product.serial, loaded.product.pid, number)

    at = start
    while at < start + units:
        after = min(at + _SERIALS_AT_ONCE, start + units)
        # All are equally long, so between the first and the last in their order nothing else lies by accident.
        if ledger.identities.has_serial_between(product_no, serial(at), serial(after - 1)):
            numbers = {serial(number): number for number in range(at, after)}
            if taken := ledger.identities.issued_serials(product_no, list(numbers)):
                after = start = max(numbers[serial] for serial in taken) + 1
        at = after
    return start


def free_batch_id(
    ledger: Ledger, product: str, first: int = 1, used_ids: Callable[[str], bool] = lambda batch_id: False
) -> str:
    """The product's name and the next number, from `first` on, that is neither in the ledger nor in `used_ids`."""
    number = first
    while True:
        batch_id = f"{product[:56]}-{number:04d}"
        if ledger.batches.request_digest(batch_id) is None and not used_ids(batch_id):
            return batch_id
        number += 1
