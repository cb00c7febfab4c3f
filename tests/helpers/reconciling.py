"""Batches whose files are reconciled with the ledger."""

from __future__ import annotations

import json
from pathlib import Path

from bss_mfg.cli.reconcile import document
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.payload.product_keys import load_private_key
from bss_mfg.reconcile.reconciliation import ReconcileRequest, reconcile
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory


def made(factory: Factory, units: int = 6, per_package: int = 2, batch: str = "B1", template: str = "") -> Path:
    """A batch with its labels, programming file and control log in its folder."""
    if not (factory.root / "products" / "bulb.toml").exists():
        factory.add(units_per_package=per_package, oob_bytes=16)
    factory.issue(units, batch)
    factory.label(batch, template or ("sheet-a4-24" if per_package == 1 else "multipack-100x70"))
    folder = factory.root / "batches" / batch
    assert factory.cli("program", batch, "--format", "csv", "--out", folder / "keys.csv").code == 0
    assert factory.cli("manifest", batch, "--out", f"{folder}/upload/").code == 0
    return folder


def log_of(folder: Path) -> Path:
    (path,) = (folder / "upload").glob("C_CONTROL_LOG_*.txt")
    return path


def reconciled(factory: Factory, batch_id: str = "B1", folder: Path | None = None, key: bool = False) -> Outcome:
    """What the command says as JSON, without a process of its own."""
    private = load_private_key(factory.private_key.read_bytes(), "key") if key else None
    with factory.ledger() as ledger:
        batch, vault = ledger.batches.get(batch_id), factory.workspace.open_vault()
        mapping = load_mapping(batch.spec, factory.root / "specs")
        where = folder or factory.workspace.batch_folder(batch_id)
        outcome = reconcile(ledger, vault, ReconcileRequest(batch, where, mapping, private))
    return Outcome(0 if outcome.agrees else 1, json.dumps(document(outcome)), "")


def compared(outcome: Outcome) -> list[int]:
    return [one["compared"] for one in outcome.json["kinds"]]
