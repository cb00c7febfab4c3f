"""Batches that are reconciled without the command."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.tables import WHO, issue
from bss_mfg.cli.reconcile import document
from bss_mfg.core.files import make_folder
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.manifest.make import ControlLogRequest, make_control_logs
from bss_mfg.programming.registry import formats
from bss_mfg.programming.release import release_keys
from bss_mfg.reconcile.reconciliation import ReconcileRequest, reconcile
from bss_mfg.workspace.workspace import Workspace


def build(root: Path, *sizes: int) -> Path:
    """A workspace with a batch of each size, its keys and its control log."""
    issue(root, sizes)
    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(WHO) as ledger:
        for units in sizes:
            batch = ledger.batches.get(f"units-{units}")
            folder = workspace.batch_folder(batch.id)
            make_folder(folder / "upload")
            release_keys(ledger, workspace.open_vault(), batch, formats()["csv"], folder / "keys.csv")
            mapping = load_mapping(batch.spec, root)
            request = ControlLogRequest(batch, mapping, folder / "upload", datetime.now(UTC))
            for _ in make_control_logs(ledger, request):
                pass
    return root


def reconciled(root: Path, units: int, folder: Path | None = None, executor: Executor | None = None) -> dict[str, Any]:
    """What the command says as JSON."""
    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(WHO) as ledger:
        batch, vault = ledger.batches.get(f"units-{units}"), workspace.open_vault()
        where, mapping = folder or workspace.batch_folder(batch.id), load_mapping(batch.spec, root)
        return dict(document(reconcile(ledger, vault, ReconcileRequest(batch, where, mapping), executor=executor)))
