"""Identities that were issued before bss-mfg, brought into the ledger: they are never issued again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bss_mfg.core.files import sha256_of
from bss_mfg.issuing.identity_files import read_imported
from bss_mfg.issuing.uniqueness import Identifiers, needs_index_key, open_identifiers
from bss_mfg.ledger.identities import ImportCounts, ImportSource
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import ImportedIdentity
from bss_mfg.payload.spec import Spec
from bss_mfg.workspace.product import LoadedProduct


def import_issued(
    ledger: Ledger, product: LoadedProduct, file: Path, spec: Spec, open_vault: Callable[[], Vault]
) -> ImportCounts:
    """Bring in the identities of a file, all or none. The same file twice changes nothing.

    Columns of the product's spec come in as digests; only for these is the vault opened.
    """
    identifiers = Identifiers(spec, None)
    if needs_index_key(spec):
        with open_vault() as vault:
            identifiers = open_identifiers(ledger, vault, spec)
    with ledger.transaction():
        number, _ = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
        source = ImportSource(product.name, number, file.name, sha256_of(file))
        return ledger.identities.import_issued(_with_identifiers(file, spec, identifiers), source)


def _with_identifiers(file: Path, spec: Spec, identifiers: Identifiers) -> Iterator[ImportedIdentity]:
    for item, identity in read_imported(file, spec.columns):
        claimed = tuple(one for one in identifiers.of(identity) if not one.batch_only)
        yield replace(item, identifiers=claimed)
