"""The store of keys: batches' data keys and units' OOB keys. Who doesn't open it can't reach a key."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.core import clock
from bss_mfg.core.text import count_words, listing, one_or
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.batches import BatchStore
from bss_mfg.ledger.connection import Database
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import (
    BatchRetired,
    KeysReleased,
    ManifestMade,
    RecipientSet,
    VaultRecovered,
    VaultRekeyed,
    read_record,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.key_folder import KeyFolder, WrappedKey
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.policies import Act
from bss_mfg.ledger.settings import SettingsStore
from bss_mfg.ledger.two_persons import TwoPersonStore
from bss_mfg.ledger.units import LookupColumn, select_units
from bss_mfg.ledger.vault import DataKey, OfficerPrivateKey, OfficerPublicKey, SealedUnit, Vault, key_digest
from bss_mfg.ledger.vault_demands import refuse_kept_as
from bss_mfg.ledger.ways_out import RESTORE_WAY_OUT
from bss_mfg.ledger.wrapped_keys import WrappedKeyStore
from bss_mfg.model import Unit
from bss_mfg.transparency.signed_note import SigningKey


@dataclass(frozen=True, slots=True)
class UnitKeyDigest:
    """What a device must hold: Device UUID, and the SHA-256 and number of bytes of its OOB key (none, 0: the key is
    destroyed or not asked for)."""

    number: int
    serial: str
    uuid: bytes
    scrapped: bool
    digest: bytes
    key_size: int


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A data key as it is stored: the two columns of the database, and the digest by which the history binds it."""

    columns: tuple[bytes, bytes | None]
    digest: str


@dataclass(frozen=True, slots=True)
class OpenedKeys:
    """How many data keys a vault opens, the names of those that it does not, and of those whose files are not in the
    key folder here. A name that begins with a dot is a key of the ledger's own."""

    opened: int
    unopened: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


_SEALED = "u.number, u.uuid, u.key_digest, u.sealed_key, u.extra, u.seal"
"""The columns of unit `u` that make a `SealedUnit`; its number comes first."""

_INDEX_KEY = ".index"
"""The name of the index key; no batch id begins so."""
_SITE_KEY = ".site"
"""The name of the seed of the key that signs checkpoints."""


def open_keys(ledger: Ledger) -> KeyStore:
    """The keys of a ledger: the one way to them."""
    secrets = ledger._db.with_secrets()
    folder = KeyFolder(ledger.place.key_folder, ledger.settings.ledger_id()) if ledger.place.url else None
    wrapped = WrappedKeyStore(secrets, folder)
    return KeyStore(secrets, ledger.history, ledger.settings, ledger.batches, wrapped, ledger.two_persons)


