"""The test table run on the device of a unit: one act in the unit's history, whose exchanges all count as attempts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bss_mfg.device.case_run import EXCHANGES, TableOutcome, TableRequest, run_table
from bss_mfg.device.case_table import Case
from bss_mfg.device.check import Patience
from bss_mfg.device.radio import Radio
from bss_mfg.device.unit_checks import KeySource, UnitToCheck, write_down
from bss_mfg.device.unit_keys import open_unit_key
from bss_mfg.errors import RefusedError
from bss_mfg.model import Secret


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is run. `production`: of a production batch too. `limit`: seconds that a proof may take."""

    production: bool = False
    limit: float | None = None
    patience: Patience = field(default_factory=Patience)
    progress: Callable[[Case], None] = lambda case: None


async def run_unit_table(radio: Radio, unit: UnitToCheck, source: KeySource, options: TableOptions) -> TableOutcome:
    """Run the table on the device of a unit, for `source.reason`. It counts once the device was seen, and before
    anything is sent. `RefusedError` for a unit that is to be sold, unless that is meant."""
    ledger = source.ledger
    if ledger.batches.get(unit.batch).stage != "development" and not options.production:
        raise RefusedError(
            "is a production batch: the test table sends wrong keys and broken messages on purpose",
            where=f"batch {unit.batch}",
            way_out="Test a device of a development batch, or add --production if this very device is meant.",
        )

    def begin() -> None:
        ledger.device_checks.begin_table(unit.batch, unit.number, EXCHANGES, source.reason)

    def open_key() -> Secret:
        return open_unit_key(ledger, source.vault, unit.batch, unit.number)

    request = TableRequest(
        unit.uuid, open_key, begin, unit.oob_expected, options.limit, options.patience, options.progress
    )
    found = await run_table(radio, request)
    write_down(ledger, unit, found, [row.case.value for row in found.rows if not row.holds])
    return found
