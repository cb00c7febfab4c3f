"""The tables of ledger.db, version 8. docs/formats/ledger.md explains each column."""

from bss_mfg.ledger.schema_stations import SINCE_6, SINCE_7, SINCE_8

APPLICATION_ID = 0x62737331
"""SQLite application id, `bss1`: tells our files from other databases."""

VERSION = 8
"""Schema version, kept in SQLite's user_version."""

SCHEMA = """
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;

CREATE TABLE batch (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    product INTEGER NOT NULL REFERENCES product (no),
    request TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('development', 'production')),
    units INTEGER NOT NULL CHECK (units > 0),
    packages INTEGER NOT NULL CHECK (packages > 0),
    units_per_package INTEGER NOT NULL CHECK (units_per_package > 0),
    created_at TEXT NOT NULL,
    spec TEXT NOT NULL,
    spec_text TEXT NOT NULL,
    suite TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    template TEXT NOT NULL,
    facts TEXT NOT NULL,
    longest_payload INTEGER NOT NULL,
    wrapped_key BLOB,
    closed_at TEXT,
    recovery_key BLOB,
    retired_at TEXT
) STRICT;

CREATE TABLE package (
    batch INTEGER NOT NULL REFERENCES batch (no),
    number INTEGER NOT NULL CHECK (number > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL DEFAULT 0,
    file_verified INTEGER NOT NULL DEFAULT 0,
    print_verified INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0),
    shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1)),
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE unit (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    package INTEGER NOT NULL,
    product INTEGER NOT NULL REFERENCES product (no),
    serial TEXT NOT NULL,
    uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    mac TEXT,
    sealed_key BLOB CHECK (length(sealed_key) IN (32, 48)),
    key_digest BLOB NOT NULL UNIQUE CHECK (length(key_digest) = 32),
    scrapped INTEGER NOT NULL DEFAULT 0 CHECK (scrapped IN (0, 1)),
    place INTEGER,
    extra BLOB,
    released INTEGER NOT NULL DEFAULT 0,
    manifest INTEGER,
    answer INTEGER NOT NULL DEFAULT 0 CHECK (answer IN (0, 1, 2)),
    answer_reason TEXT,
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
    seal INTEGER NOT NULL DEFAULT 1 CHECK (seal IN (1, 2)),
    PRIMARY KEY (batch, number),
    UNIQUE (product, serial),
    FOREIGN KEY (batch, package) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE template (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE printed (
    batch INTEGER NOT NULL REFERENCES batch (no),
    file TEXT NOT NULL,
    part INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    plan TEXT NOT NULL,
    first_package INTEGER NOT NULL,
    packages INTEGER NOT NULL,
    start_at INTEGER NOT NULL,
    geometry TEXT NOT NULL,
    template TEXT NOT NULL REFERENCES template (digest),
    superseded_at TEXT,
    PRIMARY KEY (batch, file, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE INDEX event_batch ON event (batch, seq);

CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
"""

MOVED = "the ledger was moved into a database"
MOVED_BACK = "the ledger was moved into a file"
FREEZE, FREEZE_SERVER = (
    f"CREATE TRIGGER IF NOT EXISTS event_moved BEFORE INSERT ON event\nBEGIN SELECT RAISE(ABORT, '{said}'); END;\n"
    for said in (MOVED, MOVED_BACK)
)
"""For a file, or a database, that is no longer the ledger: every act writes an event, so no act succeeds from then on,
also of a command that had it open."""

SUPERSEDED_NO_UPDATE = """CREATE TRIGGER superseded_no_update BEFORE UPDATE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
"""

