"""Identities that were issued before bss-mfg, brought into the ledger: they are never issued again."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import sha256_of
from bss_mfg.issuing.identity_files import read_imported
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.workspace.product import LoadedProduct


def import_issued(ledger: Ledger, product: LoadedProduct, file: Path) -> int:
    """Bring in the identities of a file, all or none; how many are new. The same file twice changes nothing."""
    with ledger.transaction():
        product_no, _ = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
        return ledger.identities.import_issued(
            product_no, product.name, read_imported(file), file.name, sha256_of(file)
        )
