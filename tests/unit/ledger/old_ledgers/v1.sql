PRAGMA application_id = 1651733297;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('ledger_id','5a1da41d-f4fc-438d-abf5-8e07b32b10d7');
INSERT INTO "about" VALUES('vault_id','2627d57dc5802245');
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
    wrapped_key BLOB
) STRICT;
INSERT INTO "batch" VALUES(1,'OLD',1,'7df6cd9f06f4260c2bc77f0bf2d8b9bfc989b4a02946dbae6f54656254fb0f0b','development',6,3,2,'2026-11-24T14:25:28Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','56f1df9f14ad31007ca8cb4bc5db3303e20f49cea4d147d2778b6be339362450','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'679FDB0B2A6CD2E1A65BDF917AD439A907F1B371413FBD6A5784B9EEDD65F348FC2D72B563174507C7A25CA2430F8BA137FA85A1DACC540A154966C4');
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-24T14:25:28Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'08473D1D9C9B5202BAFA8C150E9D4F7FE4EEC5888241796B75148D6EC43A5E0A');
INSERT INTO "event" VALUES(2,'2026-11-24T14:25:28Z','key pinned',NULL,'{"product":"bulb","fingerprint":"56f1df9f14ad31007ca8cb4bc5db3303e20f49cea4d147d2778b6be339362450","operator":"tester","station":"bench","version":"test"}',X'A3364D8E075A0E24519CDD3B69FDE0573877DFE4CC45D80B76B90ED6F52224A1');
INSERT INTO "event" VALUES(3,'2026-11-24T14:25:28Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"927f1736334ad1d602ff4efa280229d34e0a0e7793c72567696c5656bb2b3196","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"56f1df9f14ad31007ca8cb4bc5db3303e20f49cea4d147d2778b6be339362450","operator":"tester","station":"bench","version":"test"}',X'45FE995931DDF6A7D9C1DC983AD50AD65AF5B59EE72822A450967A9AE39B5B41');
INSERT INTO "event" VALUES(4,'2026-11-24T14:25:28Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"96b53476fc3a1cef1e054cd2ab9d9b17b1a1561c869dcc6c2d7ed7e6ede8ed70","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'BC45858D15634658FCF0F733D8232441946E6E4D9DCF0A9E596538903F735A6B');
INSERT INTO "event" VALUES(5,'2026-11-24T14:25:30Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'E231575C4E4332C81A95FF7071905B570D9A00C28B390D80136E677BEE00F831');
INSERT INTO "event" VALUES(6,'2026-11-24T14:25:30Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'896A0457FB754074617C024F82CD77570F3F539FF76710FD5AD5604F5ECC776D');
INSERT INTO "event" VALUES(7,'2026-11-24T14:25:30Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'EF688F2FD6B22184D30DB7C4AC82E4012E2F0800324297FF91C3A2657C69BF09');
CREATE TABLE package (
    batch INTEGER NOT NULL REFERENCES batch (no),
    number INTEGER NOT NULL CHECK (number > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    prints INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:4A9EDD3C993244AF8602D55F4A349CE7_E5B9BD4E48484569A8688E5DB127EAA8;BMO:2;BMD:Aph+zNcWjDAP5v+NqlAFhlxa0wgbM4VmnFQMCYYX/Zx3YyGPjkZgxwoiglftf22Hw8EIj73feXyNMatc4RVTYDMI9V1BK/xvbjDKjAzqDODYyhAQlVUcOgWx9rU1HFfVkEcu3VcO8kj+8ZZZ7wNz8bw=;',X'9A1EA08619E731E26223B287FF435EE3',1,1);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:777C8C6B88A741F1B348FFC0117D63CD_C4FA56BD20D741989C96E18A6D790283;BMO:2;BMD:Axr6UJdGq1kKbrSHF8QFVGESzCeR59PHGMcw1XxwZEX8TuK1ry6IvYR9GF0/UWhEupIu/h36HPWNVmLNVXKSwbpflZwtlDqfIMiAPR4ndwkjSB5KYjCiHXnMslavwCRB8yVOOMETdMccYGN7fgV5iqM=;',X'796E55C44AA1886E55781DCBB768C728',1,1);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:79804D6B07B643AB9055C83DA8EF8EE5_E65B0B2E98D04D369E073D4B3490CC11;BMO:2;BMD:AuH/W4Xq14/muiyNniz8ZW0rj94NMHkVR4zJ4Bn0C5avCeFkmXDIWMrXX3ZBdAFq5Joik4Ln6G0d5hUa4sqCacYuPSR7o6IAvVEK+uLfRZZFvm6EJZu6b/iEUZt3gD3Mn+/o8EK/dRMWmcUYJ32Hpwg=;',X'711A1CB6B9BEC5CC116FFFF9B70AF42C',1,1);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'96b53476fc3a1cef1e054cd2ab9d9b17b1a1561c869dcc6c2d7ed7e6ede8ed70','f855b8677ca2c8851c574c5ed83f599352e6714f2de1f989cf2f95012d5d4891',1,3,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','56f1df9f14ad31007ca8cb4bc5db3303e20f49cea4d147d2778b6be339362450',7);
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
    PRIMARY KEY (batch, number),
    UNIQUE (product, serial),
    FOREIGN KEY (batch, package) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'4A9EDD3C993244AF8602D55F4A349CE7',NULL,X'CA7CC38332259BFD0F6F0F8DE091C09B0B7208EEF1E9F26DC5B97B685EF6B282',X'69225B2FBD856087A4596BD5294623317DB1BBE8763BCAD5EE247BEFF416AD53');
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'E5B9BD4E48484569A8688E5DB127EAA8',NULL,X'5BBA9E8724767D31120F829357F8E4338D0C712820DF0E7855B8705284336893',X'2C1007E0D463E95A9BD0BCA10326FDA21B3D93E7EE5D613F4B2F810AD67956E0');
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'777C8C6B88A741F1B348FFC0117D63CD',NULL,X'5F35D8F2C153D34CE95AC511A6BB6EC3D13763C63EC193056BF45F5D228B376A',X'765F99C76703CA55630EFF6D16BE21663AA0F192B2B98DEEAE4A760A1EE51349');
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'C4FA56BD20D741989C96E18A6D790283',NULL,X'2282EEB9C33D87458790D30D9EF0BA7F8451A78B940AED9CE599B1736C311684',X'312AA6F053FABDC775FDD57E1317466022A406A49031F5C749B993459085D7F2');
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'79804D6B07B643AB9055C83DA8EF8EE5',NULL,X'61E7AE7E1E88A66F6AE86E129D7C2E01A3BBDFD3F2B588823A7BE3FD855A5846',X'357DC1DBEA6FB75011156E14DCB13108BEFDAD0F86E1DBF87139B3CECC3A1C0F');
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'E65B0B2E98D04D369E073D4B3490CC11',NULL,X'23F7D153370E17B14CE005990604C8C307AA1324752853CE4E7819448DA98987',X'1EF61DEE5896E20184C9628CD3AA1087BC21E85C469A4A1C34AE86713344EB7E');
CREATE INDEX event_batch ON event (batch, seq);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
COMMIT;
