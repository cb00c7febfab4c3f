"""New units in the places of scrapped ones: new credentials and a new barcode string, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bss_mfg.credentials import format_serial, new_oob_key, new_uuid
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.issuing.batch import first_free_number, refuse_issued
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packages import Replacement, refuse_partial_replacement
from bss_mfg.ledger.sealed_rows import seal_packages
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Identity, Package, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.spec import spec_from_text
from bss_mfg.workspace.product import LoadedProduct


def replace_units(
    ledger: Ledger,
    vault: Vault,
    loaded: LoadedProduct,
    batch: Batch,
    serials: Sequence[str],
    reason: str,
    identities: Sequence[Identity] = (),
) -> dict[str, str]:
    """Issue a new unit for each scrapped one of `serials`; old serial -> new serial, in their order.

    What was replaced before is not replaced again, and its successor is told. The packages' barcode strings are made
    anew from the batch's own spec and facts; their old labels are wrong from then on. All or none.
    """
    serials = list(dict.fromkeys(serials))
    if loaded.key.fingerprint != batch.key_fingerprint:
        raise RefusedError(
            f"the product's key is not the one that batch {batch.id} was issued with",
            way_out="Put that key file back, or issue a new batch instead.",
        )
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    builder = PayloadBuilder(spec, batch.facts, loaded.key)
    ledger.batches.refuse_closed(batch.id)
    with ledger.transaction():
        states = ledger.units.states(batch.id, serials)
        done = ledger.units.successors(batch.id, serials)
        todo = [serial for serial in serials if serial not in done]
        ledger.units.refuse_unscrapped(batch.id, {serial: states[serial] for serial in todo})
        if not todo:
            return done
        if identities and len(identities) != len(todo):
            raise InputError(
                f"the identities file has {len(identities)} rows, {len(todo)} units are to be replaced",
                way_out="Make both numbers the same.",
            )
        keys = open_keys(ledger)
        data_key = keys.data_key(batch.id, vault)
        product, running = ledger.products.register(loaded.name, loaded.product.pid, loaded.key.fingerprint)
        if identities:
            refuse_issued(ledger, product, identities)
        else:
            running = first_free_number(ledger, loaded, product, running, len(todo))
        positions = ledger.units.positions(batch.id, todo)
        first = ledger.units.next_number(batch.id)
        new: dict[str, Unit] = {}
        for index, serial in enumerate(todo):
            given = identities[index] if identities else None
            new[serial] = Unit(
                number=first + index,
                serial=given.serial
                if given
                else format_serial(loaded.product.serial, loaded.product.pid, running + index),
                uuid=(given.uuid if given else None) or new_uuid(),
                mac=given.mac if given else None,
                key=new_oob_key(keys.oob_size(batch.id, serial)),
                extra=given.extra if given else {},
            )
        for number in sorted({package for package, _ in positions.values()}):
            before = next(ledger.packages.stream(batch.id, number, 1))
            refuse_partial_replacement(before, todo)
            units = tuple(new.get(unit.serial) or keys.open_unit(batch.id, unit, data_key) for unit in before.units)
            after = Package(number, builder.build(units), units, before.revision + 1)
            if len(after.payload) > batch.longest_payload:
                raise InputError(
                    f"the new barcode string has {len(after.payload)} characters, the batch's labels have room for "
                    f"{batch.longest_payload}",
                    way_out="Give a serial that is not longer than those of the batch.",
                )
            old = [unit.serial for unit in before.units if unit.serial in new]
            where = {new[serial].serial: positions[serial][1] for serial in old}
            fresh = replace(after, units=tuple(unit for unit in units if unit.serial in where))
            ((package_row,), unit_rows) = seal_packages([fresh], data_key)
            ledger.packages.store_replacement(
                Replacement(
                    batch_id=batch.id,
                    product_no=product,
                    package=package_row,
                    revision=after.revision,
                    units=unit_rows,
                    positions=[where[unit.serial] for unit in fresh.units],
                    replaced=old,
                    reason=reason,
                )
            )
        if not identities:
            ledger.products.set_next_number(product, running + len(todo))
    return {serial: done.get(serial) or new[serial].serial for serial in serials}
