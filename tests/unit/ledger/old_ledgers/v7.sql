PRAGMA application_id = 1651733297;
PRAGMA user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('home','d0ea5290bcdf8ddf:2256536');
INSERT INTO "about" VALUES('ledger_id','d004ad2b-533d-4e97-9499-a6e355b0386b');
INSERT INTO "about" VALUES('vault_id','cccdae40dfc937aa');
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
INSERT INTO "batch" VALUES(1,'OLD',1,'0308b569d8ade25e03f6577c5d4ed9331e6297dea31c5e80beb90aeb43d00055','development',6,3,2,'2026-12-01T13:35:09Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','1d51db6bd372569b24b36793045a48186eb39fff5f2840914f6a698a27aa43d5','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'ED0D095E03F4969C8B97F6496B9F6D02224931728663568B6F9B4E1692BA4C8D815E24C134B5B92B585D185676782A60270AF063078FCD54F05D2142',NULL,NULL,NULL);
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
INSERT INTO "event" VALUES(1,'2026-12-01T13:35:09Z','workspace created',NULL,'{"ledger":"d004ad2b-533d-4e97-9499-a6e355b0386b","vault":"cccdae40dfc937aa","operator":"tester","station":"bench","version":"test"}',X'402D6D17929403ADD7BD6F595C743E5B5C13F70A35519B3A652E32D8E9A69B63');
INSERT INTO "event" VALUES(2,'2026-12-01T13:35:10Z','key pinned',NULL,'{"product":"bulb","fingerprint":"1d51db6bd372569b24b36793045a48186eb39fff5f2840914f6a698a27aa43d5","pid":"ebK3","operator":"tester","station":"bench","version":"test"}',X'6FE6F66499CDD2E574D618A610AD976804DF3F729A23AA3A5BF58F11DB41FEC7');
INSERT INTO "event" VALUES(3,'2026-12-01T13:35:10Z','batch issued','OLD','{"product":"bulb","units":6,"packages":3,"content":"4f4bb61839a1e3c9a04ba6c5c65a573bc38957606bce286935a2dba1ab86581c","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"1d51db6bd372569b24b36793045a48186eb39fff5f2840914f6a698a27aa43d5","kept":{"request":"312c3eea4be461132e471cf2cd6365a0","stage":"a0f0e7a2be8e8b3e1ab02342a5f0552e","units_per_package":"d36c5f114d457663d640f74fd0d24188","created_at":"8d6a7f401c19beba825f5f04e97d221f","spec_text":"ae70de4afba47b46d608c2d08cd3e1fc","template":"4f17a1ab57478229d8672d53ddce20a5","facts":"d1b21cdff8a440abb1de43bdfb7f7696","longest_payload":"f17e1c124461065ef22f43f017dcb39c"},"identities":["ae7f7a2ed36640d7e70537a4beade951","438f566c6acbedb84bf081b4109cb275","16db0a4bfa528730b66568542e3eefaf","027058b39d4254fe26df5eb2e704852f","ef138a868288f935749eb59b4d782524","2f19825ccc98c0863f7cb25846c64eb2"],"sealed":["d12961a6dba51c2c595607fa8b6935a4","360bb32999e12d1a8d8392ced5a33f25","cf395d86813a05fcba4920905e5473ad","0425d6333d2a1318b9591df98a32a026","90f1b266ac37425e445edecf0c7f7fa0","0ab63bfe74e6a15173f96fb0854ea7eb"],"data_key":"c03e18790a733a251deaef934bdc1b73","next_serial":7,"operator":"tester","station":"bench","version":"test"}',X'7385C515BC74826BB33185A532F1AAB096CDB84B8A3078D3B2A1E13E2DAD41DD');
INSERT INTO "event" VALUES(4,'2026-12-01T13:35:21Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0a66e0d25df1bec6557e1b32054daef100124dfa752798134972a3db39b9a2c5","template":"multipack-100x70","each":"package","first":1,"count":3,"printer":"pdf-300","kept":"7ab386740bb78a775ca64c87b6540a74","operator":"tester","station":"bench","version":"test"}',X'0EB41E588DB5CDF782E8989A629B159F23541332EC140B2D521EAB6D7DDCEA48');
INSERT INTO "event" VALUES(5,'2026-12-01T13:37:18Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'32D3FAE70A7167CFA5EFAB0466584F54F959D8A54354A477E8AED2713987BE96');
INSERT INTO "event" VALUES(6,'2026-12-01T13:37:18Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'A0D04051F066A24BCE6FDB405B5842DC1E1E526F10BE846169E0039B9F1EC07E');
INSERT INTO "event" VALUES(7,'2026-12-01T13:37:18Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":4.4,"y_mm":12.5,"of":"file","operator":"root","station":"vm","version":"0.1.0"}',X'E5E986AD2D8F49E93C33E9F1943B57C6FE2D8E130FC5E73CAB707411EC750D27');
INSERT INTO "event" VALUES(8,'2026-12-01T13:37:18Z','file verified','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0a66e0d25df1bec6557e1b32054daef100124dfa752798134972a3db39b9a2c5","labels":3,"operator":"root","station":"vm","version":"0.1.0"}',X'10F8C434AF34BA08EC3B10E49233DF67B8DAB574C2565E3D76D00CEB6AD1134F');
INSERT INTO "event" VALUES(9,'2026-12-01T13:37:19Z','device checked','OLD','{"unit":1,"passed":true,"verdict":"proven","awaited":"random","operator":"tester","station":"bench","version":"test"}',X'130EC0A26B294CABE6E53558A3BE4CCD461162BB1F75B8FA871FCD74435684E3');
INSERT INTO "event" VALUES(10,'2026-12-01T13:37:19Z','device checked','OLD','{"unit":2,"passed":true,"verdict":"proven","awaited":"random","operator":"tester","station":"bench","version":"test"}',X'E95007F07CF1DBBBEDBD4E9E32826A2DDAE3D4C92153B7584410595C22578869');
INSERT INTO "event" VALUES(11,'2026-12-01T13:37:19Z','device checked','OLD','{"unit":2,"passed":false,"verdict":"not-this-key","awaited":"random","operator":"tester","station":"bench","version":"test"}',X'7384440D5C94DAC0882F1670A26219663D426EFFAA442D77FF6868625A0C6E15');
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
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:8C5B59DAC30B4EB5888E4A0EA1171E4D_6DA5DFAAB8E64923A13E824390198985;BMO:2;BMD:AwQ/taaswd+S+rvqjBYZkEkxVyuf8psQwICUE8VnljCcrByzPk+ISpugKVJY5iyHB3I1cw9VlUKxqJFAMrWITw51Jd0DWxP5IxgjJZscWcbcTxB482G5chpU0ES76d1YmrYeAqxd95sG7nUIY+p+POs=;',X'7910C90722ED77C15EAB7C5F87698CAE',1,1,0,1,0,NULL);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:66F7277846244AB4A738685C07FE97E6_808A812AC52F46E691289F284E9ABE89;BMO:2;BMD:AuwHEtLMcgOw6syL0SdyEyGp2Q/aO4/XKB+NjEhrBoOaXjTPciRKkeewn2sE9Gej2VEboyK+Xm1G2k2v44XSaTFn/Qt7v4Ep77dFyt7m0aV7Kg0VjzYBdWhsOg3LdUnU0ywW+DifLZVZhCrw7omE9HM=;',X'28EE1B915BEDA690AA6CFCE23520305F',1,1,0,1,0,NULL);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:72A03BF37F9B47EDA1675CB75CB3832A_C83B4809C9FD473F9D5C53751A9E35A6;BMO:2;BMD:ArbXTE5EQtCyEuZU1e/qkEelJPj8Si6EddUiBWTgq3cppetrAKOkgsoTIPH0jpEoplKn/Z7mUeNZac7pGgng8cFamhZsBXSphl/UlfgJRv00Y3XCoGwrsKnLsNGjxA0/+zFGDXgaQZ3BwzJqkXrRRWY=;',X'ECB6E25726423FCFEABD13FC7C1907CB',1,1,0,1,0,NULL);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'0a66e0d25df1bec6557e1b32054daef100124dfa752798134972a3db39b9a2c5','9c232262a64c3c934536194d05d7c6bcfa3b2bc675fffa313cbe953e1e505253',1,3,1,'{"cells": [[4.487, 12.531, 48.768, 48.768]], "page": [100.0, 70.0], "modules": 64}','32c10eb07b7b5d894dd94f877242f131067bf68dc98a5bd5d823bf283a39922c',NULL);
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','1d51db6bd372569b24b36793045a48186eb39fff5f2840914f6a698a27aa43d5',7);
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
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'8C5B59DAC30B4EB5888E4A0EA1171E4D',NULL,X'3A7F8ACF0030E365F5C9C94EBF2BCB2CF678986C5A186728CF05171CC8FA76E5',X'60FF56429F7D5A527DCB98F13E5333421E8148C545BB0EB478594CA0077C27EC',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'6DA5DFAAB8E64923A13E824390198985',NULL,X'41E7FA8AABCF68899094E215F49D65EA424B7EB3B92674551097A3EE433F3387',X'0B076D4CCBFBA287C48E05314F1442D6B8858E5DC29262D1DC874FAEC78A7C61',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'66F7277846244AB4A738685C07FE97E6',NULL,X'C3D8AB8A0C843210CB8CC7C101A265E750EF51C3318AF55F4C94AAB6FE621AC3',X'ABF4C62FF84C33F04D43FED71F65949B78752CD266D95D0459B3C10D93B172FE',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'808A812AC52F46E691289F284E9ABE89',NULL,X'A1563A440F19E109623C94B569F0A6698378D84D942013DDDDBAEF2D94024AB5',X'0D7B8BCF0982CFE6F93B808B8CBAAF9F8C3C37E20482D8520329B030B99B979A',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'72A03BF37F9B47EDA1675CB75CB3832A',NULL,X'6B1CFC1C1A97B8D9CB3949BD74DD118D38BFF238252DDE21604347D60BC48B9E',X'A5D4B84BFD95F080E2BB79181976FC872A4D58E3AAB2BD24A12A250EE1EC382E',0,NULL,NULL,0,NULL,0,NULL,0,2);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'C83B4809C9FD473F9D5C53751A9E35A6',NULL,X'F39E259F1D4098F6F6D45C43ACAEB4AEEF2CE469FE8C38CCA89EF3D254518D7D',X'77BC4EFD65A8F072C75584BF586D27B77FF8CD9862048A995D6A287F82888BAE',0,NULL,NULL,0,NULL,0,NULL,0,2);
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
CREATE INDEX flashed_failed ON flashed (batch, number) WHERE passed = 0;
CREATE INDEX event_device ON event (batch, CAST(json_extract(data, '$.unit') AS BIGINT), seq)
    WHERE kind = 'device checked';
COMMIT;
