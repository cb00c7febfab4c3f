"""New units in the places of scrapped ones: new credentials and a new barcode string, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from bss_mfg.core.text import count_words, one_or
from bss_mfg.credentials import format_serial
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.issuing.lengths import refuse_other_lengths
from bss_mfg.issuing.numbering import SerialNumbers, refuse_issued
from bss_mfg.issuing.slices import new_unit
from bss_mfg.issuing.uniqueness import Identifiers, open_identifiers
from bss_mfg.issuing.vault_demand import demanded_of, require_vault_kept
from bss_mfg.ledger.batch_binding import identifiers_digest
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packages import Replacement, refuse_partial_replacement
from bss_mfg.ledger.sealed_rows import seal_packages
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Batch, Identity, Package, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.product import LoadedProduct


@dataclass(frozen=True)
class ReplacementRequest:
    """A new unit for each of the scrapped `serials` of a batch of `product`, and why. Without `identities` (one for
    each serial, in their order) the new serials are the product's next. `spec` is the batch's, with the signatures that
    count now."""

    batch: Batch
    product: LoadedProduct
    spec: SpecFile
    serials: Sequence[str]
    reason: str
    identities: Sequence[Identity] = ()


def replace_units(ledger: Ledger, vault: Vault, request: ReplacementRequest) -> dict[str, str]:
    """Issue a new unit for each serial of the request; old serial -> new serial, in their order.

    What was replaced before is not replaced again, and its successor is told. The packages' barcode strings are made
    anew from the batch's own spec and facts; their old labels are wrong from then on. All or none.
    """
    batch, serials = request.batch, list(dict.fromkeys(request.serials))
    builder = _payload_builder(request)
    spec = request.spec.spec
    identifiers = open_identifiers(ledger, vault, spec) if request.identities else Identifiers(spec, None)
    with ledger.issuing():
        ledger.batches.refuse_closed(batch.id)
        states = ledger.units.states(batch.id, serials)
        successors = ledger.units.successors(batch.id, serials)
        scrapped = [serial for serial in serials if serial not in successors]
        ledger.units.refuse_unscrapped(batch.id, {serial: states[serial] for serial in scrapped})
        if not scrapped:
            return successors
        _refuse_other_count(request.identities, len(scrapped))
        for demanded in (batch.vault_key_in, demanded_of(request.product.product)):
            require_vault_kept(ledger, vault, demanded)
        if batch.stage == "production":
            refuse_other_lengths(request.spec, request.identities, request.product.product)
        keys = open_keys(ledger)
        data_key = keys.data_key(batch.id, vault)
        product_no, identities = _identities(ledger, request, len(scrapped), identifiers)
        first, token_random = ledger.units.next_number(batch.id), vault.token_random()
        new_units = {
            serial: new_unit(first + index, identity, keys.oob_size(batch.id, serial), token_random)
            for index, (serial, identity) in enumerate(zip(scrapped, identities, strict=True))
        }
        positions = ledger.units.positions(batch.id, scrapped)
        for package in _new_packages(ledger, request, builder, data_key, new_units, positions):
            old = sorted(
                (serial for serial in scrapped if positions[serial][0] == package.number),
                key=lambda serial: positions[serial][1],
            )
            taken = {new_units[serial].serial: positions[serial][1] for serial in old}
            only_new = replace(package, units=tuple(unit for unit in package.units if unit.serial in taken))
            ((package_row,), unit_rows) = seal_packages([only_new], data_key)
            claims = [[(unit.number, one) for one in identifiers.of(_identity(unit))] for unit in only_new.units]
            ledger.packages.store_replacement(
                Replacement(
                    batch_id=batch.id,
                    product_no=product_no,
                    package=package_row,
                    revision=package.revision,
                    units=unit_rows,
                    positions=[taken[unit.serial] for unit in only_new.units],
                    replaced=old,
                    reason=request.reason,
                    identifiers=[identifiers_digest(some) for some in claims] if any(claims) else (),
                )
            )
            ledger.identities.identifiers.claim(ledger.batches.number(batch.id), chain.from_iterable(claims))
    return {serial: successors.get(serial) or new_units[serial].serial for serial in serials}


def _identity(unit: Unit) -> Identity:
    return Identity(unit.serial, unit.uuid, unit.mac, unit.extra)


def _payload_builder(request: ReplacementRequest) -> PayloadBuilder:
    batch, key = request.batch, request.product.key
    if key.fingerprint != batch.key_fingerprint:
        raise RefusedError(
            f"the product's key is not the one that batch {batch.id} was issued with",
            way_out="Put that key file back, or issue a new batch instead.",
        )
    return PayloadBuilder(request.spec.spec, batch.facts, key)


def _refuse_other_count(identities: Sequence[Identity], units: int) -> None:
    if identities and len(identities) != units:
        raise InputError(
            f"the identities file has {count_words(len(identities), 'row')}, and {count_words(units, 'unit')} "
            f"{one_or(units, 'is', 'are')} to be replaced",
            way_out="Make both numbers the same.",
        )


def _identities(
    ledger: Ledger, request: ReplacementRequest, units: int, identifiers: Identifiers
) -> tuple[int, Sequence[Identity]]:
    """The product's number in the ledger, and the identities of the new units: those of the file, or the product's next
    serials, which are used up by this."""
    loaded = request.product
    product_no, number = ledger.products.register(loaded.name, loaded.product.pid, loaded.key.fingerprint)
    if request.identities:
        refuse_issued(ledger, request.identities, identifiers, batch=request.batch.id)
        return product_no, request.identities
    numbers = SerialNumbers(ledger, loaded).free(number, units)
    ledger.products.set_next_number(product_no, numbers[-1] + 1)
    serials = (format_serial(loaded.product.serial, loaded.product.pid, number) for number in numbers)
    return product_no, [Identity(serial) for serial in serials]


def _new_packages(
    ledger: Ledger,
    request: ReplacementRequest,
    builder: PayloadBuilder,
    data_key: DataKey,
    new_units: Mapping[str, Unit],
    positions: Mapping[str, tuple[int, int]],
) -> Iterator[Package]:
    """The packages as they will be, each with its next revision and a new barcode string."""
    batch, keys = request.batch, open_keys(ledger)
    for number in sorted({package for package, _ in positions.values()}):
        before = next(ledger.packages.stream(batch.id, number, 1))
        refuse_partial_replacement(before, list(new_units))
        units = tuple(new_units.get(unit.serial) or keys.open_unit(batch.id, unit, data_key) for unit in before.units)
        payload = builder.build(units)
        if len(payload) > batch.longest_payload:
            raise InputError(
                f"the new barcode string has {len(payload)} characters, the batch's labels have room for "
                f"{batch.longest_payload}",
                way_out="Give a serial that is not longer than those of the batch.",
            )
        yield Package(number, payload, units, before.revision + 1)