class KeyStore:
    """Data keys in the ledger: opened, wrapped anew, sealed to an officer, destroyed."""

    def __init__(
        self,
        connection: Database,
        history: HistoryStore,
        settings: SettingsStore,
        batches: BatchStore,
        wrapped: WrappedKeyStore,
        two_persons: TwoPersonStore,
    ) -> None:
        self._db = connection
        self._history = history
        self._settings = settings
        self._batches = batches
        self._wrapped = wrapped
        self._two_persons = two_persons

    def check_vault(self, vault: Vault) -> None:
        """Refuse a vault key that this ledger's data keys are not wrapped under."""
        expected = self._settings.vault_id()
        if vault.id != expected:
            raise LedgerError(
                f"the vault key ({vault.id}) is not the one of this ledger ({expected})",
                way_out="Nothing was changed. If another command changed the key just now, run the same command again; "
                "else put the workspace's own vault.key in place. `bss-mfg vault status` tells more.",
            )

    def wrapped(self, data_key: DataKey, vault: Vault) -> StoredKey:
        """A new data key as it is stored: wrapped under the vault key, and sealed to the officer if there is one.

        Only in the transaction that stores it, so that both are those in force when it commits. `LedgerError` where the
        vault key was changed since `vault` was opened.
        """
        if not self._db.in_transaction:
            raise RuntimeError("a data key is wrapped in the transaction that stores it")
        self.check_vault(vault)
        officer = self._officer()
        key = WrappedKey(vault.wrap(data_key), officer.seal(data_key) if officer else None)
        return StoredKey(self._wrapped.columns(data_key.batch, key), self._wrapped.bound(data_key.batch, key))

    def _officer(self) -> OfficerPublicKey | None:
        """The officer to whom data keys are sealed besides. `LedgerError` where it is another than the history says:
        whoever put that one there would open all batches to come."""
        pem = self._settings.recipient_pem()
        officer = OfficerPublicKey(pem) if pem else None
        if (officer.fingerprint if officer else "") != self._settings.recipient_said():
            raise LedgerError(
                "the officer to whom data keys are sealed is not the one that the history names",
                where=self._db.where,
                way_out=f"Nothing was issued. Something other than bss-mfg changed the ledger. {RESTORE_WAY_OUT}",
            )
        return officer

    def opened_by(self, vault: Vault) -> OpenedKeys:
        """Which data keys a vault opens."""
        unopened: list[str] = []
        keys, elsewhere = self._wrapped.readable()
        for name, key in keys:
            try:
                vault.unwrap(name, key.wrapped).key.wipe()
            except LedgerError:
                unopened.append(name)
        return OpenedKeys(len(keys) - len(unopened), tuple(unopened), tuple(elsewhere))

    def has_folder(self) -> bool:
        """Whether the ledger's key folder is at this station."""
        return self._wrapped.has_folder()

    def unnamed_files(self) -> list[str]:
        """Names of files in the key folder that belong to no data key in force."""
        return self._wrapped.unnamed_files()

    def data_key(self, batch_id: str, vault: Vault) -> DataKey:
        """A batch's data key; `RefusedError` where it was destroyed."""
        self.check_vault(vault)
        self._batches.number(batch_id)
        self._batches.refuse_retired(batch_id)
        if (stored := self._wrapped.find(batch_id)) is None:
            self._batches.refuse_retired(batch_id)
            raise LedgerError(
                f"the data key of batch {batch_id} is gone, and the history knows of no retirement",
                way_out=f"Something other than bss-mfg changed the ledger. {RESTORE_WAY_OUT}",
            )
        self.check_vault(vault)  # which may have changed meanwhile
        return vault.unwrap(batch_id, stored.wrapped)

    def index_key(self, vault: Vault) -> DataKey:
        """The key under which values that must be unique and are secret are digested (HMAC-SHA-256): who has only the
        ledger can't try all PINs. Made when it is asked for first, in the caller's transaction."""
        self.check_vault(vault)
        if stored := self._wrapped.find(_INDEX_KEY):
            return vault.unwrap(_INDEX_KEY, stored.wrapped)
        key = DataKey.generate(_INDEX_KEY)
        self._db.execute("INSERT INTO own_key VALUES (?, ?, ?)", (_INDEX_KEY, *self.wrapped(key, vault).columns))
        return key

    def has_index_key(self) -> bool:
        """Whether the index key was made."""
        return bool(self._db.rows("SELECT 1 FROM own_key WHERE name = ?", (_INDEX_KEY,)))

    def site_key(self, vault: Vault, name: str) -> SigningKey | None:
        """The key that signs this ledger's checkpoints, under its name; None where none was made."""
        self.check_vault(vault)
        stored = self._wrapped.find(_SITE_KEY)
        return SigningKey(name, vault.unwrap(_SITE_KEY, stored.wrapped).key) if stored else None

    def make_site_key(self, vault: Vault, name: str) -> SigningKey:
        """A new key that signs checkpoints, kept as data keys are, in the caller's transaction. There is one."""
        seed = DataKey.generate(_SITE_KEY)
        self._db.execute("INSERT INTO own_key VALUES (?, ?, ?)", (_SITE_KEY, *self.wrapped(seed, vault).columns))
        return SigningKey(name, seed.key)

    def has_site_key(self) -> bool:
        """Whether a key that signs checkpoints was made."""
        return bool(self._db.rows("SELECT 1 FROM own_key WHERE name = ?", (_SITE_KEY,)))

    def brought(self, batch_id: str, vault: Vault) -> Iterator[tuple[int, dict[str, str]]]:
        """What the factory brought for each unit of a batch, by number, scrapped ones too. Only for digests of it."""
        data_key = self.data_key(batch_id, vault)
        for rows in self._db.stream(
            f"SELECT {_SEALED} FROM unit u WHERE batch = ? AND extra IS NOT NULL "  # noqa: S608 (fixed texts)
            "AND number > ? ORDER BY number LIMIT ?",
            (self._batches.number(batch_id),),
            500,
        ):
            for sealed in (SealedUnit(*columns) for columns in rows):
                yield sealed.number, data_key.open_extra(sealed)

    def units(
        self, batch_id: str, vault: Vault, among: range | None = None, *, scrapped: bool = False
    ) -> Iterator[Unit]:
        """The units of a batch, or those with numbers in a range, with their OOB keys and what the factory brought
        opened, in order; scrapped ones only if they are asked for.

        Only `programming` calls this, and `device` for one unit."""
        data_key = self.data_key(batch_id, vault)
        first, last = (among[0], among[-1]) if among else (1, 1 << 62)
        for rows in self._db.stream(
            f"SELECT {_SEALED}, serial, mac, scrapped FROM unit u WHERE batch = ? AND scrapped <= ? "  # noqa: S608 (fixed texts)
            "AND number <= ? AND number > ? ORDER BY number LIMIT ?",
            (self._batches.number(batch_id), int(scrapped), last),
            500,
            first - 1,
        ):
            for *columns, serial, mac, gone in rows:
                sealed = SealedUnit(*columns)
                key, extra = data_key.open(sealed), data_key.open_extra(sealed)
                yield Unit(sealed.number, serial, uuid.UUID(bytes=sealed.uuid), mac, key, bool(gone), extra)

    def open_unit(self, batch_id: str, unit: Unit, data_key: DataKey) -> Unit:
        """A unit with its OOB key, to write its package's barcode anew."""
        (columns,) = self._db.rows(
            f"SELECT {_SEALED} FROM unit u WHERE batch = ? AND number = ?",  # noqa: S608 (fixed texts)
            (self._batches.number(batch_id), unit.number),
        )
        sealed = SealedUnit(*columns)
        key, extra = data_key.open(sealed), data_key.open_extra(sealed)
        return Unit(unit.number, unit.serial, unit.uuid, unit.mac, key, extra=extra)

    def oob_size(self, batch_id: str, serial: str) -> int:
        """How many bytes a unit's OOB key has."""
        rows = self._db.rows(
            "SELECT length(sealed_key) FROM unit WHERE batch = ? AND serial = ?",
            (self._batches.number(batch_id), serial),
        )
        return int(rows[0][0]) - 16

    def digests(
        self, batch_id: str, by: LookupColumn, values: Collection[Any], data_key: DataKey | None, *, scrapped: bool
    ) -> list[UnitKeyDigest]:
        """As `issued`, with the SHA-256 of the OOB keys that `data_key` opens; each is wiped at once. Scrapped units
        come without, and only if they are asked for."""
        query = f"SELECT {_SEALED}, serial, scrapped FROM unit u WHERE"  # noqa: S608 (fixed texts)
        rows = select_units(self._db, query, batch_id, by, values)
        return [_unit_key_digest(row, data_key) for row in rows if scrapped or not row[-1]]

    def rewrap(self, old: Vault, new: Vault, kind: str) -> int:
        """Wrap all data keys under another vault key, which is kept as `kind`, in one transaction; how many batches'.
        Units are not touched."""
        with self._db.transaction():
            self.check_vault(old)
            stored = self._wrapped.all()
            keys = [(name, old.unwrap(name, key.wrapped)) for name, key in stored]
            before, bound = self._rewrap(keys, dict(stored), new, kind)
            rekeyed = VaultRekeyed(before=before, after=new.id, batches=_batch_count(keys), data_keys=bound)
            self._history.append(None, rekeyed)
        self._wrapped.drop_old()
        return _batch_count(keys)

    def recover(self, officer: OfficerPrivateKey, lost: str, new: Vault, kind: str) -> int:
        """Wrap all data keys under a new vault key, which is kept as `kind`, opened with the officer's private key; how
        many batches'. `LedgerError` where the vault key is no longer the one with the id `lost`."""
        with self._db.transaction():
            if self._settings.vault_id() != lost:
                raise LedgerError(
                    "another command changed the vault key just now",
                    way_out="Nothing was changed. `bss-mfg vault status` says whether it is whole.",
                )
            stored = self._wrapped.all()
            if missing := [name for name, key in stored if key.recovery is None]:
                raise LedgerError(
                    f"{count_words(len(missing), 'batch', 'batches')} {one_or(len(missing), 'was', 'were')} never "
                    f"sealed to an officer: {listing(missing, 1)}",
                    way_out="Only the vault key, its safe copy or its recovery file open them.",
                )
            keys = [(name, officer.open(name, key.recovery)) for name, key in stored if key.recovery is not None]
            before, bound = self._rewrap(keys, dict(stored), new, kind)
            recovered = VaultRecovered(
                before=before,
                after=new.id,
                batches=_batch_count(keys),
                officer=officer.recipient.fingerprint,
                data_keys=bound,
            )
            self._history.append(None, recovered)
        self._wrapped.drop_old()
        return _batch_count(keys)

    def set_recipient(self, vault: Vault, recipient: OfficerPublicKey | None) -> int:
        """Seal all data keys, and those to come, to an officer; None takes the old officer's away. How many."""
        with self._db.transaction():
            self.check_vault(vault)
            stored = self._wrapped.all()
            keys = [(name, vault.unwrap(name, key.wrapped)) for name, key in stored]
            before = dict(stored)
            bound = self._wrapped.store_anew(
                [
                    (name, WrappedKey(before[name].wrapped, recipient.seal(key) if recipient else None))
                    for name, key in keys
                ]
            )
            self._db.execute("DELETE FROM about WHERE name = 'recipient'")
            if recipient:
                self._db.execute("INSERT INTO about VALUES ('recipient', ?)", (recipient.pem,))
            fingerprint = recipient.fingerprint if recipient else ""
            recipient_set = RecipientSet(fingerprint=fingerprint, batches=_batch_count(keys), data_keys=bound)
            self._history.append(None, recipient_set)
        self._wrapped.drop_old()
        return _batch_count(keys)

    def retire(self, batch_id: str, acknowledged: str, unflashed: str | None = None, consent: Consent = None) -> bool:
        """Destroy a batch's data key and all that was sealed with it, irrevocably; False where that was done before.

        `acknowledged` says by what the manifest was acknowledged, `unflashed` why it is retired though units were
        claimed by flashers and not reported, or failed. Barcode strings stay: labels can be printed again.
        `RefusedError` where two persons have to sign it, and didn't.
        """
        if self._batches.retired_at(batch_id):
            self._two_persons.refuse_asking(consent)
            self._wrapped.end_destruction(batch_id)
            return False
        self._refuse_to_retire(batch_id)
        batch = self._batches.number(batch_id)
        with self._db.transaction():
            if self._batches.retired_at(batch_id):
                return False
            self._wrapped.require_destructible(batch_id)
            self._db.execute(
                "UPDATE batch SET wrapped_key = NULL, recovery_key = NULL, retired_at = ? WHERE no = ?",
                (clock.now(), batch),
            )
            units = self._db.execute("UPDATE unit SET sealed_key = NULL, extra = NULL WHERE batch = ?", (batch,))
            retired = BatchRetired(units=units, acknowledged=acknowledged, unflashed=unflashed)
            retired = self._two_persons.require(Act.RETIRE, batch_id, retired, consent)
            self._history.append(batch_id, retired)
            self._wrapped.destroy(batch_id)
        self._wrapped.end_destruction(batch_id)
        self._two_persons.note(retired)
        return True

    def _rewrap(
        self, keys: list[tuple[str, DataKey]], stored: Mapping[str, WrappedKey], new: Vault, kind: str
    ) -> tuple[str, dict[str, str]]:
        """The id of the vault key before, and the digests that bind the keys from now on."""
        refuse_kept_as(self._batches, kind)
        before = self._settings.vault_id()
        anew = [(name, WrappedKey(new.wrap(key), stored[name].recovery)) for name, key in keys]
        bound = self._wrapped.store_anew(anew)
        self._settings.remember_vault(new.id, kind)
        return before, bound

    def _refuse_to_retire(self, batch_id: str) -> None:
        """What would be lost: keys that no device has, devices that no manifest names."""
        last: dict[str, int] = {}
        kinds = (EventKind.KEYS_RELEASING, EventKind.KEYS_RELEASED, EventKind.MANIFEST_MADE, EventKind.UNIT_REPLACED)
        for event in self._history.events_of(kinds, batch_id):
            record = read_record(event.kind, event.data)
            if isinstance(record, KeysReleased) and record.intent:
                continue  # counts from when it was begun: a unit may have been replaced in between
            if not isinstance(record, ManifestMade) or record.format == "control-log":
                kind = EventKind.KEYS_RELEASED if event.kind == EventKind.KEYS_RELEASING else event.kind
                last[kind] = event.seq
        since = last.get(EventKind.UNIT_REPLACED, 0)
        lacks = [
            words
            for kind, words in (
                (EventKind.KEYS_RELEASED, "its OOB keys were not released to the line (`bss-mfg program`)"),
                (
                    EventKind.MANIFEST_MADE,
                    f"no control log of it was made (`bss-mfg manifest make {batch_id} --out DIR/`)",
                ),
            )
            if last.get(kind, 0) <= since
        ]
        if lacks:
            after = " since its last replacement" if since else ""
            raise RefusedError(
                f"can't be retired{after}",
                where=f"batch {batch_id}",
                problems=lacks,
                way_out="Retired keys can't be brought back. Nothing was changed.",
            )


def _batch_count(keys: Sequence[tuple[str, DataKey]]) -> int:
    """How many of the keys are those of batches."""
    return sum(not name.startswith(".") for name, _ in keys)


def _unit_key_digest(row: Sequence[Any], data_key: DataKey | None) -> UnitKeyDigest:
    *columns, serial, scrapped = row
    sealed = SealedUnit(*columns)
    if scrapped or data_key is None:
        return UnitKeyDigest(sealed.number, serial, sealed.uuid, bool(scrapped), b"", 0)
    key = data_key.open(sealed)
    found = UnitKeyDigest(sealed.number, serial, sealed.uuid, False, key_digest(key), len(key))
    key.wipe()
    return found
