PRAGMA application_id = 1651733297;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('ledger_id','aa4636a4-ae11-488f-92c1-a83913f031c3');
INSERT INTO "about" VALUES('vault_id','7e1130483c96c3fa');
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
INSERT INTO "batch" VALUES(1,'OLD',1,'37c3e2d0f53e078d2fe58b7d8258fb28b1128b82493a5d0ba815ef31c6a8fba7','development',6,3,2,'2026-11-25T03:54:07Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
#
# published: read on Amazon''s public pages.  assumed: our guess, to be corrected from Amazon''s Provisionee
# Manufacturing Guide, which only partners have. For production, copy this file into the workspace''s specs/ folder,
# correct it, and add:
#
#   [confirmation]
#   by = "name"
#   on = 2026-01-31
#   document = "title and version of Amazon''s guide"

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
','ecies-p256-x963sha256-aes128gcm','00bb639ff128d5420b389bea832b658d5dafd68356e86f1b62bd73ffc9983324','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'0C07837E9D34FB8163ADE06AF4946F33A5DEB27612EA0586D25124D8BFE9AFF8756A2FE837C182760E323FD57CC85108A6B579FF62933E57978E6716',NULL,NULL,NULL);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-25T03:54:07Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'3F83FFFC68426EA2601F6AB9739EDB1D463516E1D12A1273C447B650930CC99D');
INSERT INTO "event" VALUES(2,'2026-11-25T03:54:07Z','key pinned',NULL,'{"product":"bulb","fingerprint":"00bb639ff128d5420b389bea832b658d5dafd68356e86f1b62bd73ffc9983324","operator":"tester","station":"bench","version":"test"}',X'800176DCCFFFDE48227BEAAA31E37521FFC670DDAABEF79E81A6BDACF62CC050');
INSERT INTO "event" VALUES(3,'2026-11-25T03:54:07Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"a93778f8f84e47618e8b18d5347b9dadb5643deed94834c53e1c9f13b4caed74","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"00bb639ff128d5420b389bea832b658d5dafd68356e86f1b62bd73ffc9983324","operator":"tester","station":"bench","version":"test"}',X'47FE60DAE33A2DDA3A055809F272CE24124180AAC523E61A00057504A44526CE');
INSERT INTO "event" VALUES(4,'2026-11-25T03:54:07Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"7f46cd2dbae2133e68901ac7b87cdaae990ca126062dbb8be940668ba3aefb3e","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'784897AC493827C5FED1677A0B46A98301B1BBEB7227B09B4C9F3F560B72FC01');
INSERT INTO "event" VALUES(5,'2026-11-25T03:54:09Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'F7595B04C1619A92FD7B8C54B92DA1143BFF285FFB7B835EAC888C622156925A');
INSERT INTO "event" VALUES(6,'2026-11-25T03:54:09Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'CF6DF06717E6C7CD696899F70CE325E1286247F3C6D3BD534D2EB42115F79798');
INSERT INTO "event" VALUES(7,'2026-11-25T03:54:09Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'424D311B74816A09944DFDF9B9760B035328B72915DFE67E98EDEFBE1FD67117');
CREATE TABLE imported (
    no INTEGER PRIMARY KEY,
    product INTEGER NOT NULL REFERENCES product (no),
    serial TEXT NOT NULL,
    uuid BLOB UNIQUE CHECK (length(uuid) = 16),
    key_digest BLOB UNIQUE CHECK (length(key_digest) = 32),
    UNIQUE (product, serial)
) STRICT;
CREATE TABLE package (
    batch INTEGER NOT NULL REFERENCES batch (no),
    number INTEGER NOT NULL CHECK (number > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0),
    shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1)),
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:E992518CE21446C8977EB6930F97169C_51AE92176D63413CAE14F5BD426B247E;BMO:2;BMD:AtC79INcjzrL6EhLCic1H5mnISbR28IPBzr91QV08P4WytcaW8wOuvIr+j+sUVFxtXKZDNBieXT4sBkS9bhIYFJ+uCoX3f69z3QI3vpeKQoU5lcwulQO7/l1Cicxysg/pazXdG3Qkkhl33BRRijvTHc=;',X'7ED8CF465CEDF6863481D02A3E5E9EA9',1,1,1,0);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:EC8F6BA3170F46669CBE879EE2158DE1_7985D685AC27464599A5661B672A12C1;BMO:2;BMD:An2PeIU2EpRNzv8BBuw5GZ1Lsagqt2JhRnZIyNH1TvcAicw35kv2KigX3NMotjSSjjjfjokhvKkOzxGIu8XaDA47UBkAkMkTxq6Q+P2hyctARH3nw+ThCbWzx7q83rTvQOxa3oGnwSmUb8uSRTMJUH8=;',X'6CAF50E40B7C9318A6D2CF6AA0353D56',1,1,1,0);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:51DE9BDD1A9843C6825D76C1614F90F9_26BB2D25701C476FB155E7236B6E99D6;BMO:2;BMD:AusdhHZ7qTlCueWCde66sQ5qhx1ncflGnohbZbGc94M1Ux1cqNlRec4taDp9XhUb5T6YPVKjnVOtyzVEotpY9Adp+kRKSFELje23JOeLVzMUDV4lQL9d3X7c/5lyZRn/UuyJpscCSAuTpCOo1cpzY3E=;',X'33C7EFF7BDBB98741ECE91A2F5823952',1,1,1,0);
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
    PRIMARY KEY (batch, file, sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'7f46cd2dbae2133e68901ac7b87cdaae990ca126062dbb8be940668ba3aefb3e','f855b8677ca2c8851c574c5ed83f599352e6714f2de1f989cf2f95012d5d4891',1,3,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','00bb639ff128d5420b389bea832b658d5dafd68356e86f1b62bd73ffc9983324',7);
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
CREATE TABLE template (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "template" VALUES('48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a','multipack-100x70','# Multi-packs of up to six units: one barcode for the box, and each unit''s serial number beside it.

format = 1
title = "Multi-pack, roll of 100 x 70 mm"

[media]
kind = "roll"
label_width = 100
label_height = 70
safe = 2

[sample]
x = 64
y = 62
width = 33
height = 5

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
width = 22
text = "{units} units"
font = "sans-bold"
size = 13
align = "right"

[[element]]
kind = "line"
x = 4
y = 10.5
x2 = 96
y2 = 10.5
thickness = 0.4

[[element]]
name = "symbol"
kind = "data-matrix"
x = 3
y = 12.5
size = 55
x_dimension = [0.25, 0.75]

[[element]]
name = "serials"
kind = "text"
x = 62
y = 15
width = 34
text = "Serial numbers"
size = 6

[[element]]
kind = "text"
x = 62
y = 19.5
width = 34
text = "{serial}"
font = "mono"
size = 9
min_size = 4
each_unit = { dy = 6 }

[[element]]
kind = "text"
x = 62
y = 56.5
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
    PRIMARY KEY (batch, number),
    UNIQUE (product, serial),
    FOREIGN KEY (batch, package) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'E992518CE21446C8977EB6930F97169C',NULL,X'673C7FEF84E98CD71A629920417C7F518D27A9F3DF35480CA143FD1F9BC50F20',X'5C2DCA79EC2766B0D9DB0342EB5D1FC2FC6C692351EEDDA73F664BBAF3EBE337',0,NULL);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'51AE92176D63413CAE14F5BD426B247E',NULL,X'E171D85E0AEA8E91152DC3797BBAF4301816D25D947D95DBC16D45B4621801DD',X'133C4830AD6D2A9C7CBF2950604C013CBB41BC7B3CE5DB945ECC3092BB196CE3',0,NULL);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'EC8F6BA3170F46669CBE879EE2158DE1',NULL,X'F83DA33DB41D66D608589B291548A0A0CA1B370EB00D20CC3F84DA8436883BFC',X'7C6FD45E191042C76F73069F54C005B0641FD4254EDC7CF958CD607348DD4481',0,NULL);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'7985D685AC27464599A5661B672A12C1',NULL,X'91A6B8E4231186F7D31298B1535744DE178C646C92FE9DE7A64726BD88F6676E',X'3C3566034155504D799D375B58975560A75CC9406F9AA350020D5F319225A079',0,NULL);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'51DE9BDD1A9843C6825D76C1614F90F9',NULL,X'41D7E75C7F41AFCF5E9CDD77B2C8D611216D22F0A581E314711483A03DC9FD4A',X'D4B6142A7E09F6F174801DA0FDA1CBCB0D6EBC1C1FE812BBE5E3B7527DEC4D06',0,NULL);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'26BB2D25701C476FB155E7236B6E99D6',NULL,X'D2D108FA6AFC43A29EB793C704191385CFCAAEFA37634CBBAA5842BD74686CA9',X'B6C63E7DE06ACF4F2F05738795E561A1B7DEC43B72B3BDE24FDB58E13D782DE0',0,NULL);
CREATE INDEX event_batch ON event (batch, seq);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE INDEX unit_place ON unit (batch, package, place) WHERE place IS NOT NULL;
CREATE TRIGGER superseded_no_update BEFORE UPDATE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE TRIGGER superseded_no_delete BEFORE DELETE ON superseded
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE TRIGGER imported_no_delete BEFORE DELETE ON imported
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_no_delete BEFORE DELETE ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_for_ever BEFORE UPDATE OF serial, uuid, key_digest, product ON unit
BEGIN SELECT RAISE(ABORT, 'an identity is issued for ever'); END;
CREATE TRIGGER unit_not_imported BEFORE INSERT ON unit
WHEN EXISTS (SELECT 1 FROM imported WHERE uuid = NEW.uuid)
    OR EXISTS (SELECT 1 FROM imported WHERE product = NEW.product AND serial = NEW.serial)
    OR EXISTS (SELECT 1 FROM imported WHERE key_digest = NEW.key_digest)
BEGIN SELECT RAISE(ABORT, 'was issued before bss-mfg'); END;
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
WHEN NOT EXISTS (SELECT 1 FROM superseded s WHERE s.digest = OLD.digest AND s.payload = OLD.payload)
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
COMMIT;
