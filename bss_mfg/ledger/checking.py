"""Is a ledger whole? SQLite's own check, the hash chain, and the barcode strings as they were issued."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

from bss_mfg.errors import LedgerError
from bss_mfg.ledger import audit

_WAY_OUT = "Keep the file as evidence and restore the last good backup."


def payload_digest(payload: str) -> bytes:
    """16 octets of SHA-256 by which the ledger finds a barcode string."""
    return hashlib.sha256(payload.encode("utf-8", "surrogateescape")).digest()[:16]


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Integrity, foreign keys and hash chain; returns the number of events, `LedgerError` where something is wrong."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchone():
        raise LedgerError("is damaged", where=str(path), way_out="Keep it aside and restore the last good backup.")
    return audit.verify_history(connection)


def check_payloads(connection: sqlite3.Connection, path: Path, batch: str) -> None:
    """Compare a batch's barcode strings with what its issue, and the replacements since, wrote into the history."""
    content = hashlib.sha256()
    (number_of_batch,) = connection.execute("SELECT no FROM batch WHERE id = ?", (batch,)).fetchone()
    replaced: dict[tuple[int, int], str] = {}
    for (data,) in connection.execute(
        "SELECT data FROM event WHERE batch = ? AND kind = 'unit replaced' ORDER BY seq", (batch,)
    ):
        event = json.loads(data)
        replaced[event["package"], event["revision"]] = event["content"]
    rows = connection.execute(
        "SELECT number, revision, payload, digest FROM superseded WHERE batch = ?1 UNION ALL "
        "SELECT number, revision, payload, digest FROM package WHERE batch = ?1 ORDER BY 1, 2",
        (number_of_batch,),
    )
    for number, revision, payload, digest in rows:
        known = revision == 1 or replaced.pop((number, revision), None) == digest.hex()
        if payload_digest(payload) != digest or not known:
            raise LedgerError(
                f"the barcode string of package {number} of batch {batch} was changed",
                where=str(path),
                way_out=_WAY_OUT,
            )
        if revision == 1:
            content.update(digest)
    issued = connection.execute(
        "SELECT data FROM event WHERE batch = ? AND kind = 'batch issued' ORDER BY seq LIMIT 1", (batch,)
    ).fetchone()
    if replaced or issued is None or json.loads(issued[0]).get("content") != content.hexdigest():
        raise LedgerError(
            f"the packages of batch {batch} are not those that were issued", where=str(path), way_out=_WAY_OUT
        )
