"""What came with version 6 of the ledger: tables of a line of stations."""

PACKING = ""
"""Cartons and pallets, and which packages are in them."""

PRINT_QUEUE = ""
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

CLAIMS = """
CREATE TABLE flasher (
    name TEXT PRIMARY KEY,
    recipient TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    release INTEGER NOT NULL REFERENCES release (event),
    flasher TEXT NOT NULL REFERENCES flasher (name),
    PRIMARY KEY (batch, number),
    FOREIGN KEY (batch, number) REFERENCES unit (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE flashed (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
    event INTEGER NOT NULL,
    PRIMARY KEY (batch, number),
    FOREIGN KEY (batch, number) REFERENCES unit (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE flash_file (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_release ON claim (release);

CREATE TRIGGER flasher_no_update BEFORE UPDATE ON flasher
BEGIN SELECT RAISE(ABORT, 'the key of a flasher stays'); END;
CREATE TRIGGER flasher_no_delete BEFORE DELETE ON flasher
BEGIN SELECT RAISE(ABORT, 'the key of a flasher stays'); END;
CREATE TRIGGER claim_no_delete BEFORE DELETE ON claim
BEGIN SELECT RAISE(ABORT, 'a claim stays'); END;
"""
"""Flashers, the units that each has taken, and what was said of them."""

SINCE_6 = PACKING + PRINT_QUEUE + RESOURCES + CLAIMS
