"""A device's test table as a document for programs."""

from __future__ import annotations

from typing import Any

from bss_mfg.device.case_exchange import Ended
from bss_mfg.device.case_table import CLAUSES, Row
from bss_mfg.device.pdu import Capabilities
from bss_mfg.device.verdict import Verdict
from bss_mfg.report.device_sheet import CASES, DeviceSheet, statement


def device_sheet_document(sheet: DeviceSheet) -> dict[str, Any]:
    """What `device report --json` prints."""
    outcome, unit = sheet.outcome, sheet.unit
    return {
        "batch": unit.batch,
        "serial": unit.serial,
        "uuid": str(unit.uuid),
        "product": sheet.product,
        "stage": sheet.stage,
        "reason": sheet.reason,
        "radio": sheet.radio,
        "version": sheet.version,
        "made_at": sheet.made_at,
        "passed": outcome.passed,
        "found": outcome.sighting is not None,
        "address": outcome.sighting.address if outcome.sighting else None,
        "signal": outcome.sighting.signal if outcome.sighting else None,
        "oob_information": int(outcome.sighting.beacon.oob_information) if outcome.sighting else None,
        "capabilities": _capabilities(outcome.capabilities),
        "limit_s": sheet.limit,
        "proofs": [
            {"connect_s": round(one.connect, 3), "exchange_s": round(one.exchange, 3), "whole_s": round(one.whole, 3)}
            for one in outcome.times
        ],
        "cases": [_row(row) for row in outcome.rows],
        "statement": list(statement(sheet)),
    }


def _row(row: Row) -> dict[str, Any]:
    ended, awaited, after, code = None, None, None, None
    match row.ended:
        case Verdict() as verdict:
            ended, awaited, code = verdict.kind.value, verdict.awaited.value, verdict.code
        case Ended() as one:
            ended, after, code = one.kind.value, one.after.name.lower().replace("_", "-"), one.code
    return {
        "case": row.case.value,
        "clause": CLAUSES[row.case] or None,
        "must": CASES[row.case].must,
        "result": row.result.value,
        "note": row.note.value if row.note else None,
        "ended": ended,
        "awaited": awaited,
        "after": after,
        "code": code,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
    }


def _capabilities(capabilities: Capabilities | None) -> dict[str, int] | None:
    if capabilities is None:
        return None
    return {
        "elements": capabilities.elements,
        "algorithms": capabilities.algorithms,
        "public_key_type": capabilities.public_key_type,
        "oob_type": capabilities.oob_type,
        "output_size": capabilities.output_size,
        "output_actions": capabilities.output_actions,
        "input_size": capabilities.input_size,
        "input_actions": capabilities.input_actions,
    }
