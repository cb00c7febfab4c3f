"""Identities that were issued before bss-mfg, brought into the ledger: they are never issued again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.files import sha256_of
from bss_mfg.core.read_tables import NO_OPTIONS, PassedOver, TableOptions
from bss_mfg.issuing.identity_files import read_imported
from bss_mfg.issuing.uniqueness import Identifiers, needs_index_key, open_identifiers
from bss_mfg.ledger.identities import ImportSource
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Identity, ImportedIdentity
from bss_mfg.payload.spec import Spec
from bss_mfg.workspace.product import LoadedProduct


class ImportOutcome(NamedTuple):
    """How many identities of a file are new, how many known ones got values that were not known of them, and what was
    blank in it."""

    new: int
    completed: int
    passed_over: PassedOver


def import_issued(
    ledger: Ledger,
    product: LoadedProduct,
    file: Path,
    spec: Spec,
    open_vault: Callable[[], AbstractContextManager[Vault]],
    options: TableOptions = NO_OPTIONS,
) -> ImportOutcome:
    """Bring in the identities of a file, all or none. The same file twice changes nothing; `InputError` for one that
    holds none.

    Columns of the product's spec come in as digests; only for these is the vault opened.
    """
    identifiers = Identifiers(spec, None)
    if needs_index_key(spec):
        with open_vault() as vault:
            identifiers = open_identifiers(ledger, vault, spec)
    with ledger.issuing():
        number, _ = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
        imported = read_imported(file, spec.columns, options)
        source = ImportSource(product.name, number, file.name, sha256_of(file))
        counts = ledger.identities.import_issued(_with_identifiers(imported.identities, identifiers), source)
        return ImportOutcome(counts.new, counts.completed, imported.passed_over)


class LedgerImportOutcome(NamedTuple):
    """How many identities of another ledger are new; and the serials under which both have issued another unit."""

    new: int
    issued_twice: Sequence[str]


def import_from_ledger(ledger: Ledger, product: LoadedProduct, other: Ledger) -> LedgerImportOutcome:
    """Bring in what another ledger issued of a product and this one has not. Neither what both know as the same unit
    nor what both issued as another one changes anything here."""
    twice: list[str] = []

    def new() -> Iterator[ImportedIdentity]:
        for item, same in ledger.identities.compare_issued(other.identities.issued_of(product.name)):
            if same is None:
                yield item
            elif not same:
                twice.append(item.serial)

    with ledger.issuing():
        number, _ = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
        seq, head = other.history.head()
        source = ImportSource(product.name, number, f"{other.place.words} at {seq}", head)
        counts = ledger.identities.import_issued(new(), source)
    return LedgerImportOutcome(counts.new, twice)


def _with_identifiers(
    identities: Iterable[tuple[ImportedIdentity, Identity]], identifiers: Identifiers
) -> Iterator[ImportedIdentity]:
    for item, identity in identities:
        claimed = tuple(one for one in identifiers.of(identity) if not one.batch_only)
        yield replace(item, identifiers=claimed)
