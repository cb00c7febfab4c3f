"""Nothing is issued of a product whose keys are to be under a vault key in hardware, while that is kept otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.errors import RefusedError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.ledger.vault_demands import was_elsewhere
from bss_mfg.workspace.product import Product
from bss_mfg.workspace.vault_key_lines import KEPT, KINDS, into_hardware


def require_vault_kept(ledger: Ledger, vault: Vault, demanded: Sequence[str]) -> None:
    """`RefusedError` where `vault` is kept in another way than one of those that are demanded, or was outside of the
    hardware before; without a demand any vault will do."""
    if not demanded:
        return
    require_kind(vault.kept, demanded)
    if vault.kept != "pkcs11" and was_elsewhere(ledger.history, vault.id):
        raise RefusedError(
            "the product's keys are only to be under a vault key that never was outside of its hardware, and this one "
            "is, or was, in a file, too",
            where=f"vault key {vault.id}",
            way_out="Nothing was issued. `bss-mfg vault rekey` makes a new one, kept as this one is.",
        )


def require_kind(kind: str, demanded: Sequence[str]) -> None:
    """`RefusedError` for a kind of vault key that is not among those that are demanded."""
    if demanded and kind not in demanded:
        kept = next((KEPT[known] for known in KINDS if known == kind), "nowhere yet")
        raise RefusedError(
            f"the product's keys are only to be under a vault key in hardware ({' or '.join(demanded)}), and this one "
            f"is kept {kept}",
            where="require_vault_key_in",
            way_out=f"Nothing was issued. A new vault key does: {into_hardware(demanded)}.",
        )


def demanded_of(product: Product) -> Sequence[str]:
    """The kinds that a product's file names; empty where any vault key will do."""
    return tuple(product.require_vault_key_in or ())
