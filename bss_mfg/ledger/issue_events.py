"""Events of what was issued: products' keys, batches, new units, identities from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key
from bss_mfg.ledger.policy_events import ApprovedEvent


class KeyPinned(EventRecord):
    """A product was bound to a public key by its first batch."""

    kind = EventKind.KEY_PINNED
    product: str = key("name")
    fingerprint: str = key("SHA-256 of the public key")
    pid: str | None = key("the product's id; not in early ledgers", default=None)


class KeyRepinned(ApprovedEvent):
    """A product was bound to another public key."""

    kind = EventKind.KEY_REPINNED
    product: str = key("name")
    before: str | None = key("fingerprint of the old key", name="from")
    after: str = key("fingerprint of the new key", name="to")
    reason: str = key("why")


class BatchIssued(EventRecord):
    """A batch was issued."""

    kind = EventKind.BATCH_ISSUED
    product: str = key("name")
    units: int = key("how many")
    packages: int = key("how many")
    content: str = key("SHA-256 over all package digests in order")
    spec: str = key("name")
    suite: str = key("name")
    fingerprint: str = key("fingerprint of the public key", name="key")
    fields: dict[str, str] | None = key("the product's and the batch's own fields, where there are any", default=None)
    require_device: bool | None = key("true where its devices are to prove their keys before they leave", default=None)
    vault_key: str | None = key(
        "how the vault key was kept that wraps its data key: `file`, `passphrase`, `keyring`, `pkcs11`, `age`, `tpm2`; "
        "not in early ledgers",
        default=None,
    )
    kept: Mapping[str, str] | None = key("digests of columns of its row; not in early ledgers", default=None)
    identities: Sequence[str] | None = key(
        "digests of its units' identities, in at most 16 pieces; not in early ledgers", default=None
    )
    sealed: Sequence[str] | None = key("digests of its units' sealed keys, likewise", default=None)
    identifiers: str = key("digest of its units' identifiers, where they have some", default="")
    data_key: str = key("digest of its wrapped data key; not in early ledgers", default="")
    next_serial: int | None = key("running number that its product continues with; not in early ledgers", default=None)


class UnitScrapped(EventRecord):
    """A unit was scrapped."""

    kind = EventKind.UNIT_SCRAPPED
    serials: Sequence[str] = key("its serial")
    package: int = key("number")
    reason: str = key("why")


class UnitReplaced(EventRecord):
    """New units took the places of scrapped ones in a package."""

    kind = EventKind.UNIT_REPLACED
    serials: Sequence[str] = key("of the scrapped units")
    successors: Sequence[str] = key("serials of the new ones, in the same order", name="by")
    package: int = key("number")
    revision: int = key("of the package, from 2")
    content: str = key("digest of the new barcode string")
    reason: str = key("why")
    identities: Sequence[str] | None = key("digest of each new unit's identity; not in early ledgers", default=None)
    sealed: Sequence[str] | None = key("digest of each new unit's sealed key; not in early ledgers", default=None)
    identifiers: Sequence[str] = key("digest of each new unit's identifiers, where they have some", default=())


class IdentitiesImported(EventRecord):
    """Identities that were issued before bss-mfg came in."""

    kind = EventKind.IDENTITIES_IMPORTED
    product: str = key("name")
    file: str = key("name")
    sha256: str = key("of the file")
    units: int = key("how many")
    completed: int = key("how many known ones got values that were not known of them", default=0)
    known: str = key("digest of all that were imported until then; not in early ledgers", default="")