_LIFE = (
    """
CREATE TABLE superseded (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    PRIMARY KEY (batch, number, revision),
    FOREIGN KEY (batch, number) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE imported (
    no INTEGER PRIMARY KEY,
    product INTEGER NOT NULL REFERENCES product (no),
    serial TEXT NOT NULL,
    uuid BLOB UNIQUE CHECK (length(uuid) = 16),
    key_digest BLOB UNIQUE CHECK (length(key_digest) = 32),
    UNIQUE (product, serial)
) STRICT;

CREATE INDEX unit_place ON unit (batch, package, place) WHERE place IS NOT NULL;

CREATE TRIGGER superseded_no_delete BEFORE DELETE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE TRIGGER imported_no_delete BEFORE DELETE ON imported
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_no_delete BEFORE DELETE ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_for_ever BEFORE UPDATE OF serial, uuid, key_digest, product ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
"""
    + SUPERSEDED_NO_UPDATE
)
"""What came with version 3."""

NOT_IMPORTED = """
CREATE TRIGGER IF NOT EXISTS unit_not_imported BEFORE INSERT ON unit
WHEN EXISTS (SELECT 1 FROM imported WHERE uuid = NEW.uuid)
    OR EXISTS (SELECT 1 FROM imported WHERE product = NEW.product AND serial = NEW.serial)
    OR EXISTS (SELECT 1 FROM imported WHERE key_digest = NEW.key_digest)
BEGIN SELECT RAISE(ABORT, 'was issued before bss-mfg'); END;
"""
"""Comes with the first imported identity: with any trigger on it storing a unit takes twice as long, and a ledger
without imported identities has nothing to refuse."""

_PAYLOAD_ONCE = """
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
WHEN NOT EXISTS (SELECT 1 FROM superseded s WHERE s.digest = OLD.digest AND s.payload = OLD.payload)
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
"""

_RELEASED = """
UPDATE unit SET released = 1 WHERE scrapped = 0
    AND (SELECT id FROM batch WHERE no = unit.batch) IN (SELECT batch FROM event WHERE kind = 'keys released');
"""
"""What earlier versions had only in the history."""

_MANIFESTS = """
CREATE TABLE manifest (
    no INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    at TEXT NOT NULL,
    device_logs INTEGER NOT NULL,
    bundle_logs INTEGER NOT NULL
) STRICT;

CREATE INDEX manifest_batch ON manifest (batch, no);
"""
"""What came with version 4: control logs, which units stand in them, and what became of those."""

_FACTS_OF_SUPERSEDED = """
ALTER TABLE superseded RENAME COLUMN verified TO file_verified;
ALTER TABLE superseded ADD COLUMN print_verified INTEGER NOT NULL DEFAULT 0;
"""
_TWO_FACTS = (
    """
ALTER TABLE package RENAME COLUMN verified TO file_verified;
ALTER TABLE package ADD COLUMN print_verified INTEGER NOT NULL DEFAULT 0;
"""
    + _FACTS_OF_SUPERSEDED
)
"""What came with version 5: that a label file was read back right, and that a printed label was, are two facts. The
migration's step fills them in."""

_OWN_KEYS = """
CREATE TABLE own_key (
    name TEXT PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    recovery_key BLOB
) STRICT, WITHOUT ROWID;
"""
"""What came with version 5: keys of the ledger's own, wrapped as the data keys of batches are."""

