PRAGMA application_id = 1651733297;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('home','d0ea5290bcdf8ddf:2146499');
INSERT INTO "about" VALUES('ledger_id','44cfe24b-5b86-425d-ab1f-2d7c2f84ceb3');
INSERT INTO "about" VALUES('vault_id','685e36c955e5fa26');
INSERT INTO "about" VALUES('vault_kind','file');
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
INSERT INTO "batch" VALUES(1,'OLD',1,'806b26858b6ec24822578c9f0f9701ad1c6acf1783b0baadcd667c2b420f348f','development',6,3,2,'2026-11-30T05:53:47Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
#
# published: read on Amazon''s public pages.  assumed: our guess, to be corrected from Amazon''s Provisionee
# Manufacturing Guide, which only partners have. For production, copy this file into the workspace''s specs/ folder
# (`bss-mfg spec copy amazon-bss-ob04`), correct it, and sign for it: `bss-mfg spec confirm amazon-bss-ob04`.

format = 1
name = "amazon-bss-ob04"
title = "Amazon Bluetooth Simple Setup, package barcode OB04"
symbology = "data-matrix"
key_separator = ":"
field_separator = ";"
terminator = ";"
list_separator = "_"

[[field]]
key = "ABV"
status = "published"
source = "constant"
value = "OB04"
note = "Amazon Barcode Version, 4 characters; OB04 is Bluetooth Mesh."

[[field]]
key = "UPC"
status = "published"
source = "product.upc"
optional = true
note = "12 digits; included if this code is printed on the package; never together with EAN."

[[field]]
key = "EAN"
status = "published"
source = "product.ean"
optional = true
note = "8 or 13 digits; included if this code is printed on the package; never together with UPC."

[[field]]
key = "PID"
status = "published"
source = "product.pid"
note = "Product id of the developer portal, 4 alphanumeric characters, case-sensitive."

[[field]]
key = "BMU"
status = "assumed"
source = "unit.uuid"
format = "hex-upper"
note = "Device UUIDs, 32 hex digits each, joined with _ ; modelled on the Zigbee sibling''s ZBM."

[[field]]
key = "BMO"
status = "assumed"
source = "constant"
value = "2"
note = "OOB information: 2 is ''2D machine-readable code'' in Amazon''s table of OOB information types."

[[field]]
key = "BMD"
status = "assumed"
source = "encrypted"
format = "base64"
suite = "ecies-p256-x963sha256-aes128gcm"
info = "amazon-bss-ob04"
note = "Credentials of all units, encrypted to the product public key; the shape of the Zigbee sibling''s ZBD. ECIES with a compressed point, like the compressed PUK of the Wi-Fi sibling; other suites: see docs/formats/suites.md."
plaintext = [
    { source = "unit.uuid", format = "raw" },
    { source = "unit.oob", format = "raw" },
]
','ecies-p256-x963sha256-aes128gcm','627818207db979a3b2ba7261c8c76270f6fe12635d9673a4e3b2b33476df62bc','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'2AFFCE5E53CFE317CAAEBF6771A6389FFEE2AF8CF0F5E94F5DF9C13E91DC38B7A7B6E78226B4EE2F805944BEAAA0504C9C224B1BE66B0AEB8A5915F2',NULL,NULL,NULL);
CREATE TABLE claim (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    release INTEGER NOT NULL REFERENCES release (event),
    flasher TEXT NOT NULL REFERENCES flasher (name),
    PRIMARY KEY (batch, number),
    FOREIGN KEY (batch, number) REFERENCES unit (batch, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE control_log_name (
    name TEXT PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    folder TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-30T05:53:47Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'A8FEE942DB8FCC41ECA4F4E7868F1A0EB17F94D67B17504F47BD673C8D88591F');
INSERT INTO "event" VALUES(2,'2026-11-30T05:53:47Z','key pinned',NULL,'{"product":"bulb","fingerprint":"627818207db979a3b2ba7261c8c76270f6fe12635d9673a4e3b2b33476df62bc","operator":"tester","station":"bench","version":"test"}',X'B7D3463D735664AF70DAE47744C48C45250D06F270968ACCFA62764665D46C95');
INSERT INTO "event" VALUES(3,'2026-11-30T05:53:47Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"7210f775830a985a27295d4f670638f78c0a89440f18935a7769486fcda731e8","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"627818207db979a3b2ba7261c8c76270f6fe12635d9673a4e3b2b33476df62bc","operator":"tester","station":"bench","version":"test"}',X'82B64D2AFDFAC270B6B904B6D25ED8A096AB5567DB1A46D9B8017C44A3A691F4');
INSERT INTO "event" VALUES(4,'2026-11-30T05:53:47Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"e995f47d71e2cbd10c4f77cd22150d81c87a03266db3e13fc6ed0bbd21f22e83","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'3D804E0633AE1A606108C564B257CBFC0AC830D2C94D2A0A7140C190070EBF3E');
INSERT INTO "event" VALUES(5,'2026-11-30T05:53:51Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'CC92BBF7689072AACC6DB88B98901C51D3FEF35EF1CD6CDAA5DAF57C15FCA930');
INSERT INTO "event" VALUES(6,'2026-11-30T05:53:51Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'0A50DD47098B4016BF805BF52997C75F622162484BADBFD32EFAE253D0C50E14');
INSERT INTO "event" VALUES(7,'2026-11-30T05:53:51Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'3942ECFB244489641FE5B9582E565D065E480C0688CC8517F781E881F48A9FDC');
INSERT INTO "event" VALUES(8,'2026-11-30T05:53:51Z','file verified','OLD','{"file":"OLD-labels-0001.pdf","sha256":"e995f47d71e2cbd10c4f77cd22150d81c87a03266db3e13fc6ed0bbd21f22e83","labels":3,"operator":"root","station":"vm","version":"0.1.0"}',X'D00F93FF15F392CFCC1D3950ECE5EA03C21ED0D687D07A45BC2E29550AA9F3CD');
CREATE TABLE flash_file (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64)
) STRICT, WITHOUT ROWID;
CREATE TABLE flashed (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
    event INTEGER NOT NULL,
    PRIMARY KEY (batch, number),
    FOREIGN KEY (batch, number) REFERENCES unit (batch, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE flasher (
    name TEXT PRIMARY KEY,
    recipient TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE imported (
    no INTEGER PRIMARY KEY,
    product INTEGER NOT NULL REFERENCES product (no),
    serial TEXT NOT NULL,
    uuid BLOB UNIQUE CHECK (length(uuid) = 16),
    key_digest BLOB UNIQUE CHECK (length(key_digest) = 32),
    UNIQUE (product, serial)
) STRICT;
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
CREATE TABLE manifest (
    no INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    at TEXT NOT NULL,
    device_logs INTEGER NOT NULL,
    bundle_logs INTEGER NOT NULL
) STRICT;
CREATE TABLE own_key (
    name TEXT PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    recovery_key BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE package (
    batch INTEGER NOT NULL REFERENCES batch (no),
    number INTEGER NOT NULL CHECK (number > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL DEFAULT 0,
    file_verified INTEGER NOT NULL DEFAULT 0,
    print_verified INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0),
    shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1)), carton INTEGER,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:4B72CAC7C4B74DD599DD3271F9BA88F6_0FD16348920C42F0A50C099C80C04AF0;BMO:2;BMD:AuGVVYS/gYZii2u6Tclwyg7nezIhjDLP7n7Eb8v8TGNIQ7wfupeKaK5A8xIV5DOJ6QS5KFsUEoRjm0hF0FgUVgGZ4zEqgz+w7mFACK0t9t/6DkpsD1H22Jxw3L9VRUXzuYoYAZWbKQnXrY+FD53jtzA=;',X'30D0ADF0061B212F8FB93EE3F44FBAFC',1,1,0,1,0,NULL);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:B5B1A890945A419AA25244647B1DC390_62263B0ABF134A3E938E35B249C9B254;BMO:2;BMD:AjNZAAYIw0wMHhjv8GZBMyDQd6UpOKH0I5V38EtBm+21LtBTSrRwsewpvIA7SbeCgLsToecmBhLCxvxtzQLnQznj5FJ4g5hgwbDSuicVQBY0xXrZtsFUrlaQwLISQFPio2lghl/CNJn6pZro1QKZhwc=;',X'E7D6A09E9C8758230B9B06748A47852C',1,1,0,1,0,NULL);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:2C9EAD266F2946D8AA797F7B0248F013_A7B37668198741EA866E085F84B511CE;BMO:2;BMD:AulO5cEzrhG+iIvsNidHvN9I9e2OZTUkmWVmqdKt43AS+3PRzz20avi5pZ0YD2T9MYKtgfptRYiOXu+VwoZhZaS0n1rUqfDuJXsfz6fOYfPGxoHUNAhJAmMSxnaiZ5maOzYukVLOEl0/JSnZfdjDCNg=;',X'EC0D64E94968527966B818DBE9BF5E92',1,1,0,1,0,NULL);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'e995f47d71e2cbd10c4f77cd22150d81c87a03266db3e13fc6ed0bbd21f22e83','9c232262a64c3c934536194d05d7c6bcfa3b2bc675fffa313cbe953e1e505253',1,3,1,'{"cells": [[4.487, 12.531, 48.768, 48.768]], "page": [100.0, 70.0], "modules": 64}','32c10eb07b7b5d894dd94f877242f131067bf68dc98a5bd5d823bf283a39922c',NULL);
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','627818207db979a3b2ba7261c8c76270f6fe12635d9673a4e3b2b33476df62bc',7);
CREATE TABLE published (
    event INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES resource (sha256),
    PRIMARY KEY (event, path)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE resource (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    content BLOB NOT NULL CHECK (length(content) <= 20971520)
) STRICT;
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
CREATE TABLE superseded (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL,
    file_verified INTEGER NOT NULL, print_verified INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, number, revision),
    FOREIGN KEY (batch, number) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE template (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "template" VALUES('32c10eb07b7b5d894dd94f877242f131067bf68dc98a5bd5d823bf283a39922c','multipack-100x70','# Multi-packs of up to six units: one barcode for the box, and each unit''s serial number beside it.

format = 1
title = "Multi-pack, roll of 100 x 70 mm"

[media]
kind = "roll"
label_width = 100
label_height = 70
safe = 2

[sample]
x = 62
y = 49.5
width = 34
height = 16.5

[[element]]
name = "title"
kind = "text"
x = 4
y = 4
width = 70
text = "{title}"
font = "sans-bold"
size = 13
min_size = 7

[[element]]
kind = "text"
corner = "top-right"
x = 4
y = 4
width = 20
text = "{units} units"
font = "sans-bold"
size = 13
align = "right"

[[element]]
name = "symbol"
kind = "data-matrix"
x = 3
y = 11
size = 56
x_dimension = [0.25, 0.77]
anchor = "top-left"

[[element]]
name = "serials"
kind = "text"
x = 62
y = 12.5
width = 34
text = "Serial numbers"
size = 6

[[element]]
kind = "text"
x = 62
y = 16
width = 34
text = "{serial}"
font = "mono"
size = 9
min_size = 4
each_unit = { dy = 4.8 }

[[element]]
kind = "text"
x = 62
y = 45.5
width = 34
text = "Batch {batch}"
size = 6
min_size = 4
');
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
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'4B72CAC7C4B74DD599DD3271F9BA88F6',NULL,X'FB594EC5206C93985E3A743F652F5764259157587563F437F469A173A88A561F',X'301462C80883BA5C2B4E918C64A1599CB52A61CD3281DE5DEA5DD7632AE4482D',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'0FD16348920C42F0A50C099C80C04AF0',NULL,X'B9C8A495489BE9BDD7F063B9DDBB64BA363EBD4CA2E197649E13794DFB48BC9E',X'50C0798FA7DE5CC3F1B1191BC7614B9DF9A7AC1039E13D03F4F5AF315EC62B90',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'B5B1A890945A419AA25244647B1DC390',NULL,X'F121F71363DBD4B8D9884A087C35D5F5F013E9BA001801712499200A4A663EDA',X'F1B2E450825D8E05357C86090B97451F10B0273D43F8DB92F0F879A501F677C6',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'62263B0ABF134A3E938E35B249C9B254',NULL,X'BBD83BB63164B702A986721A5CA66A9478124394ED0FD431576B6B2D5BD59523',X'42F121F781B31DBC32D3DF2817646791A60B0F20A6461B0B8F305B1405325596',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'2C9EAD266F2946D8AA797F7B0248F013',NULL,X'2F02795AB58B64BEC406B002C8A9857670A06AE31AA2BF9AB99F7C5A308264B1',X'9B64E5F5CA9B6F6DDA985CA2A2DEDAEF48A27598F2660C42EE6FF27B9FD32DF4',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'A7B37668198741EA866E085F84B511CE',NULL,X'6BA81BCB0EEA8B77F472C1A25D1BCC2F1E1DB7DE2D0ABC12CA254E8A97201D9C',X'1273C00671ECC8E4E4B4E632BFABF196F36609D8196B7D5F407204FBCF66BA7C',0,NULL,NULL,0,NULL,0,NULL,0,2);
CREATE INDEX event_batch ON event (batch, seq);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE INDEX unit_place ON unit (batch, package, place) WHERE place IS NOT NULL;
CREATE TRIGGER superseded_no_delete BEFORE DELETE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE TRIGGER imported_no_delete BEFORE DELETE ON imported
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_no_delete BEFORE DELETE ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_for_ever BEFORE UPDATE OF serial, uuid, key_digest, product ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER superseded_no_update BEFORE UPDATE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
WHEN NOT EXISTS (SELECT 1 FROM superseded s WHERE s.digest = OLD.digest AND s.payload = OLD.payload)
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE INDEX manifest_batch ON manifest (batch, no);
CREATE INDEX release_open ON release (batch) WHERE completed_at IS NULL;
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
CREATE INDEX manifest_file ON manifest (lower(file));
CREATE TRIGGER manifest_name_once BEFORE INSERT ON manifest
WHEN EXISTS (SELECT 1 FROM manifest WHERE lower(file) = lower(NEW.file))
BEGIN SELECT RAISE(ABORT, 'a name of a control log is used once'); END;
CREATE UNIQUE INDEX logistic_unit_open ON logistic_unit (kind, station) WHERE closed_at IS NULL;
CREATE INDEX logistic_unit_pallet ON logistic_unit (pallet) WHERE pallet IS NOT NULL;
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
CREATE INDEX queued_open ON queued (press, no) WHERE outcome IS NULL;
CREATE INDEX stretch_roll ON stretch (press, roll);
CREATE TRIGGER resource_no_update BEFORE UPDATE ON resource
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER resource_no_delete BEFORE DELETE ON resource
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER published_no_update BEFORE UPDATE ON published
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE TRIGGER published_no_delete BEFORE DELETE ON published
BEGIN SELECT RAISE(ABORT, 'what was published stays'); END;
CREATE INDEX claim_release ON claim (release);
CREATE TRIGGER flasher_no_update BEFORE UPDATE ON flasher
BEGIN SELECT RAISE(ABORT, 'the key of a flasher stays'); END;
CREATE TRIGGER flasher_no_delete BEFORE DELETE ON flasher
BEGIN SELECT RAISE(ABORT, 'the key of a flasher stays'); END;
CREATE TRIGGER claim_no_delete BEFORE DELETE ON claim
BEGIN SELECT RAISE(ABORT, 'a claim stays'); END;
COMMIT;
