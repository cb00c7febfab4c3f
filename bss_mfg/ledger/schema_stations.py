"""What came with version 6 of the ledger, tables of a line of stations, and since 7, what is looked up there."""

PACKING = """
CREATE TABLE logistic_unit (
    no INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('carton', 'pallet')),
    size INTEGER NOT NULL CHECK (size > 0),
    mixed INTEGER NOT NULL DEFAULT 0 CHECK (mixed IN (0, 1)),
    sscc TEXT UNIQUE CHECK (length(sscc) = 18),
    station TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    pallet INTEGER,
    label TEXT,
    sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX logistic_unit_open ON logistic_unit (kind, station) WHERE closed_at IS NULL;
CREATE INDEX logistic_unit_pallet ON logistic_unit (pallet) WHERE pallet IS NOT NULL;

ALTER TABLE package ADD COLUMN carton INTEGER;
CREATE INDEX package_carton ON package (carton) WHERE carton IS NOT NULL;

CREATE TRIGGER package_in_one_carton BEFORE UPDATE OF carton ON package
WHEN NEW.carton IS NOT NULL AND (OLD.carton IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM logistic_unit l WHERE l.no = NEW.carton AND l.kind = 'carton' AND l.closed_at IS NULL
        AND l.size > (SELECT count(*) FROM package k WHERE k.carton = NEW.carton)))
BEGIN SELECT RAISE(ABORT, 'a package goes into one open carton that has room'); END;
CREATE TRIGGER carton_on_one_pallet BEFORE UPDATE OF pallet ON logistic_unit
WHEN NEW.pallet IS NOT NULL AND (OLD.pallet IS NOT NULL OR NEW.kind <> 'carton' OR NEW.closed_at IS NULL OR NOT EXISTS (
    SELECT 1 FROM logistic_unit l WHERE l.no = NEW.pallet AND l.kind = 'pallet' AND l.closed_at IS NULL
        AND l.size > (SELECT count(*) FROM logistic_unit k WHERE k.pallet = NEW.pallet)))
BEGIN SELECT RAISE(ABORT, 'a closed carton goes onto one open pallet that has room'); END;
CREATE TRIGGER logistic_unit_for_ever BEFORE UPDATE OF no, kind, sscc ON logistic_unit
BEGIN SELECT RAISE(ABORT, 'an SSCC is given once'); END;
CREATE TRIGGER logistic_unit_no_delete BEFORE DELETE ON logistic_unit
BEGIN SELECT RAISE(ABORT, 'an SSCC is given once'); END;
"""
"""Cartons and pallets, and which packages are in them: a column holds a package in one carton at most. No foreign keys:
`ledger move` copies table by table."""

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

SINCE_7 = """
CREATE INDEX flashed_failed ON flashed (batch, number) WHERE passed = 0;
"""
"""What a package that is packed or shipped is asked for, in a batch of however many units."""

UNIT_OF_EVENT = """CAST(substr(data, instr(data, '"unit":') + 7) AS BIGINT)"""
"""The unit that an event names. Within a text a quotation mark has a backslash before it, so only the key is found."""

SINCE_8 = f"""
CREATE INDEX event_device ON event (batch, {UNIT_OF_EVENT}, seq)
    WHERE kind = 'device checked';
"""
"""No index calls a function of JSON any more: SQLite refuses it in a schema that isn't trusted, until 3.41."""

EVENT_DEVICE_OF_7 = """CREATE INDEX event_device ON event (batch, CAST(json_extract(data, '$.unit') AS BIGINT), seq)
    WHERE kind = 'device checked'"""
"""As a ledger of version 7 has it."""