_RELEASES = """
CREATE TABLE release (
    event INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    at TEXT NOT NULL,
    path TEXT NOT NULL,
    each TEXT NOT NULL CHECK (each IN ('batch', 'unit')),
    format TEXT NOT NULL,
    layout TEXT,
    sealed_to TEXT NOT NULL,
    reason TEXT,
    numbers TEXT NOT NULL,
    ledger_head TEXT NOT NULL,
    version TEXT NOT NULL,
    written INTEGER NOT NULL DEFAULT 0,
    completed_at TEXT
) STRICT;

CREATE INDEX release_open ON release (batch) WHERE completed_at IS NULL;
"""
"""What came with version 5: releases of keys, each from before its first byte was written."""
_IDENTIFIERS = """
CREATE TABLE identifier (
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    scope INTEGER NOT NULL,
    batch INTEGER,
    unit INTEGER,
    imported INTEGER REFERENCES imported (no),
    PRIMARY KEY (name, value, scope),
    FOREIGN KEY (batch, unit) REFERENCES unit (batch, number),
    CHECK ((unit IS NULL) <> (imported IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX identifier_imported ON identifier (imported) WHERE imported IS NOT NULL;
CREATE INDEX unit_serial ON unit (lower(serial));
CREATE INDEX imported_serial ON imported (lower(serial));

CREATE TRIGGER identifier_no_update BEFORE UPDATE ON identifier
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER identifier_no_delete BEFORE DELETE ON identifier
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER batch_id_case BEFORE INSERT ON batch
WHEN EXISTS (SELECT 1 FROM batch WHERE lower(id) = lower(NEW.id))
BEGIN SELECT RAISE(ABORT, 'ids of batches differ in more than upper and lower case'); END;
"""
"""What came with version 5, too: values of units that must not be issued again. Serials are looked up without case: of
two products, and of two files on Windows, they would be one."""

_CONTROL_LOGS = """
CREATE TABLE control_log_name (
    name TEXT PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    folder TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_file ON manifest (lower(file));

CREATE TRIGGER manifest_name_once BEFORE INSERT ON manifest
WHEN EXISTS (SELECT 1 FROM manifest WHERE lower(file) = lower(NEW.file))
BEGIN SELECT RAISE(ABORT, 'a name of a control log is used once'); END;
"""
"""What came with version 5, too: names of control logs, taken before a file is written."""

_WITHDRAWN = """
ALTER TABLE unit ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1));
"""

_SEAL = """
ALTER TABLE unit ADD COLUMN seal INTEGER NOT NULL DEFAULT 1 CHECK (seal IN (1, 2));
"""
"""How a unit's key is sealed: 1 with its number as nonce, as before version 5; 2 with one that depends on the key."""

_SUPERSEDED_FILES = """
ALTER TABLE printed ADD COLUMN superseded_at TEXT;
"""
"""What came with version 5: label files that are not to be printed any more."""

SCHEMA += _LIFE + _PAYLOAD_ONCE + _FACTS_OF_SUPERSEDED + _MANIFESTS
SCHEMA += _OWN_KEYS + _RELEASES + _IDENTIFIERS + _CONTROL_LOGS + SINCE_6 + SINCE_7 + SINCE_8

MIGRATIONS = {
    1: """
ALTER TABLE batch ADD COLUMN closed_at TEXT;
ALTER TABLE unit ADD COLUMN scrapped INTEGER NOT NULL DEFAULT 0 CHECK (scrapped IN (0, 1));
""",
    2: """
ALTER TABLE batch ADD COLUMN recovery_key BLOB;
ALTER TABLE batch ADD COLUMN retired_at TEXT;
ALTER TABLE package ADD COLUMN revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0);
ALTER TABLE package ADD COLUMN shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1));
ALTER TABLE unit ADD COLUMN place INTEGER;
DROP TRIGGER payload_no_update;
"""
    + _LIFE
    + _PAYLOAD_ONCE,
    3: """
ALTER TABLE unit ADD COLUMN extra BLOB;
ALTER TABLE unit ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unit ADD COLUMN manifest INTEGER;
ALTER TABLE unit ADD COLUMN answer INTEGER NOT NULL DEFAULT 0 CHECK (answer IN (0, 1, 2));
ALTER TABLE unit ADD COLUMN answer_reason TEXT;
"""
    + _MANIFESTS
    + _RELEASED,
    4: _OWN_KEYS + _SEAL + _TWO_FACTS + _RELEASES + _SUPERSEDED_FILES + _IDENTIFIERS + _CONTROL_LOGS + _WITHDRAWN,
    5: SINCE_6,
    6: SINCE_7,
    7: f"DROP INDEX IF EXISTS event_device;{SINCE_8}",
}
"""What leads from each version to the next; what SQL alone can't do, `migration_steps` does after it."""
