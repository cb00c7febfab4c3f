"""What must not be issued twice, besides serial, Device UUID and OOB key: MACs, and the columns that a spec brings."""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Identifier, Identity
from bss_mfg.payload.spec import Spec, comparable_value, spec_from_text


class Identifiers:
    """The identifiers of a spec's units. What a spec brings may be a secret: it is compared by digests under a key of
    the workspace's own."""

    def __init__(self, spec: Spec, index_key: DataKey | None) -> None:
        """Without an `index_key`, only MACs."""
        self._spec, self._key = spec, index_key
        self._unique = spec.unique_columns

    def of(self, identity: Identity) -> Iterator[Identifier]:
        """Those of an identity that must not come again."""
        if identity.mac and (unique := self._unique.get("mac")):
            yield Identifier("mac", identity.mac.encode("ascii"), unique == "batch")
        if self._key is not None:
            for name, value in identity.extra.items():
                if unique := self._unique.get(name):
                    digest = self._key.value_digest(name, comparable_value(self._spec, name, value))
                    yield Identifier(name, digest, unique == "batch")


def needs_index_key(spec: Spec) -> bool:
    """Whether a spec brings columns whose values must not come again."""
    return bool(spec.unique_columns.keys() - {"mac"})


def open_identifiers(ledger: Ledger, vault: Vault, spec: Spec) -> Identifiers:
    """The identifiers of a spec's units, in a transaction of its own where the key for their digests is made.

    What batches of earlier versions brought is noted then, except of those whose keys were destroyed.
    """
    keys = open_keys(ledger)
    if not needs_index_key(spec):
        return Identifiers(spec, None)
    if keys.has_index_key():
        return Identifiers(spec, keys.index_key(vault))
    with ledger.transaction():
        fresh = not keys.has_index_key()
        found = Identifiers(spec, keys.index_key(vault))
        if fresh:
            _note_earlier(ledger, vault, keys.index_key(vault))
    return found


def _note_earlier(ledger: Ledger, vault: Vault, index_key: DataKey) -> None:
    """Note what earlier batches brought; of what came twice, the first."""
    keys = open_keys(ledger)
    for batch in ledger.batches.all():
        spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
        if not needs_index_key(spec) or ledger.batches.retired_at(batch.id):
            continue
        identifiers, number = Identifiers(spec, index_key), ledger.batches.number(batch.id)
        for unit, extra in keys.brought(batch.id, vault):
            identity = Identity("", extra=extra)
            ledger.identities.identifiers.claim_free(number, ((unit, one) for one in identifiers.of(identity)))
