"""The same export brought in by several at once: each measurement is stored once, and nobody fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bss_mfg.ledger.events import GradeMeasured
from tests.helpers.exports import Symbol, csv_export
from tests.helpers.factory import Factory


def test_it_is_stored_once(issued: Factory, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_bytes(csv_export([Symbol(data) for data in issued.payloads()]).encode("windows-1252"))
    command = issued.command("grades", "import", "B1", export, "--mapping", "example-csv", "--json")
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    with issued.ledger() as ledger:
        packages = [record.package for _, record in ledger.history.records(GradeMeasured, "B1")]
    assert packages == list(range(1, 7))
    assert issued.cli("ledger", "check").code == 0
