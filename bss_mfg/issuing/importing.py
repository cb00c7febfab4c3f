"""Identities that were issued before bss-mfg, brought into the ledger: they are never issued again."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bss_mfg.core.files import sha256_of
from bss_mfg.core.read_tables import NO_OPTIONS, PassedOver, TableOptions
from bss_mfg.issuing.identity_files import read_imported
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.workspace.product import LoadedProduct


class ImportOutcome(NamedTuple):
    """How many identities of a file are new, and what was blank in it."""

    new: int
    passed_over: PassedOver


def import_issued(
    ledger: Ledger, product: LoadedProduct, file: Path, options: TableOptions = NO_OPTIONS
) -> ImportOutcome:
    """Bring in the identities of a file, all or none. The same file twice changes nothing; `InputError` for one that
    holds none."""
    with ledger.transaction():
        product_no, _ = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
        imported = read_imported(file, options)
        new = ledger.identities.import_issued(product_no, product.name, imported.identities, file.name, sha256_of(file))
        return ImportOutcome(new, imported.passed_over)
