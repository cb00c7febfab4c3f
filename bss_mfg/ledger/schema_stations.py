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

CLAIMS = ""
"""Units that a flasher has taken."""

SINCE_6 = PACKING + PRINT_QUEUE + RESOURCES + CLAIMS
