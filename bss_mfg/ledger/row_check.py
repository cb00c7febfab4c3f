"""Are rows that an event states, or binds by a digest, as they were then: releases, label files, identities from
before, products, and what holds for the whole ledger?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from bss_mfg.errors import InputError
from bss_mfg.ledger.bindings import digest_of
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import (
    BatchIssued,
    IdentitiesImported,
    KeyPinned,
    KeysReleased,
    KeysReleasing,
    LabelFileEvent,
    LedgerAdopted,
    LedgerRestored,
    VaultKeyPutBack,
    VaultRecovered,
    VaultRekeyed,
    WorkspaceCreated,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.identities import imported_digest
from bss_mfg.ledger.settings import SettingsStore
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.ledger.vault import OfficerPublicKey

_NUMBERING = (BatchIssued, LedgerRestored, LedgerAdopted)
_VAULTS = (WorkspaceCreated, VaultRekeyed, VaultRecovered, VaultKeyPutBack)
_RELEASES = """SELECT r.event, b.id, r.path, r.each, r.format, r.layout, r.sealed_to, r.reason, r.numbers,
    r.ledger_head, r.written, r.completed_at IS NOT NULL
    FROM release r JOIN batch b ON b.no = r.batch ORDER BY r.event"""
_NAMES = ("batch", "path", "each", "format", "layout", "recipients", "reason", "units", "head", "written", "completed")
_FILES = """SELECT b.id, p.file, p.sha256, p.part, p.plan, p.first_package, p.packages, p.start_at, p.geometry,
    p.template, t.text FROM printed p JOIN batch b ON b.no = p.batch LEFT JOIN template t ON t.digest = p.template
    ORDER BY p.batch, p.file, p.sha256"""
_HEADS = "SELECT digest FROM event WHERE seq = ?"
_BEHIND = """SELECT count(*) FROM identifier i WHERE i.name <> 'mac'
    AND NOT EXISTS (SELECT 1 FROM own_key WHERE name = '.index')"""


def check_rows(connection: Connection, history: HistoryStore) -> None:
    """`TamperedError` where a row is otherwise than its event says."""
    checks: Sequence[tuple[Callable[[], Iterator[str]], str, LedgerPart]] = (
        (lambda: _settings(connection, history), "settings", LedgerPart.SETTINGS),
        (lambda: _products(connection, history), "products", LedgerPart.PRODUCTS),
        (lambda: _imported(connection, history), "identities from before", LedgerPart.IMPORTED),
        (lambda: _label_files(connection, history), "label files", LedgerPart.LABEL_FILES),
        (lambda: _releases(connection, history), "releases", LedgerPart.RELEASES),
    )
    for check, what, part in checks:
        refuse_contradictions(check(), f"{what} are not as their history says", connection.where, part)


def _settings(connection: Connection, history: HistoryStore) -> Iterator[str]:
    settings = SettingsStore(connection)
    here = dict(connection.rows("SELECT name, value FROM about"))
    vault = ""
    for _, record in history.records_of(_VAULTS):
        match record:
            case WorkspaceCreated():
                vault = record.vault
                if record.ledger and here.get("ledger_id") != record.ledger:
                    yield "the ledger's id"
            case VaultRekeyed() | VaultRecovered():
                vault = record.after
            case VaultKeyPutBack():
                vault = record.vault
    if vault and here.get("vault_id") != vault:
        yield f"the vault key is {here.get('vault_id')}, by the history {vault}"
    pem, officer = settings.recipient_pem(), settings.recipient_said()
    try:
        named = OfficerPublicKey(pem).fingerprint if pem else ""
    except InputError:
        named = "no key"
    if named != officer:
        yield f"the officer to whom data keys are sealed is {named or 'nobody'}, by the history {officer or 'nobody'}"
    if connection.rows(_BEHIND)[0][0]:
        yield "the key under which values are compared that must not come twice is missing"
    firsts: dict[str, int | None] = {}
    for _, record in history.records_of((LedgerRestored, LedgerAdopted)):
        firsts = {name: getattr(record, name) for name in ("first_serial", "first_logistic_unit")}
    for name, then in firsts.items():
        if then is not None and here.get(name) != str(then):
            yield f"{name} is {here.get(name)}, by the history {then}"


def _products(connection: Connection, history: HistoryStore) -> Iterator[str]:
    said: dict[str, int] = {}
    for _, record in history.records_of(_NUMBERING):
        if isinstance(record, BatchIssued):
            said[record.product] = record.next_serial or said.get(record.product, 0)
        elif isinstance(record, LedgerRestored | LedgerAdopted):
            said.update(record.next_serials or {})
    for name, number in connection.rows("SELECT name, next_serial FROM product ORDER BY no"):
        if number < said.get(name, 0):
            yield f"product {name}: its next running number is {number:,}, by the history {said[name]:,} at least"
    pids = {record.product: record.pid for _, record in history.records(KeyPinned) if record.pid is not None}
    for name, pid in connection.rows("SELECT name, pid FROM product ORDER BY no"):
        if pids.get(name, pid) != pid:
            yield f"product {name}: its pid is {pid}, by the history {pids[name]}"


def _imported(connection: Connection, history: HistoryStore) -> Iterator[str]:
    known, units = "", 0
    for _, record in history.records(IdentitiesImported):
        known, units = record.known, units + record.units
    here = connection.rows("SELECT count(*) FROM imported")[0][0]
    if here != units:
        yield f"{here:,} are in table imported, by the history {units:,}"
    elif known and imported_digest(connection) != known:
        yield "table imported, or their identifiers"


def _label_files(connection: Connection, history: HistoryStore) -> Iterator[str]:
    said: dict[tuple[str, str, str], str] = {}
    for event, made in history.records(LabelFileEvent):
        said.setdefault((event.batch or "", made.file, made.sha256), made.kept)
    for batch, file, sha256, *row in connection.each(_FILES):
        if (then := said.get((batch, file, sha256))) and digest_of(*row) != then:
            yield f"batch {batch}, label file {file}: what is kept of it, or its template"


def _releases(connection: Connection, history: HistoryStore) -> Iterator[str]:
    written: dict[int, int] = {}
    completed: set[int] = set()
    for _, done in history.records(KeysReleased):
        if done.intent is not None and done.numbers:
            written[done.intent] = max(written.get(done.intent, 0), done.numbers[-1][-1])
        if done.intent is not None and not done.left:
            completed.add(done.intent)
    rows = {event: row for event, *row in connection.rows(_RELEASES)}
    for event, begun in history.records(KeysReleasing):
        if (row := rows.pop(event.seq, None)) is None:
            yield f"release {event.seq} of batch {event.batch}: it is missing"
            continue
        heads = connection.rows(_HEADS, (event.seq - 1,))
        then = [
            event.batch, begun.path, begun.each, begun.format, begun.layout, json.dumps(begun.sealed_to or []),
            begun.reason, json.dumps(begun.numbers), f"{event.seq - 1}:{heads[0][0].hex() if heads else ''}",
        ]  # fmt: skip
        here = [*row[:9], row[9] >= written.get(event.seq, 0), bool(row[10])]
        for name, value, said in zip(_NAMES, here, [*then, True, event.seq in completed], strict=True):
            if value != said:
                yield f"release {event.seq} of batch {event.batch}: its {name}"
    for event_number, row in rows.items():
        yield f"release {event_number} of batch {row[0]}: the history knows nothing of it"
