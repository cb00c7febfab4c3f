"""What came with version 6 of the ledger: tables of a line of stations."""

PACKING = ""
"""Cartons and pallets, and which packages are in them."""

PRINT_QUEUE = """
CREATE TABLE queued (
    no INTEGER PRIMARY KEY,
    press TEXT NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch (no),
    each TEXT NOT NULL,
    numbers TEXT NOT NULL,
    labels INTEGER NOT NULL CHECK (labels > 0),
    template TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    printing TEXT NOT NULL,
    again INTEGER NOT NULL CHECK (again IN (0, 1)),
    operator TEXT NOT NULL,
    station TEXT NOT NULL,
    at TEXT NOT NULL,
    taken_at TEXT,
    outcome TEXT CHECK (outcome IN ('printed', 'handed over', 'cancelled')),
    ended_at TEXT
) STRICT;

CREATE INDEX queued_open ON queued (press, no) WHERE outcome IS NULL;

CREATE TABLE stretch (
    queued INTEGER NOT NULL REFERENCES queued (no),
    no INTEGER NOT NULL,
    press TEXT NOT NULL,
    roll INTEGER NOT NULL CHECK (roll > 0),
    numbers TEXT NOT NULL,
    labels INTEGER NOT NULL CHECK (labels > 0),
    again INTEGER NOT NULL CHECK (again IN (0, 1)),
    reason TEXT,
    at TEXT NOT NULL,
    good INTEGER,
    spoiled INTEGER NOT NULL DEFAULT 0,
    printed INTEGER NOT NULL DEFAULT 0 CHECK (printed IN (0, 1)),
    why TEXT,
    roll_ended INTEGER NOT NULL DEFAULT 0 CHECK (roll_ended IN (0, 1)),
    PRIMARY KEY (queued, no)
) STRICT, WITHOUT ROWID;

CREATE INDEX stretch_roll ON stretch (press, roll);
"""
"""Labels that presses are to print."""

RESOURCES = """
CREATE TABLE resource (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    content BLOB NOT NULL CHECK (length(content) <= 20971520)
) STRICT;

CREATE TABLE published (
    event INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES resource (sha256),
    PRIMARY KEY (event, path)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER resource_no_update BEFORE UPDATE ON resource
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER resource_no_delete BEFORE DELETE ON resource
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER published_no_update BEFORE UPDATE ON published
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER published_no_delete BEFORE DELETE ON published
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
"""
"""Templates, artwork, fonts, products and specs by digest, so that all stations draw the same bytes."""

CLAIMS = ""
"""Units that a flasher has taken."""

SINCE_6 = PACKING + PRINT_QUEUE + RESOURCES + CLAIMS
