"""product + count -> credentials -> payloads -> ledger, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from bss_mfg.credentials import new_oob_key, new_uuid, serial_from
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.files import checked_name
from bss_mfg.ledger.audit import now
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Identity, Package, Unit
from bss_mfg.payload.build import PayloadBuilder, longest_example
from bss_mfg.payload.spec import SpecFile, require_confirmed
from bss_mfg.product import LoadedProduct

AT_ONCE = 256
"""Units that are made together, then encrypted together, then handed to the ledger."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A batch, and whether this call made it or found it already there."""

    batch: Batch
    created: bool


def create_batch(
    ledger: Ledger,
    vault: Vault,
    loaded: LoadedProduct,
    spec_file: SpecFile,
    units: int,
    *,
    batch_id: str | None = None,
    identities: Iterable[Identity] = (),
    progress: Progress = lambda done, total: None,
) -> Issued:
    """Issue `units` units of a product, once and for ever.

    With the id of an existing batch and the same arguments nothing is issued and that batch is returned; with other
    arguments `RefusedError`. Without an id the batch gets the product's name and a running number. `identities` are
    walked more than once (a tuple, an `IdentityFile`).
    """
    product = loaded.product
    if batch_id is not None:
        checked_name(batch_id, "batch id")
    if units % product.units_per_package:
        raise InputError(
            f"{units} units do not fill packages of {product.units_per_package}",
            way_out=f"Give a multiple of {product.units_per_package}.",
        )
    asked = _Request(loaded, units, identities)
    for _ in asked:
        pass
    request = asked.digest
    if asked.count and asked.count != units:
        raise InputError(
            f"the identities file has {asked.count} rows, {units} units are asked for",
            way_out="Make both numbers the same.",
        )
    if batch_id is not None and (found := _existing(ledger, batch_id, request)):
        return found
    if product.stage == "production":
        require_confirmed(spec_file)
    spec = spec_file.spec
    builder = PayloadBuilder(spec, product.facts, loaded.key)
    longest = longest_example(
        spec, product.facts, loaded.key.key.key_size, product.units_per_package, product.oob_bytes
    )
    ledger.check_vault(vault)
    with ledger.transaction():
        # Another process may have made the batch while we waited for the lock.
        if batch_id is not None and (found := _existing(ledger, batch_id, request)):
            return found
        number, next_serial = ledger.product_number(loaded.name, product.pid, loaded.key.fingerprint)
        if asked.count:
            refuse_known(ledger, number, identities)
        else:
            next_serial = free_serial(ledger, loaded, number, next_serial, units)
        batch = Batch(
            id=batch_id or _free_id(ledger, loaded.name),
            product=loaded.name,
            stage=product.stage,
            units=units,
            packages=units // product.units_per_package,
            units_per_package=product.units_per_package,
            created_at=now(),
            spec=spec.name,
            spec_text=spec_file.text,
            suite=spec.suite,
            key_fingerprint=loaded.key.fingerprint,
            template=product.template,
            facts={**product.facts, "key_bits": str(loaded.key.key.key_size)},
            longest_payload=len(longest),
        )
        data_key, wrapped = vault.new_data_key(batch.id)
        after = next_serial if asked.count else next_serial + units
        given = iter(asked) if asked.count else None
        packages = _packages(loaded, builder, units, next_serial, given, progress)
        ledger.issue(batch, request, number, after, wrapped, data_key, packages)
        if given and (next(given, None) or asked.digest != request):
            raise InputError("the identities file was changed while it was read", way_out="Run the command again.")
    return Issued(batch, True)


def refuse_known(ledger: Ledger, product: int, identities: Iterable[Identity]) -> None:
    """Name what of a file was issued before, by row; the ledger would refuse it all the same."""
    problems: list[str] = []
    count, rows = 0, enumerate(identities, 2)
    while some := list(islice(rows, 500)):
        known = ledger.known_serials(product, [item.serial for _, item in some])
        uuids = ledger.known_uuids([item.uuid for _, item in some if item.uuid])
        for row, item in some:
            if item.serial in known:
                what = f"serial {item.serial} was issued {known[item.serial]}"
            elif item.uuid in uuids:
                what = f"Device UUID {str(item.uuid).upper()} was issued {uuids[item.uuid]}"
            else:
                continue
            count += 1
            problems = [*problems, f"row {row}: {what}"][:8]
    if problems:
        more = [f"and {count - 8} more rows"] if count > 8 else []
        raise LedgerError(
            "would be issued twice",
            where="identities file",
            problems=[*problems, *more],
            way_out="Nothing was issued; correct it, or leave these rows out.",
        )


