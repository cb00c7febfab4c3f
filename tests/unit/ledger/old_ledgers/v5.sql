PRAGMA application_id = 1651733297;
PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('home','d0ea5290bcdf8ddf:2146707');
INSERT INTO "about" VALUES('ledger_id','c635d047-4406-40c0-b4ee-bf01c5c4a71b');
INSERT INTO "about" VALUES('vault_id','e1702b8cf0674be7');
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
INSERT INTO "batch" VALUES(1,'OLD',1,'b4fffb3089f5a43a3eada114b88e7544f9456933db90bf6bb8116d8ac21c808e','development',6,3,2,'2026-11-29T17:42:14Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','2e861c9da6a6d5f643b209912afab204fe8088244994840fd04546392a072a4e','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'B446435400C4AD686BB51113A97A1C8139BAE90803595098849756C710FFF987B5C275550E01D5323358F10511971838D3AB06FEC983019B655B44C5',NULL,NULL,NULL);
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
INSERT INTO "event" VALUES(1,'2026-11-29T17:42:14Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'A40CA4269756B75F88BE2EE3C1ED1C327A770C2642FF03B1BDEF7A68847FCFB1');
INSERT INTO "event" VALUES(2,'2026-11-29T17:42:14Z','key pinned',NULL,'{"product":"bulb","fingerprint":"2e861c9da6a6d5f643b209912afab204fe8088244994840fd04546392a072a4e","operator":"tester","station":"bench","version":"test"}',X'5E6CA610E2ACB1C93B6AAD6D46A940FDB11D16D9440E319515B13F196A3729A4');
INSERT INTO "event" VALUES(3,'2026-11-29T17:42:14Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"efa3cafe9241039bc53779dbcc96183c0120839dabf6dedf1ba6121821d0a005","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"2e861c9da6a6d5f643b209912afab204fe8088244994840fd04546392a072a4e","operator":"tester","station":"bench","version":"test"}',X'2DDFFAF70E234CC672A27545FCE42667831B18CB4CF85FC681E2FDBA678576A6');
INSERT INTO "event" VALUES(4,'2026-11-29T17:42:15Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"4359c3cac1d44f0899656645cfd67ae0467fab2aaf740374aac787b95df2a69b","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'4960C765CB521070B5D94E003F944A81EEDB66CEDC3C0228583A4EE751988A19');
INSERT INTO "event" VALUES(5,'2026-11-29T17:42:16Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'4CAE4F8E58C33AAFE3229551937E248AA68F33437AB6DA1BFDB204532B658A61');
INSERT INTO "event" VALUES(6,'2026-11-29T17:42:16Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'653AC743B8A565C3554606DDCCA22550D663EBD691C62F8FF37C294F64896243');
INSERT INTO "event" VALUES(7,'2026-11-29T17:42:16Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'520BC21FB0BC47BEC92F2818FA9CF8404764BCB567443A59AE2B617D549E8D9E');
INSERT INTO "event" VALUES(8,'2026-11-29T17:42:16Z','file verified','OLD','{"file":"OLD-labels-0001.pdf","sha256":"4359c3cac1d44f0899656645cfd67ae0467fab2aaf740374aac787b95df2a69b","labels":3,"operator":"root","station":"vm","version":"0.1.0"}',X'939DE3783D412AE0C4BBF25D6D8796EC4BCD685A366C1E254F163C273931B6A1');
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
    shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1)),
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:F191C42C90264495933F3C3B503AC421_B40475DD85484A228A8E9425B1564850;BMO:2;BMD:A+kARrsKIkid80IhtkCtnJdalmuGvwt+kaCepSQj83KHVgq2sVCcATYxvJY9ogz8lVaTx9IrlPsIwHYns2XfB4WHMR8sta3rkwj89S1NGiuywE+ScwI2+HkNTZHVtoCRyzLdRMxmsD79IAQ5YVyzh8M=;',X'9E2BFDC009830598360E1732E7D95C1E',1,1,0,1,0);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:5A322DBB613A4276A71DDF52BE489455_5D17A5D99C164CCDB36B189CCB8FAF95;BMO:2;BMD:A8S761AD72OGnTbidmpBXgdfCwk4gAjFT/f1ayIfeqI+P6CjQa/4ccoY9KvBG5ApWKYupG5OL0D5zOZwx2HV6TnAs1QZaXobMl8HdzHf1Qtu42qUsuH049ckraHwcZr6ibdD0y3EYVdjmaNFSSCwBGo=;',X'E034A187A3DD68F14D06998B797FFD7D',1,1,0,1,0);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:3E7D03FCFFCF4D038C37C78CB8A4EF2B_0EF7A84D020245FD8F59C3856855FBA3;BMO:2;BMD:AuUNgNRie04OlD6lFMd7up9XNUbHIrF1M+5rmcxHCTFr6qG9WDLOTYVS2HZ7VpGbO4wZNpMponrLGBo8miRp7qOMwS7QKMmIG4VXRh8Okg6iBasBkEHswIWDxTUDiiKhKESSJg+mxx72AO/20/J5nIE=;',X'3B697F5FE14356A23ABAA206089E3E74',1,1,0,1,0);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'4359c3cac1d44f0899656645cfd67ae0467fab2aaf740374aac787b95df2a69b','9c232262a64c3c934536194d05d7c6bcfa3b2bc675fffa313cbe953e1e505253',1,3,1,'{"cells": [[4.487, 12.531, 48.768, 48.768]], "page": [100.0, 70.0], "modules": 64}','32c10eb07b7b5d894dd94f877242f131067bf68dc98a5bd5d823bf283a39922c',NULL);
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','2e861c9da6a6d5f643b209912afab204fe8088244994840fd04546392a072a4e',7);
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
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'F191C42C90264495933F3C3B503AC421',NULL,X'01938E7F4AE166E21F969BCD57DE56F904C0647B8B4A4B6054414C3E37E250B7',X'32569E35EE8CD9D58E84054F14B01B35DCC4D182F09E2A108F35B3F6C422CE9F',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'B40475DD85484A228A8E9425B1564850',NULL,X'95B3303A96389F2B0B918AEC32D4DC9FBCE05D3AA1535808511820D8E33AA0EC',X'0EF12542DE1A7E34A251366E8DA91A277D19E14A78479E061D7FAA380EB61371',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'5A322DBB613A4276A71DDF52BE489455',NULL,X'E37BC75E02C3B63CECACB41CAE3ACCC5B53AF9C9A24C7C695D13408755096F39',X'94355139ABF5C6C393D8CFD3A6C1F817C9700A7745E2F6C7750566D7734C3040',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'5D17A5D99C164CCDB36B189CCB8FAF95',NULL,X'86E70E72EFDF5EA0A04EE6ED4D3FE99CFCD7E6F1670430F6DAEFBAD764B29E51',X'548DB6C4EBEE51C200D3C7E6F072E6C641CDA474FD69E79A85B5B2F8F917B3CD',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'3E7D03FCFFCF4D038C37C78CB8A4EF2B',NULL,X'7BD3021254A7061C82886FD3CB34DCC95565475A93F24B673DE0D0E738AA1FA4',X'797ACD3317B07713CD75063FAD6A10952A1B105AA81BB8E710F4BC196995E903',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'0EF7A84D020245FD8F59C3856855FBA3',NULL,X'73CA98979FF4721B9A2AE873FD860127B7D024EC1EA4B68A7B3EE9729813A5D4',X'57E560BA97A7A54E79BC1108903486373CD0ECE342C3647973D7884F6CE13652',0,NULL,NULL,0,NULL,0,NULL,0,2);
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
COMMIT;
