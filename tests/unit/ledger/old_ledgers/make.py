"""`python -m tests.unit.ledger.old_ledgers.make`: a ledger of the schema that the program has now,
as SQL, and its vault key.

Run once before the schema changes; the files of earlier versions are never made again. v4 was made so, and went on with
one act of nearly every kind: its events hold what is written of each. Since v7 devices are checked on air, too.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.ledger.schema import APPLICATION_ID, VERSION
from tests.helpers.factory import make_factory

HERE = Path(__file__).parent


def main() -> None:
    """Write vN.sql and vN.key."""
    with tempfile.TemporaryDirectory() as folder:
        factory = make_factory(Path(folder) / "w")
        factory.add(oob_bytes=16, units_per_package=2)
        factory.issue(6, "OLD")
        made = factory.label("OLD", template="multipack-100x70")
        assert factory.cli("verify", "OLD", made.files[0]).code == 0
        with factory.ledger() as ledger:
            for unit, passed in ((1, True), (2, True), (2, False)):
                verdict = "proven" if passed else "not-this-key"
                checked = DeviceChecked(unit=unit, passed=passed, verdict=verdict, awaited="random")
                ledger.device_checks.end("OLD", checked)
        database = sqlite3.connect(factory.root / "ledger.db")
        lines = [*database.iterdump()]
        head = [f"PRAGMA application_id = {APPLICATION_ID};", f"PRAGMA user_version = {VERSION};"]
        (HERE / f"v{VERSION}.sql").write_text("\n".join([*head, *lines]) + "\n", "utf-8")
        (HERE / f"v{VERSION}.key").write_bytes(factory.workspace.vault_file.read_bytes())


if __name__ == "__main__":
    main()
