"""One batch reconciled: the ledger read once, then each kind of file held against it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.errors import InputError
from bss_mfg.export.mapping import LogMapping
from bss_mfg.export.programming.check import Expected
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Unit
from bss_mfg.payload.keys import PrivateKey, fingerprint
from bss_mfg.payload.spec import from_text
from bss_mfg.reconciling.books import Account, Books, Difference, Issued
from bss_mfg.reconciling.controllogs import reconcile_control_logs
from bss_mfg.reconciling.labels import reconcile_labels
from bss_mfg.reconciling.programming import reconcile_programming
from bss_mfg.scan.job import Progress

_COLUMNS = (
    "unit", "serial", "uuid", "mac", "package", "payload", "revision", "state", "released", "prints", "manifest"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome: an account of programming files, labels and control logs, in this order."""

    batch: Batch
    folder: Path
    retired: bool
    accounts: tuple[Account, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All of them."""
        return tuple(one for account in self.accounts for one in account.differences)

    @property
    def agrees(self) -> bool:
        """Whether something was compared and nothing differs."""
        return not self.differences and any(account.compared for account in self.accounts)


def reconcile(
    ledger: Ledger, vault: Vault, batch: Batch, folder: Path, mapping: LogMapping, *,
    private_key: PrivateKey | None = None, executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Reconciliation:  # fmt: skip
    """Hold all programming files, label files and control logs below `folder` against the ledger. Writes nothing.

    With `private_key`, a development key, barcodes are opened too. `InputError` where the folder is not there, or the
    key is not the one that the batch was encrypted to.
    """
    if not folder.is_dir():
        raise InputError("is no folder", where=str(folder), way_out="Name the batch's files with --folder DIR.")
    if private_key is not None and fingerprint(private_key.public_key()) != batch.key_fingerprint:
        raise InputError(
            f"the private key is not the one of batch {batch.id}",
            way_out=f"Its public key has the fingerprint {batch.key_fingerprint}.",
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".part"))
    books, printed = books_of(ledger, batch)
    retired = ledger.retired_at(batch.id) is not None
    units = {} if retired else {unit.serial: unit for unit in ledger.units_with_keys(batch.id, vault)}
    keyless = (
        Unit(unit.number, unit.serial, uuid.UUID(unit.uuid))
        for unit in books.units.values()
        if unit.serial not in units
    )
    releases = list(ledger.events_of(("keys released",), batch.id))
    accounts = (
        reconcile_programming(folder, files, books, Expected(units.values(), keyless), releases, keys=not retired),
        reconcile_labels(
            ledger, folder, files, books, printed=printed, executor=executor, key=private_key,
            units=None if retired else units, progress=progress,
        ),
        reconcile_control_logs(folder, files, books, mapping, ledger.manifests(batch.id)),
    )  # fmt: skip
    return Reconciliation(batch, folder, retired, accounts)


def books_of(ledger: Ledger, batch: Batch) -> tuple[Books, dict[int, bool]]:
    """What the ledger says of a batch, and of each package whether a label of its present barcode was printed."""
    printed: dict[int, bool] = {}
    units = {unit.serial: unit for unit in _issued(ledger, batch, printed)}
    spec = from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    return Books(batch, spec, units, lambda serial: _elsewhere(ledger, batch, serial)), printed


def _issued(ledger: Ledger, batch: Batch, printed: dict[int, bool]) -> Iterator[Issued]:
    """All units of a batch; fills in which packages were printed."""
    for rows in ledger.unit_rows(batch.id, _COLUMNS):
        for number, serial, value, mac, package, payload, revision, state, released, prints, manifest in rows:
            if payload is not None:
                printed[package] = prints > 0
            yield Issued(
                number, serial, value, mac or "", package, payload, revision or 0, state == "scrapped", bool(released),
                manifest,
            )  # fmt: skip


def _elsewhere(ledger: Ledger, batch: Batch, serial: str) -> str:
    """Where a serial that a file names was issued, if not in this batch."""
    found = ledger.find_serial(serial) if serial.isascii() else []
    return next(
        (f"it is a unit of batch {name}, package {package}" for name, package, _ in found if name != batch.id), ""
    )
