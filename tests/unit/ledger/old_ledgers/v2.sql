PRAGMA application_id = 1651733297;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('ledger_id','e65beb3a-3ed3-4c16-a16a-0866a427c098');
INSERT INTO "about" VALUES('vault_id','42f27f570b7b1c77');
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
    closed_at TEXT
) STRICT;
INSERT INTO "batch" VALUES(1,'OLD',1,'8e39af282e353bab40527368442f9195d41277aae7d47d8594ce744961646f7c','development',6,3,2,'2026-11-24T15:50:36Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','194701ac258183f4b9ebbddfb4caca689cfdab2cccefaa41c444512056f63f6e','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'F06F573FEF274CC5926C0707AEF4F1C05B839252C3203580298D6167CAFFB67CF27FF9A575B80BC17A1F196D4C8315C43C87D79951C39675F11712B2',NULL);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-24T15:50:36Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'658B69DEEDBABBEFECA144ADAE2FB2E15540069455E54450C0D743AE97D0117E');
INSERT INTO "event" VALUES(2,'2026-11-24T15:50:36Z','key pinned',NULL,'{"product":"bulb","fingerprint":"194701ac258183f4b9ebbddfb4caca689cfdab2cccefaa41c444512056f63f6e","operator":"tester","station":"bench","version":"test"}',X'F0A38C530BCC500B31F5D715B881D8530FD5560015BB2830090FADA1462BEE39');
INSERT INTO "event" VALUES(3,'2026-11-24T15:50:36Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"ea7d7ca8bc03d6363a711bb87cdb64238d13fe47f54adac53be49e204929a134","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"194701ac258183f4b9ebbddfb4caca689cfdab2cccefaa41c444512056f63f6e","operator":"tester","station":"bench","version":"test"}',X'2048B593600B67F3163D2134A166F667E99CE28684CA4FCBC29B07EDBB3D3490');
INSERT INTO "event" VALUES(4,'2026-11-24T15:50:37Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"b50b53a61a02e50933d223377b9a2f9f5291cc2575187dceb4a3394fde45d37c","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'FB9F7BC4C1CCC1C2A0E4FF53DDD719F4BCDB7D09A4A862B08D80F99A079E285D');
INSERT INTO "event" VALUES(5,'2026-11-24T15:50:38Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'5A5C1433D86352CE1A02ED22F4240396E9D759D0182F3F88381BE3F66D1D280D');
INSERT INTO "event" VALUES(6,'2026-11-24T15:50:38Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'84949935575343E1FE4030F84563EC0531FABBD4A01FA8DE81AE38E89A7250A8');
INSERT INTO "event" VALUES(7,'2026-11-24T15:50:38Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'1D48323124052BCD1C2A784195A6DE9B3AEEACBC6BB9370567CE791363D26D61');
CREATE TABLE package (
    batch INTEGER NOT NULL REFERENCES batch (no),
    number INTEGER NOT NULL CHECK (number > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:48ED552E84F240BD9C3B817DF3DDBDAA_1A9524C02BF54EC7ADEFACC0C5443B02;BMO:2;BMD:AkavNMbNZdr/cmv3yzCNa4lMS07UsyJqdEagEqHFa33Zw3JiNNHcmNBFUHtjBwDA+0incq27tXqxzMczv6Vx0x1+y4+yJYQrdCMF+ZYIN3mDdTibttGapaPqY6u0LHWvOvGJ5FZci2xGASfuGcxzfdw=;',X'19B9174B9578D88A0FE10F6133A79B50',1,1);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:B46A769270724B688965E8DE9D8A65BC_B5CC2B9EC6FC4055A68BFBC80A089AF4;BMO:2;BMD:AhrC1pRg99TV6yqcZgUH0zhb7T1ILdyOettbi3v5S4QIqHEvSIzNo+7ttppCeHsj0ksOVRcSUUx+LBcJe26n8RHnL0vd3IrjxlmPWELGAz+WSZm6TRx3V5cvbjiMj231gZOEieQ+PmLD+a6NaSXxnJ4=;',X'FD9C9C0E1D2844F68B620102F8E40DCD',1,1);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:3526A4CC6C8E42208ACD0131B5134160_CE36B62F313244088A78711C14222139;BMO:2;BMD:A7qJOHFT3ivKVAo3Rf9G1M+1v0+Jhn+AuFGc/f+b7qhi6dlG4a3uHM0SeHCYGZWfrji+DHv2knjo2w+f/jv5DkaXjhto+wPo9BdljBq9GWExf9Mpu0BkX5ozInMz0Wi1g1mVZDxfBxdHShxu1ZNbNBg=;',X'685ACDE50C14B7DBCF51296C7A753DE2',1,1);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'b50b53a61a02e50933d223377b9a2f9f5291cc2575187dceb4a3394fde45d37c','f855b8677ca2c8851c574c5ed83f599352e6714f2de1f989cf2f95012d5d4891',1,3,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','194701ac258183f4b9ebbddfb4caca689cfdab2cccefaa41c444512056f63f6e',7);
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
    PRIMARY KEY (batch, number),
    UNIQUE (product, serial),
    FOREIGN KEY (batch, package) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'48ED552E84F240BD9C3B817DF3DDBDAA',NULL,X'EEC086F7EF795E822ADF2E6B969E7532D421153953800C325684BABDE6E6241F',X'EA69FA937C0F2E4597210D0AAC547FA75EC1EF49A973AAE39D5846304FB8A506',0);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'1A9524C02BF54EC7ADEFACC0C5443B02',NULL,X'F63ADAD5F1C5E2B7B6366A2140E468121770193079C21DE9CAE83B291F0CADE4',X'0ED8B90AE7519DD023A79E9A0B1B537676DC7F878C83503C6219E35454818CF9',0);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'B46A769270724B688965E8DE9D8A65BC',NULL,X'E9DC5ADAC33F56E22D3F56A88C5C9E965C318E336B8170377DC3B6CE2EF47696',X'2F34E9897932845AFBECE11E0E721F161558C2B12513A4A4EA5A6051EC6D954D',0);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'B5CC2B9EC6FC4055A68BFBC80A089AF4',NULL,X'7222DCBFF517881F924C7B27C688066F0189885692254F5886AD311852A64F0C',X'A69AF13307DF36A95DE009CB628303FFEC971DA050BA3811DC82648D6CB3BB99',0);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'3526A4CC6C8E42208ACD0131B5134160',NULL,X'01CFC1363664829D4B42A2578A194BC66DFF6274A694B3AF5271BB885FC89837',X'01B7B106CCD25765EE8A2BBEC8718464BDE628B563CB0F76ED517CD11F85BCDF',0);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'CE36B62F313244088A78711C14222139',NULL,X'7DA7878D7B8F02985BDD641594247ED61A78886E70D20987B3468C257B21BC39',X'0C7B3A85BFDCC5BC669E3FD370624A8DC7A102EE8A1DD64CC16A28E656B4FC0D',0);
CREATE INDEX event_batch ON event (batch, seq);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
COMMIT;
