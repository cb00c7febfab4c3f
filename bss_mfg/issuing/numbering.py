"""What may still be issued: running numbers and batch ids that are free, identities that nobody had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.text import count_words, first_problems
from bss_mfg.credentials import format_serial, last_number
from bss_mfg.errors import InputError, LedgerError
from bss_mfg.issuing.uniqueness import Identifiers
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Identifier, Identity
from bss_mfg.workspace.product import LoadedProduct

MOST_NAMED = 8
"""Rows of an identities file that an error names one by one."""
_ROWS_AT_ONCE = 500
_SERIALS_AT_ONCE = 5_000


def refuse_issued(
    ledger: Ledger,
    identities: Iterable[Identity],
    identifiers: Identifiers,
    claim: Callable[[int, Identifier], None] = lambda index, one: None,
    *,
    batch: str | None = None,
    file: Path | str = "identities file",
) -> None:
    """Name what of a `file` was issued before, by row; the ledger would refuse it all the same. `claim` is told the
    identifiers of each identity, which are numbered from 0; `batch` is there already, where its units are to come."""
    problems: CappedList[str] = CappedList(MOST_NAMED)
    rows = enumerate(identities)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        serials = ledger.identities.issued_serials([item.serial for _, item in some])
        uuids = ledger.identities.issued_uuids([item.uuid for _, item in some if item.uuid])
        others = {index: list(identifiers.of(item)) for index, item in some}
        holders = ledger.identities.identifiers.holders([one for ones in others.values() for one in ones], batch)
        for index, item in some:
            if item.serial in serials:
                problems.add(f"row {index + 2}: serial {item.serial} was issued {serials[item.serial]}")
            elif item.uuid in uuids:
                problems.add(f"row {index + 2}: Device UUID {str(item.uuid).upper()} was issued {uuids[item.uuid]}")
            elif taken := [one for one in others[index] if one.key in holders]:
                problems.add(f"row {index + 2}: {taken[0].words} was issued {holders[taken[0].key]}")
            for one in others[index]:
                claim(index, one)
    if problems:
        raise LedgerError(
            "would be issued twice",
            where=file,
            problems=first_problems(problems[:], MOST_NAMED, "rows", problems.total),
            way_out="Nothing was issued; correct it, or leave these rows out. Where values may come again, the spec "
            "says so (`unique`).",
        )


class SerialNumbers:
    """The running numbers of a product whose serials nobody has, whatever its upper and lower case."""

    def __init__(self, ledger: Ledger, loaded: LoadedProduct) -> None:
        self._ledger, self._product = ledger, loaded.product
        self._last = last_number(self._product.serial)

    def free(self, start: int, units: int) -> Sequence[int]:
        """So many of them: the first run of consecutive ones from `start` on, or, where the pattern has room for none,
        the first that are free, between serials that came in files. `InputError` where they are too few."""
        run = self._run(start, units)
        if run is not None:
            return run
        found = tuple(islice(self._free_from(start), units))
        if len(found) < units:
            each = self._product.units_per_package
            most = len(found) // each * each
            raise InputError(
                f"the serial pattern {self._product.serial!r} has room for "
                + count_words(len(str(self._last)), "digit")
                + ", and "
                + (
                    f"{len(found):,} of its numbers are free; {units:,} are needed"
                    if found
                    else "all its numbers are used"
                ),
                way_out="Widen the counter in the product's file, for example {n:010}"
                + (f", or ask for no more than {count_words(most, 'unit')}." if most else "."),
            )
        return found

    def _run(self, start: int, units: int) -> range | None:
        """The first run of free numbers, None where there is none."""
        at = start
        while at < start + units:
            if start + units - 1 > self._last:
                return None
            after = min(at + _SERIALS_AT_ONCE, start + units)
            if taken := self._taken(at, after):
                after = start = max(taken) + 1
            at = after
        return range(start, start + units)

    def _free_from(self, start: int) -> Iterator[int]:
        for at in range(start, self._last + 1, _SERIALS_AT_ONCE):
            after = min(at + _SERIALS_AT_ONCE, self._last + 1)
            taken = set(self._taken(at, after))
            yield from (number for number in range(at, after) if number not in taken)

    def _taken(self, first: int, after: int) -> list[int]:
        """Those of the numbers before `after` whose serials were issued."""
        # All are equally long, so between the first and the last in their order nothing else lies by accident.
        issued = self._ledger.identities.serials_between(self._serial(first), self._serial(after - 1))
        if not issued:
            return []
        return [number for number in range(first, after) if self._serial(number).lower() in issued]

    def _serial(self, number: int) -> str:
        return format_serial(self._product.serial, self._product.pid, number)


def free_batch_id(
    ledger: Ledger, product: str, first: int = 1, used_ids: Callable[[str], bool] = lambda batch_id: False
) -> str:
    """The product's name and the next number, from `first` on, that is neither in the ledger, in whatever upper and
    lower case, nor in `used_ids`."""
    number = first
    while True:
        batch_id = f"{product[:56]}-{number:04d}"
        if ledger.batches.find_id(batch_id) is None and not used_ids(batch_id):
            return batch_id
        number += 1
