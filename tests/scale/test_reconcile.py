"""Reconciling very many units: memory grows by a few bytes a unit."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from benchmarks.memory import alone
from benchmarks.tables import WHO
from bss_mfg.programming.readback import check_readback, read_readback
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.reconciled import build, reconciled


def peak_of(root: Path, units: int, what: str) -> float:
    """Peak resident memory in MiB."""
    if what == "reconcile":
        assert reconciled(root, units)["agrees"]
    else:
        workspace = Workspace.find(str(root), root, {})
        with workspace.open_ledger(WHO) as ledger:
            batch = ledger.batches.get(f"units-{units}")
            rows = read_readback(workspace.batch_folder(batch.id) / "keys.csv")
            assert not list(check_readback(rows, ledger, batch, workspace.open_vault()))
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20


@pytest.mark.parametrize("what", ["reconcile", "program --check"])
def test_memory_grows_by_a_few_octets_a_unit(tmp_path_factory: pytest.TempPathFactory, what: str) -> None:
    few, many = 10_000, 60_000
    root = tmp_path_factory.mktemp("memory") / "w"
    build(root, few, many)
    grown = alone(peak_of, root, many, what) - alone(peak_of, root, few, what)
    assert grown * 2**20 < 15 * (many - few) + (2 << 20)  # a held unit has 300 octets and more