def free_serial(ledger: Ledger, loaded: LoadedProduct, product_no: int, start: int, units: int) -> int:
    """The first running number from which all serials of the batch are free: serials brought by files are skipped."""
    product = loaded.product
    while True:
        numbers = {serial_from(product.serial, product.pid, start + index): start + index for index in range(units)}
        taken = ledger.known_serials(product_no, list(numbers))
        if not taken:
            return start
        start = max(numbers[serial] for serial in taken) + 1


def _packages(
    loaded: LoadedProduct,
    builder: PayloadBuilder,
    units: int,
    next_serial: int,
    identities: Iterator[Identity] | None,
    progress: Progress,
) -> Iterator[Package]:
    product = loaded.product
    per_package = product.units_per_package
    step = max(AT_ONCE // per_package, 1) * per_package
    for start in range(0, units, step):
        # Like work together: turning from one to the other at each unit costs a sixth of the rate.
        members = [
            Unit(
                number=index + 1,
                serial=given.serial if given else serial_from(product.serial, product.pid, next_serial + index),
                uuid=(given.uuid if given else None) or new_uuid(),
                mac=given.mac if given else None,
                key=new_oob_key(product.oob_bytes),
                extra=given.extra if given else {},
            )
            for index in range(start, min(start + step, units))
            for given in (next(identities, None) if identities else None,)
        ]
        groups = [tuple(members[at : at + per_package]) for at in range(0, len(members), per_package)]
        yield from [
            Package(number, builder.build(group), group)
            for number, group in enumerate(groups, start // per_package + 1)
        ]
        progress(min(start + step, units), units)


def _existing(ledger: Ledger, batch_id: str, request: str) -> Issued | None:
    known = ledger.request_of(batch_id)
    if known is None:
        return None
    if known != request:
        raise RefusedError(
            f"batch {batch_id} was issued already, with other arguments (product, units, identities or product "
            "settings)",
            way_out=f"`bss-mfg batch show {batch_id}` shows it; give the new batch another --id.",
        )
    return Issued(ledger.batch(batch_id), False)


def _free_id(ledger: Ledger, name: str) -> str:
    number = sum(batch.product == name for batch in ledger.batches()) + 1
    while ledger.request_of(f"{name[:56]}-{number:04d}") is not None:
        number += 1
    return f"{name[:56]}-{number:04d}"


class _Request:
    """What decides a batch, as the operator typed it: a second run with the same is the same command.

    Walk it to read the identities; after each whole walk `count` and `digest` are those of what was read: SHA-256 of a
    JSON object, whose list of identities is written as it is read.
    """

    def __init__(self, loaded: LoadedProduct, units: int, identities: Iterable[Identity]) -> None:
        product = loaded.product
        asked = {
            "product": loaded.name,
            "units": units,
            "units_per_package": product.units_per_package,
            "facts": product.facts,
            "stage": product.stage,
            "key": loaded.key.fingerprint,
            "identities": [],
        }
        self._head, self._list, self._tail = json.dumps(asked, sort_keys=True).partition('"identities": [')
        self._identities = identities
        self.count, self.digest = 0, ""

    def __iter__(self) -> Iterator[Identity]:
        digest, count = hashlib.sha256(f"{self._head}{self._list}".encode()), 0
        for item in self._identities:
            more = [dict(item.extra)] if item.extra else []
            text = json.dumps([item.serial, str(item.uuid or ""), item.mac or "", *more], sort_keys=True)
            digest.update(f"{', ' if count else ''}{text}".encode())
            count += 1
            yield item
        digest.update(self._tail.encode())
        self.count, self.digest = count, digest.hexdigest()
