"""Are the barcode strings those that were issued, and the states those that the history says?"""

from __future__ import annotations

import hashlib
import json

from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.digests import payload_digest
from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.replay import contradictions
from bss_mfg.ledger.tampering import LedgerPart, TamperedError, refuse_contradictions


def check_payloads(connection: Connection, batch: str) -> None:
    """Compare a batch's barcode strings with what its issue, and the replacements since, wrote into the history."""
    content = hashlib.sha256()
    ((number_of_batch,),) = connection.rows("SELECT no FROM batch WHERE id = ?", (batch,))
    replaced: dict[tuple[int, int], str] = {}
    for (data,) in connection.rows(
        "SELECT data FROM event WHERE batch = ? AND kind = ? ORDER BY seq", (batch, EventKind.UNIT_REPLACED)
    ):
        event = json.loads(data)
        replaced[event["package"], event["revision"]] = event["content"]
    rows = connection.each(
        "SELECT number, revision, payload, digest FROM superseded WHERE batch = :batch UNION ALL "
        "SELECT number, revision, payload, digest FROM package WHERE batch = :batch ORDER BY 1, 2",
        {"batch": number_of_batch},
    )
    for number, revision, payload, digest in rows:
        known = revision == 1 or replaced.pop((number, revision), None) == digest.hex()
        if payload_digest(payload) != digest or not known:
            raise TamperedError(
                f"the barcode string of package {number} of batch {batch} was changed",
                part=LedgerPart.PAYLOADS,
                where=connection.where,
            )
        if revision == 1:
            content.update(digest)
    issued = connection.rows(
        "SELECT data FROM event WHERE batch = ? AND kind = ? ORDER BY seq LIMIT 1", (batch, EventKind.BATCH_ISSUED)
    )
    if replaced or not issued or json.loads(issued[0][0]).get("content") != content.hexdigest():
        raise TamperedError(
            f"the packages of batch {batch} are not those that were issued",
            part=LedgerPart.PAYLOADS,
            where=connection.where,
        )


def check_states(connection: Connection, batch: str) -> None:
    """Compare what the tables hold of a batch's packages and units with what its history makes of them."""
    ((number,),) = connection.rows("SELECT no FROM batch WHERE id = ?", (batch,))
    refuse_contradictions(
        contradictions(connection, number, batch),
        f"batch {batch} is not as its history says",
        connection.where,
        LedgerPart.STATES,
    )
