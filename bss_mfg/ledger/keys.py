"""The ledger's side of the vault: which vault key it was sealed with, batches' data keys, and their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from bss_mfg.core.clock import now
from bss_mfg.errors import LedgerError, RefusedError
from bss_mfg.ledger.life import Life
from bss_mfg.ledger.vault import DataKey, OfficerPrivateKey, OfficerPublicKey, Vault
from bss_mfg.model import Unit


class Keys(Life):
    """Data keys in the ledger: opened, wrapped anew, sealed to an officer, destroyed."""

    def vault_id(self) -> str:
        """The id of the vault key that the data keys are wrapped under."""
        return str(self._rows("SELECT value FROM about WHERE name = 'vault_id'")[0][0])

    def check_vault(self, vault: Vault) -> None:
        """Refuse a vault key that this ledger's data keys are not wrapped under."""
        expected = self.vault_id()
        if vault.id != expected:
            raise LedgerError(
                f"the vault key ({vault.id}) is not the one of this ledger ({expected})",
                way_out="Use the workspace's own vault.key; nothing was changed. `bss-mfg vault status` tells more.",
            )

    def data_key(self, batch_id: str, vault: Vault) -> DataKey:
        """A batch's data key; `RefusedError` where it was destroyed."""
        self.check_vault(vault)
        (wrapped,) = self._rows("SELECT wrapped_key FROM batch WHERE no = ?", (self._number(batch_id),))[0]
        self.refuse_retired(batch_id)
        if wrapped is None:
            raise LedgerError(
                f"the data key of batch {batch_id} is gone, and the history knows of no retirement",
                way_out="The ledger was changed from outside: keep it as evidence and restore the last good backup.",
            )
        return vault.unwrap(batch_id, wrapped)

    def units_with_keys(self, batch_id: str, vault: Vault, *, unreleased: bool = False) -> Iterator[Unit]:
        """The units of a batch that are not scrapped, with their OOB keys and what the factory brought opened, in
        order; with `unreleased`, only those whose key was never released.

        Only `export.programming` and `reconciling` call this."""
        data_key = self.data_key(batch_id, vault)
        never = "AND released = 0 " if unreleased else ""
        for rows in self._stream(
            f"SELECT number, serial, uuid, mac, sealed_key, extra FROM unit WHERE batch = ? AND scrapped = 0 {never}"  # noqa: S608
            "AND number > ? ORDER BY number LIMIT ?",
            (self._number(batch_id),),
            500,
        ):
            for unit, serial, octets, mac, sealed, brought in rows:
                key, extra = data_key.open(unit, octets, sealed), data_key.open_extra(unit, octets, brought)
                yield Unit(unit, serial, uuid.UUID(bytes=octets), mac, key, extra=extra)

    def opened(self, batch_id: str, unit: Unit, data_key: DataKey) -> Unit:
        """A unit with its OOB key, to write its package's barcode anew."""
        sealed, brought = self._rows(
            "SELECT sealed_key, extra FROM unit WHERE batch = ? AND number = ?", (self._number(batch_id), unit.number)
        )[0]
        key = data_key.open(unit.number, unit.uuid.bytes, sealed)
        extra = data_key.open_extra(unit.number, unit.uuid.bytes, brought)
        return Unit(unit.number, unit.serial, unit.uuid, unit.mac, key, extra=extra)

    # --- the vault key's own life ---------------------------------------------------------------------------------

    def rewrap(self, old: Vault, new: Vault) -> int:
        """Wrap all data keys under another vault key, in one transaction; how many. Units are not touched."""
        self.check_vault(old)
        with self.transaction():
            self.check_vault(old)
            return self._rewrap([(batch, old.unwrap(batch, wrapped)) for batch, wrapped in self._wrapped()], new, "")

    def recover(self, officer: OfficerPrivateKey, new: Vault) -> int:
        """Wrap all data keys under a new vault key, opened with the officer's private key; how many."""
        with self.transaction():
            rows = self._rows("SELECT id, recovery_key FROM batch WHERE wrapped_key IS NOT NULL ORDER BY no")
            if missing := [batch for batch, sealed in rows if sealed is None]:
                raise LedgerError(
                    f"{len(missing):,} batches were never sealed to an officer, {missing[0]} is one",
                    way_out="Only the vault key, its safe copy or its recovery file open them.",
                )
            keys = [(batch, officer.open(batch, sealed)) for batch, sealed in rows]
            return self._rewrap(keys, new, officer.recipient.fingerprint)

    def _wrapped(self) -> list[tuple[str, bytes]]:
        return self._rows("SELECT id, wrapped_key FROM batch WHERE wrapped_key IS NOT NULL ORDER BY no")

    def _rewrap(self, keys: list[tuple[str, DataKey]], new: Vault, officer: str) -> int:
        before = self.vault_id()
        self._db.executemany(
            "UPDATE batch SET wrapped_key = ? WHERE id = ?", [(new.wrap(key), batch) for batch, key in keys]
        )
        self._db.execute("UPDATE about SET value = ? WHERE name = 'vault_id'", (new.id,))
        data = {"from": before, "to": new.id, "batches": len(keys), **({"officer": officer} if officer else {})}
        self._note(None, "vault recovered" if officer else "vault rekeyed", data)
        return len(keys)

    # --- the officer ----------------------------------------------------------------------------------------------

    def recipient(self) -> OfficerPublicKey | None:
        """The officer to whom data keys are sealed besides, if there is one."""
        rows = self._rows("SELECT value FROM about WHERE name = 'recipient'")
        return OfficerPublicKey(rows[0][0]) if rows else None

    def set_recipient(self, vault: Vault, recipient: OfficerPublicKey | None) -> int:
        """Seal all data keys, and those to come, to an officer; None takes the old officer's away. How many."""
        self.check_vault(vault)
        with self.transaction():
            keys = [(batch, vault.unwrap(batch, wrapped)) for batch, wrapped in self._wrapped()]
            self._db.executemany(
                "UPDATE batch SET recovery_key = ? WHERE id = ?",
                [(recipient.seal(key) if recipient else None, batch) for batch, key in keys],
            )
            self._db.execute("DELETE FROM about WHERE name = 'recipient'")
            if recipient:
                self._db.execute("INSERT INTO about VALUES ('recipient', ?)", (recipient.pem,))
            self._note(
                None, "recipient set",
                {"fingerprint": recipient.fingerprint if recipient else "", "batches": len(keys)},
            )  # fmt: skip
        return len(keys)

    # --- retiring -------------------------------------------------------------------------------------------------

    def retire(self, batch_id: str, acknowledged: str) -> bool:
        """Destroy a batch's data key and all that was sealed with it, for ever; False where that was done before.

        `acknowledged` says by what the manifest was acknowledged. Barcode strings stay: labels can be printed again.
        """
        if self.retired_at(batch_id):
            self.scrub()
            return False
        self._refuse_to_retire(batch_id)
        batch = self._number(batch_id)
        with self.transaction():
            if self.retired_at(batch_id):
                return False
            self._db.execute(
                "UPDATE batch SET wrapped_key = NULL, recovery_key = NULL, retired_at = ? WHERE no = ?",
                (now(), batch),
            )
            units = self._db.execute(
                "UPDATE unit SET sealed_key = NULL, extra = NULL WHERE batch = ?", (batch,)
            ).rowcount
            self._note(batch_id, "batch retired", {"units": units, "acknowledged": acknowledged})
        self.scrub()
        return True

    def _refuse_to_retire(self, batch_id: str) -> None:
        """What would be lost for ever: keys that no device has, devices that no manifest names."""
        last: dict[str, int] = {}
        for event in self.events_of(("keys released", "manifest made", "unit replaced"), batch_id):
            kind = event.data.get("format") if event.kind == "manifest made" else event.kind
            last[str(kind)] = event.seq
        since = last.get("unit replaced", 0)
        lacks = [
            words
            for kind, words in (
                ("keys released", "its OOB keys were not released to the line (`bss-mfg program`)"),
                ("control-log", "no control log of it was made (`bss-mfg manifest --format control-log`)"),
            )
            if last.get(kind, 0) <= since
        ]
        if lacks:
            after = " since its last replacement" if since else ""
            raise RefusedError(
                f"can't be retired{after}",
                where=f"batch {batch_id}",
                problems=lacks,
                way_out="Retiring destroys the keys for ever. Nothing was changed.",
            )

    def scrub(self) -> None:
        """Leave nothing of what was cleared in the write-ahead log; `secure_delete` has zeroed it in the database."""
        rows = self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if rows and rows[0][0]:
            raise LedgerError(
                "another program reads the ledger, and its log still holds what was destroyed",
                where=str(self._path),
                way_out="Close other commands of bss-mfg and run the same command again.",
            )
