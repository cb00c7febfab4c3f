PRAGMA application_id = 1651733297;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('ledger_id','c6517586-a1b1-44f7-b2b2-36905af49d37');
INSERT INTO "about" VALUES('vault_id','a7a10ed1e8b4e04d');
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
INSERT INTO "batch" VALUES(1,'SCANS',1,'7ba695edb55f33a36508d4bc08547c6fb087b827e04a2e5f9ea1dae8bac5aec3','development',8,8,1,'2026-11-28T11:26:17Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',191,X'0EE778202B411DE2013C3A1FAB1A39917BCA01C156E778D91578FE39601327169DB4A3A2F0874BC06BA79AFD39AC07DFC750B613227839D82ACFB0BF',NULL,NULL,NULL);
INSERT INTO "batch" VALUES(2,'DOTS',1,'9693205b8794f329010119af5baa27fb259b48e1a745f9673ab4ad4156c14d65','development',2,2,1,'2026-11-28T11:26:27Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',191,X'CFCE12EB0C2E7F8F201657B4F534E4CCD3CC3447D462898188A93123130FBAC90A0A652721984D0EE9B247C3E375469827DC192444AEECF823BB25C1',NULL,NULL,NULL);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-28T11:26:17Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'8E9F54190E8A7D9ADBD49EBAD60EA7CFA72331315037A4F6C92BC66DF75DB286');
INSERT INTO "event" VALUES(2,'2026-11-28T11:26:17Z','key pinned',NULL,'{"product":"bulb","fingerprint":"67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd","operator":"tester","station":"bench","version":"test"}',X'F337C6D32983DB35D336C728DA236B66FCCFC9A24A767680B4950EB66DD99155');
INSERT INTO "event" VALUES(3,'2026-11-28T11:26:17Z','batch issued','SCANS','{"product":"bulb","units":8,"packages":8,"content":"503dddc327064d7c2292e590bfd24d24d00b234361bd667f66b5ac8d9514fd76","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd","operator":"tester","station":"bench","version":"test"}',X'0C86E36721AEE891212C46B8FFB1AB390830D9DCBD9F723F6145165C3090E0FF');
INSERT INTO "event" VALUES(4,'2026-11-28T11:26:17Z','labels made again','SCANS','{"file":"SCANS-labels-0001.pdf","sha256":"c76bca0a0e6e77f1618a623c83d8ece902cd1a42691148966edb8b1e28242f3e","template":"sheet-a4-24","each":"package","first":1,"count":8,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'018F0A40D70B794817DA64D37A857668D3BBE033946AE66FA24B36505417F95A');
INSERT INTO "event" VALUES(5,'2026-11-28T11:26:17Z','read','SCANS','{"verdict":"ok","package":2,"file":"scanner","page":null,"x_mm":null,"y_mm":null,"operator":"root","station":"vm","version":"0.1.0"}',X'19727275B0827A0B9CC3CB578FC732FB92D920611C1BCBE3598D05D14F9CECD8');
INSERT INTO "event" VALUES(6,'2026-11-28T11:26:17Z','read','SCANS','{"verdict":"ok","package":3,"file":"scanner","page":null,"x_mm":null,"y_mm":null,"operator":"root","station":"vm","version":"0.1.0"}',X'B7566C8415C04ADF21939747E83B49B113E9ED91879F21611F7208468D5A8CDC');
INSERT INTO "event" VALUES(7,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":1,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":13.9,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'0485AC81E0E9D2033DC8FDD5ED3F425D5C3681727A0195EBB4415821FBE6351C');
INSERT INTO "event" VALUES(8,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":2,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":79.9,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'F97ACBC43A13059D9F5252862BCEAB8864688081B89E990D2806AD9D0B4DF17A');
INSERT INTO "event" VALUES(9,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":3,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":145.9,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'97AC41831F3A92042CC25256848824EB3FC3C2515EEF7F2892991D8D71B83FEE');
INSERT INTO "event" VALUES(10,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":4,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":13.9,"y_mm":53.6,"operator":"root","station":"vm","version":"0.1.0"}',X'1ADD262DE214B6CB7F6A870DEF9C0D19116B01485C9668338C506EE0E6A79E88');
INSERT INTO "event" VALUES(11,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":5,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":79.9,"y_mm":53.6,"operator":"root","station":"vm","version":"0.1.0"}',X'42F498CAE27921B2C0E9982C613D69FD6512F2B4C94554289FBE2C5FF72F7B40');
INSERT INTO "event" VALUES(12,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":6,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":145.9,"y_mm":53.6,"operator":"root","station":"vm","version":"0.1.0"}',X'47F3FC42E680F87FB1105D58F465B7C9B3FA30E8BF81F2996CDB262DB47B10A1');
INSERT INTO "event" VALUES(13,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":7,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":13.9,"y_mm":87.4,"operator":"root","station":"vm","version":"0.1.0"}',X'CC07CBA2B8FF142A2F9FA5F2A411BF806019D2E425AA438AC7E0AEE2F57A73E5');
INSERT INTO "event" VALUES(14,'2026-11-28T11:26:19Z','read','SCANS','{"verdict":"matched","package":8,"file":"SCANS-labels-0001.pdf","page":1,"x_mm":79.9,"y_mm":87.4,"operator":"root","station":"vm","version":"0.1.0"}',X'2CC5872842013420D6E9ECE27FEBF063642849C70176D70DBF75176C8472C8C1');
INSERT INTO "event" VALUES(15,'2026-11-28T11:26:19Z','file verified','SCANS','{"file":"SCANS-labels-0001.pdf","sha256":"c76bca0a0e6e77f1618a623c83d8ece902cd1a42691148966edb8b1e28242f3e","labels":8,"operator":"root","station":"vm","version":"0.1.0"}',X'A83799D2EDE3A25A9716FAEF9EBD3CEE97853C84D0AEBD048F5D243CF3FD6B92');
INSERT INTO "event" VALUES(16,'2026-11-28T11:26:21Z','read','SCANS','{"verdict":"matched","package":1,"file":"first.png","page":1,"x_mm":14.0,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'7B188DCA7CEDA9B7DB75DC0224CB3E37E3F80AC4965286DA74931453B8BFB98A');
INSERT INTO "event" VALUES(17,'2026-11-28T11:26:21Z','read','SCANS','{"verdict":"matched","package":2,"file":"first.png","page":1,"x_mm":79.9,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'543270649307F158E2784BA3C86B19CFCD6B13B9F5DE5B78295786AF81E3EFA2');
INSERT INTO "event" VALUES(18,'2026-11-28T11:26:21Z','read','SCANS','{"verdict":"matched","package":3,"file":"first.png","page":1,"x_mm":146.0,"y_mm":19.7,"operator":"root","station":"vm","version":"0.1.0"}',X'D566A308379B3A6A10E3A533E8AFD9ACA8537FD16D86944A3983E1B1040EDEF7');
INSERT INTO "event" VALUES(19,'2026-11-28T11:26:26Z','read','SCANS','{"verdict":"matched","package":4,"file":"second.png","page":1,"x_mm":14.0,"y_mm":53.6,"operator":"root","station":"vm","version":"0.1.0"}',X'806927D9133298DC5C991B79A90F5D762FD3ED66CAD1F604B15BAF38A2CA858D');
INSERT INTO "event" VALUES(20,'2026-11-28T11:26:26Z','read','SCANS','{"verdict":"matched","package":6,"file":"second.png","page":1,"x_mm":146.0,"y_mm":53.6,"operator":"root","station":"vm","version":"0.1.0"}',X'1EADBB2F1AB895DEFED0D4DB1F4F8C78A69479CBEC27C681045FE9C569B05CC1');
INSERT INTO "event" VALUES(21,'2026-11-28T11:26:26Z','read','SCANS','{"verdict":"unreadable","package":5,"file":"second.png","page":1,"x_mm":79.9,"y_mm":53.6,"detail":"something is printed there (17% dark), no reader can read it","operator":"root","station":"vm","version":"0.1.0"}',X'6C4076F6DDCAFB93C992C7868E148CE0F3FFDD13CF60F032000F9DD42A37AD32');
INSERT INTO "event" VALUES(22,'2026-11-28T11:26:26Z','packages shipped','SCANS','{"packages":[[3,4]],"count":2,"for":"pallet 1","operator":"root","station":"vm","version":"0.1.0"}',X'74A10D7354B2FFBC8C8ABD52546F2028669A4AFFFAB8CAA6573FD0D767DDE47A');
INSERT INTO "event" VALUES(23,'2026-11-28T11:26:26Z','packages returned','SCANS','{"packages":[[4,4]],"count":1,"operator":"root","station":"vm","version":"0.1.0"}',X'F22199C1C7CB5ADBC8BBF5F5876FD33AF66E55B84BA3ACDF3B1A4FD44684FE9E');
INSERT INTO "event" VALUES(24,'2026-11-28T11:26:27Z','labels reprinted','SCANS','{"file":"SCANS-reprint-001-0001.pdf","sha256":"b1a6a59fbc6f560d3bb293ef4dbe85cdf753a9cb5a746b2d83d1dd1551f92831","template":"sheet-a4-24","each":"package","first":6,"count":1,"printer":"pdf-300","reason":"torn","serials":["ebK300000006"],"operator":"root","station":"vm","version":"0.1.0"}',X'C11195957064A0E2DAFCF1B95528A52F8DF8097788E65FAF3CF17FBF6017796B');
INSERT INTO "event" VALUES(25,'2026-11-28T11:26:27Z','unit scrapped','SCANS','{"serials":["ebK300000007"],"package":7,"reason":"dropped","operator":"root","station":"vm","version":"0.1.0"}',X'C07D8D13B17693E9E178A99CDC52E56D46EE94B78A894402278D1E8432838B33');
INSERT INTO "event" VALUES(26,'2026-11-28T11:26:27Z','unit replaced','SCANS','{"serials":["ebK300000007"],"by":["ebK300000009"],"package":7,"revision":2,"content":"bbe52dd395356d1eb69f81aa8cfa30d1","reason":"dropped","operator":"root","station":"vm","version":"0.1.0"}',X'EEC6B78FC62B0F77DBE5FDA9861A21E8DDC6D93E97C69AED6804CF97CD943D6E');
INSERT INTO "event" VALUES(27,'2026-11-28T11:26:27Z','labels reprinted','SCANS','{"file":"SCANS-reprint-002-0001.pdf","sha256":"7bb55774873886ebdc10decf4e37a8d279b318517403ed19374bf10a36d85c21","template":"sheet-a4-24","each":"package","first":7,"count":1,"printer":"pdf-300","reason":"replaced","serials":["ebK300000009"],"operator":"root","station":"vm","version":"0.1.0"}',X'3D924B1B6656D323D147E059FBC3E8113A35801D2F5B1FF7D92C1293E6B43F97');
INSERT INTO "event" VALUES(28,'2026-11-28T11:26:27Z','read','SCANS','{"verdict":"ok","package":7,"file":"scanner","page":null,"x_mm":null,"y_mm":null,"operator":"root","station":"vm","version":"0.1.0"}',X'10BAE3E686E0DB2B040A0B088961D18E694A48CC2BC3D893C485CC714E5FCB2F');
INSERT INTO "event" VALUES(29,'2026-11-28T11:26:27Z','batch issued','DOTS','{"product":"bulb","units":2,"packages":2,"content":"5c3b01fb5e4af56390db5dd34e5a2415978b0c86314e23cf0886d79c46c99e24","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd","operator":"tester","station":"bench","version":"test"}',X'EEA1DB007B2533ED3FDAC773972334F369C49332466009906E4F39045EFAF00F');
INSERT INTO "event" VALUES(30,'2026-11-28T11:26:27Z','labels made','DOTS','{"file":"DOTS-labels-0001.png","sha256":"2f88dfbeca8047c626d2e40125fcff088df3b274a89bbd5ef4c1a53628b85db8","template":"roll-50x30","each":"package","first":1,"count":1,"printer":"png-300","operator":"root","station":"vm","version":"0.1.0"}',X'691157C7D70EE81F3DB4CB9F83751728CA9C67A1D8DD24450BA93D722B7354A2');
INSERT INTO "event" VALUES(31,'2026-11-28T11:26:27Z','labels made','DOTS','{"file":"DOTS-labels-0002.png","sha256":"bcca26e5a3dad73cdd0de6afc02ad4beed2a33becc38bcff61f971fe5e2382c0","template":"roll-50x30","each":"package","first":2,"count":1,"printer":"png-300","operator":"root","station":"vm","version":"0.1.0"}',X'DC8FBBCCD77F497A5EA91A09007BDC9D538F6E873FF423DADF015D37529CB376');
INSERT INTO "event" VALUES(32,'2026-11-28T11:26:31Z','read','DOTS','{"verdict":"matched","package":1,"file":"DOTS-labels-0001.png","page":1,"x_mm":4.3,"y_mm":4.8,"operator":"root","station":"vm","version":"0.1.0"}',X'80658E4E5A713DF84B141DD7BD9CF7268DA2586808B03D46A4FF0C44E45D8029');
INSERT INTO "event" VALUES(33,'2026-11-28T11:26:31Z','file verified','DOTS','{"file":"DOTS-labels-0001.png","sha256":"2f88dfbeca8047c626d2e40125fcff088df3b274a89bbd5ef4c1a53628b85db8","labels":1,"operator":"root","station":"vm","version":"0.1.0"}',X'29F2F3F6BAE365598FE6CF9363D4EE2BFA6A09EF1A5B15C1E961CFE5596B2F56');
INSERT INTO "event" VALUES(34,'2026-11-28T11:26:31Z','read','DOTS','{"verdict":"matched","package":2,"file":"DOTS-labels-0002.png","page":1,"x_mm":4.3,"y_mm":4.8,"operator":"root","station":"vm","version":"0.1.0"}',X'196F2A2BABDF254448FB552F5A933CBE697A2B5F949ED38CAA1C1DFC532CC228');
INSERT INTO "event" VALUES(35,'2026-11-28T11:26:31Z','file verified','DOTS','{"file":"DOTS-labels-0002.png","sha256":"bcca26e5a3dad73cdd0de6afc02ad4beed2a33becc38bcff61f971fe5e2382c0","labels":1,"operator":"root","station":"vm","version":"0.1.0"}',X'1A3A2793622D34CB5EA87963506DDF6816B47B7C31E0204B450CBCDE39A865C2');
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
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:56818C636764463084B86F7CE5A36282;BMO:2;BMD:A3FKypRqCrwh84xKNwJ/jHA2l3bwz6lGZnTOZtjjS/9wUaTt5J/kK4z8BESDZ7hMkYpBPeXMmUjTNljpAKf8rl5YvVMYbc1Gt4B9SVh+cSng;',X'2FEE403136AB611B931762192F0C853C',1,2,1,0);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:5413CC0C22E4424FB7A4FBF920EDC72D;BMO:2;BMD:A+FSBzROG174EOBYsSTCMy8n61JFz4JYArqECkzNJ1bpYkRGEWbBZ/O3eKQNfzmNuThzqwKDVMbQwZK6Dm6Bg6aSjZhFwldF0A8DMsfkkXfC;',X'1ACA2F12D5002B7B30C4F497EDF477CD',1,3,1,0);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:FE1813ADA5654B2FAEF2CBB1D300CC62;BMO:2;BMD:A65Lz69bKtkHDK7VHoHIEUqSMOcns/lpIOiZfQM6hXbd8uzmoz/4QkXflmwTDloZBtAAyNlhTS/O0fZc2Pv4gGQX7ULkZeUrRdGEhZDokclZ;',X'94155951A5DBBD93182932E18EC2382F',1,3,1,1);
INSERT INTO "package" VALUES(1,4,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:0520F4A9E556427D839882169BEB4535;BMO:2;BMD:ArpCZBQo/86rMm7rGkHgK+KOU7QoOsHQl2Mq0UNtD1fWUHHrBcFGP5hJJDm3of424TmHcE1/5a1vAbRtDGDvBDuH1UkAulXjNFRXqyIu1rWa;',X'FBD7692BC4900CA04EC3CE1C3367B7F4',1,2,1,0);
INSERT INTO "package" VALUES(1,5,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:49E3DD492DD7473E8C60195F8F6D10ED;BMO:2;BMD:AvIQORr6dF/LxvL9x9Mne7+cySZTNwwuyt0MVpHDWfT3+4W0kXRTAb+g4SvjgTL9ronoikBWG31+WN/5JARqx6kYVJnZ92MyGgNNjocDE3bp;',X'FA5597A27E560C273C2F449E9D338D97',1,1,1,0);
INSERT INTO "package" VALUES(1,6,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:1A3340CAF3D0464A89A3F1BE9A17CB56;BMO:2;BMD:ApMPtWiDvUYfiRhWOekKOEMf3+5wm4fsZ4cRY58yVUlLK8yl0DVzEyQCeKjwKciTbwuDxUhOgsSmbXvJSEg4RwWqnPWnyAqxKQage8s/WdMH;',X'1025A1C95368C2B36136037C5C998AA3',2,2,1,0);
INSERT INTO "package" VALUES(1,7,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:457F82EB01264B92ADE3940C89C794F2;BMO:2;BMD:AxgAX8GHlJG8qK8ixYgZ50j8Znz+6haGTmIKcCU9TwNLQSmMBtm0+NM2z62oIe1Ki8VegXNBWulx6eUn8W9CryqtWdSMi/bUhwQONgTEQzjS;',X'BBE52DD395356D1EB69F81AA8CFA30D1',1,1,2,0);
INSERT INTO "package" VALUES(1,8,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:DF1A10D242B244B4B6E49D003C7D2752;BMO:2;BMD:A4YGkMoKxHxJGJ8NRIWDyrwVEBbwPbOFaJbWTiVyYhT+/fhYOh73q6wBDacYWs9+vaTHJMx8eyqgqMWSvFUYH9wlZTvp7OqxSAFhZeFba7/2;',X'57F4FA5790FF948C7A4B428277E9F590',1,1,1,0);
INSERT INTO "package" VALUES(2,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:DBE3794970714120927526D4A13894CE;BMO:2;BMD:AxDjjDGScIdHawZutT/tez+w/4r8I1o6r4wQKxU9KUYCI88Gu595qQYE43z2dX1RRuqFxxVArY6WjiHTYyYpFx+HCrgmLmfQ4bt0eHAO0gAK;',X'8C940F56FBC02307CFBDB9C9DAFEC417',1,1,1,0);
INSERT INTO "package" VALUES(2,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:900C84778E4D46CAB004DEB934A680FA;BMO:2;BMD:AmVl3OGtqYAq/tGLrzpCh4MIhyxTZPs9YloPqTIOOT1sz40QQT5sWS3dqm7OEPI+wrJdrxogB7onqL84TXHgqcktvoUiAU58hhMvOAc+U6cd;',X'3B0E437F22A714DBBCA19ACA9F24913D',1,1,1,0);
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
INSERT INTO "printed" VALUES(1,'SCANS-labels-0001.pdf',1,'c76bca0a0e6e77f1618a623c83d8ece902cd1a42691148966edb8b1e28242f3e','3b34f831d327d4e857e94971a58fdc3dd3c139b23b4b232eb9df2c215e4f4ce3',1,8,1,'{"cells": [[13.97, 19.727, 20.32, 20.32], [79.925, 19.727, 20.32, 20.32], [145.965, 19.727, 20.32, 20.32], [13.97, 53.594, 20.32, 20.32], [79.925, 53.594, 20.32, 20.32], [145.965, 53.594, 20.32, 20.32], [13.97, 87.461, 20.32, 20.32], [79.925, 87.461, 20.32, 20.32], [145.965, 87.461, 20.32, 20.32], [13.97, 121.412, 20.32, 20.32], [79.925, 121.412, 20.32, 20.32], [145.965, 121.412, 20.32, 20.32], [13.97, 155.279, 20.32, 20.32], [79.925, 155.279, 20.32, 20.32], [145.965, 155.279, 20.32, 20.32], [13.97, 189.23, 20.32, 20.32], [79.925, 189.23, 20.32, 20.32], [145.965, 189.23, 20.32, 20.32], [13.97, 223.097, 20.32, 20.32], [79.925, 223.097, 20.32, 20.32], [145.965, 223.097, 20.32, 20.32], [13.97, 256.963, 20.32, 20.32], [79.925, 256.963, 20.32, 20.32], [145.965, 256.963, 20.32, 20.32]], "page": [210.0, 297.0], "modules": 48}','a6a5138e4c13d8b616c9414cb92fcf88ce888a7302b10a351320432d1bb701b7');
INSERT INTO "printed" VALUES(1,'SCANS-reprint-001-0001.pdf',1,'b1a6a59fbc6f560d3bb293ef4dbe85cdf753a9cb5a746b2d83d1dd1551f92831','ceb0f9be3c186238e29c3e0b0aee10bf1c92f16523c07d5757468700aa7cd94f',6,1,1,'{"cells": [[13.97, 19.727, 20.32, 20.32], [79.925, 19.727, 20.32, 20.32], [145.965, 19.727, 20.32, 20.32], [13.97, 53.594, 20.32, 20.32], [79.925, 53.594, 20.32, 20.32], [145.965, 53.594, 20.32, 20.32], [13.97, 87.461, 20.32, 20.32], [79.925, 87.461, 20.32, 20.32], [145.965, 87.461, 20.32, 20.32], [13.97, 121.412, 20.32, 20.32], [79.925, 121.412, 20.32, 20.32], [145.965, 121.412, 20.32, 20.32], [13.97, 155.279, 20.32, 20.32], [79.925, 155.279, 20.32, 20.32], [145.965, 155.279, 20.32, 20.32], [13.97, 189.23, 20.32, 20.32], [79.925, 189.23, 20.32, 20.32], [145.965, 189.23, 20.32, 20.32], [13.97, 223.097, 20.32, 20.32], [79.925, 223.097, 20.32, 20.32], [145.965, 223.097, 20.32, 20.32], [13.97, 256.963, 20.32, 20.32], [79.925, 256.963, 20.32, 20.32], [145.965, 256.963, 20.32, 20.32]], "page": [210.0, 297.0], "modules": 48, "numbers": [6]}','a6a5138e4c13d8b616c9414cb92fcf88ce888a7302b10a351320432d1bb701b7');
INSERT INTO "printed" VALUES(1,'SCANS-reprint-002-0001.pdf',1,'7bb55774873886ebdc10decf4e37a8d279b318517403ed19374bf10a36d85c21','40e7fc8773fadaaa9de7ffc7b87789e39ed4934e0b26d01628c865d60fb522a0',7,1,1,'{"cells": [[13.97, 19.727, 20.32, 20.32], [79.925, 19.727, 20.32, 20.32], [145.965, 19.727, 20.32, 20.32], [13.97, 53.594, 20.32, 20.32], [79.925, 53.594, 20.32, 20.32], [145.965, 53.594, 20.32, 20.32], [13.97, 87.461, 20.32, 20.32], [79.925, 87.461, 20.32, 20.32], [145.965, 87.461, 20.32, 20.32], [13.97, 121.412, 20.32, 20.32], [79.925, 121.412, 20.32, 20.32], [145.965, 121.412, 20.32, 20.32], [13.97, 155.279, 20.32, 20.32], [79.925, 155.279, 20.32, 20.32], [145.965, 155.279, 20.32, 20.32], [13.97, 189.23, 20.32, 20.32], [79.925, 189.23, 20.32, 20.32], [145.965, 189.23, 20.32, 20.32], [13.97, 223.097, 20.32, 20.32], [79.925, 223.097, 20.32, 20.32], [145.965, 223.097, 20.32, 20.32], [13.97, 256.963, 20.32, 20.32], [79.925, 256.963, 20.32, 20.32], [145.965, 256.963, 20.32, 20.32]], "page": [210.0, 297.0], "modules": 48, "numbers": [7]}','a6a5138e4c13d8b616c9414cb92fcf88ce888a7302b10a351320432d1bb701b7');
INSERT INTO "printed" VALUES(2,'DOTS-labels-0001.png',1,'2f88dfbeca8047c626d2e40125fcff088df3b274a89bbd5ef4c1a53628b85db8','845699aba717a0a18109dbc5b40107562e9c4fe4740589e56ab434d9fe0d6571',1,1,1,'{"cells": [[4.318, 4.826, 20.32, 20.32]], "page": [50.0, 30.0], "modules": 48}','62a6f46410338744b66ed9e65a4533a2af0ceebdd45ac45a3c4fd7d34a2bcba3');
INSERT INTO "printed" VALUES(2,'DOTS-labels-0002.png',2,'bcca26e5a3dad73cdd0de6afc02ad4beed2a33becc38bcff61f971fe5e2382c0','845699aba717a0a18109dbc5b40107562e9c4fe4740589e56ab434d9fe0d6571',2,1,1,'{"cells": [[4.318, 4.826, 20.32, 20.32]], "page": [50.0, 30.0], "modules": 48}','62a6f46410338744b66ed9e65a4533a2af0ceebdd45ac45a3c4fd7d34a2bcba3');
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','67c3e632b04c8eee16c6d89e2bd52cde2394577022c7673d8d3821d3549bbdfd',12);
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
INSERT INTO "superseded" VALUES(1,7,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:68CEF75E603B4DB8B8D4D225DF317050;BMO:2;BMD:A+K0NclgZZ22LUOFkHQPkIzyGjUlVJuesUA5ZxDJVPBtxjzqS7X87vGZgfkAKyYhn4yDj536nLk9ijb+tnunIOlGj3zsGP3owbW0FY7xFcMv;',X'9D15B1EA039FA1923F58C65A2263680E',1,1);
CREATE TABLE template (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "template" VALUES('62a6f46410338744b66ed9e65a4533a2af0ceebdd45ac45a3c4fd7d34a2bcba3','roll-50x30','# Roll with labels of 50 x 30 mm, one label a page, for thermal printers of 203, 300 and 600 dpi.
# Millimetres from the label''s top left corner; font sizes in points. Fields: docs/formats/template.md

format = 1
title = "Roll, labels of 50 x 30 mm"

[media]
kind = "roll"
label_width = 50
label_height = 30

[sample]
x = 29
y = 23.4
width = 19
height = 4

[[element]]
kind = "data-matrix"
x = 1
y = 1.5
size = 27
x_dimension = [0.25, 0.5]
quiet_zone = 2

[[element]]
kind = "text"
x = 29
y = 2.2
width = 19
text = "{title}"
font = "sans-bold"
size = 6.8
fit = "wrap"
lines = 2
min_size = 4.5

[[element]]
kind = "line"
x = 29
y = 7.8
x2 = 48
y2 = 7.8
thickness = 0.25

[[element]]
kind = "text"
x = 29
y = 9.4
width = 19
text = "Serial number"
size = 5.5

[[element]]
kind = "text"
x = 29
y = 12
width = 19
text = "{serial}"
font = "mono"
size = 7
min_size = 3.5

[[element]]
kind = "text"
x = 29
y = 16
width = 19
text = "Batch {batch}"
size = 5.5
min_size = 3.5

[[element]]
kind = "text"
x = 29
y = 19
width = 19
text = "{package}/{packages}, {units} in pack"
size = 5.5
min_size = 3.5
');
INSERT INTO "template" VALUES('a6a5138e4c13d8b616c9414cb92fcf88ce888a7302b10a351320432d1bb701b7','sheet-a4-24','# A4 sheet with 24 labels of 63.5 x 33.9 mm (3 x 8), the layout of Avery L7159.
# Millimetres from each label''s top left corner; font sizes in points. Fields: docs/formats/template.md

format = 1
title = "A4 sheet, 24 labels of 63.5 x 33.9 mm"

[media]
use = "avery-l7159"

[sample]
x = 33.5
y = 25.7
width = 26.5
height = 4.6

[[element]]
kind = "data-matrix"
x = 2.5
y = 2.6
size = 28.7
x_dimension = [0.25, 0.5]
quiet_zone = 2

[[element]]
kind = "text"
x = 33.5
y = 2.8
width = 26.5
text = "{title}"
font = "sans-bold"
size = 7.5
fit = "wrap"
lines = 2
min_size = 4.5

[[element]]
kind = "line"
x = 33.5
y = 9.2
x2 = 60
y2 = 9.2
thickness = 0.2

[[element]]
kind = "text"
x = 33.5
y = 10.9
width = 26.5
text = "Serial number"
size = 5.5

[[element]]
kind = "text"
x = 33.5
y = 13.4
width = 26.5
text = "{serial}"
font = "mono"
size = 8
min_size = 4

[[element]]
kind = "text"
x = 33.5
y = 17.2
width = 26.5
text = "Batch {batch}"
size = 5.5
min_size = 3.5

[[element]]
kind = "text"
x = 33.5
y = 19.8
width = 26.5
text = "Package {package} of {packages}"
size = 5.5
min_size = 3.5

[[element]]
kind = "text"
x = 33.5
y = 22.4
width = 26.5
text = "Units in package: {units}"
size = 5.5
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
    PRIMARY KEY (batch, number),
    UNIQUE (product, serial),
    FOREIGN KEY (batch, package) REFERENCES package (batch, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'56818C636764463084B86F7CE5A36282',NULL,X'FE3AE312F4879B267BC1FA9C5D3D1EF9FC306B513630922E6A706B33E9C1F285',X'04C273CD4C164B4998C113CF04FF4F59E4462A15A3F5BBFAA8346A3C95F976C6',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,2,2,1,'ebK300000002',X'5413CC0C22E4424FB7A4FBF920EDC72D',NULL,X'43C59F3C750AD11862274C93D15616EAECEFFECB6923FEF8B2EA2255753D94DA',X'DBCB1551728EEFF831C9D6137E25B622A0E004CD1673C94CDE8CAD9396F894A7',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,3,3,1,'ebK300000003',X'FE1813ADA5654B2FAEF2CBB1D300CC62',NULL,X'B36A27A5BEC06BF81578538DD0097379F5B50A009ADF36EC67D41E8D13843699',X'08E42BB571BA8FB05AA9932F9D585BC09E920C3A582B7AA8099A164E91140635',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,4,4,1,'ebK300000004',X'0520F4A9E556427D839882169BEB4535',NULL,X'A5B1BB8705F033D3B32CB5AA4906FB9E9B7B51707A2FB728BDE00358384CD60C',X'5685134796AC60FD895911F31773F270C504B84064BBC6DE93D193642AF34C33',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,5,5,1,'ebK300000005',X'49E3DD492DD7473E8C60195F8F6D10ED',NULL,X'31F6C7BADACC24C954EDFC47E7C545A932DA069C05D3DB61105E97C794A45A1E',X'5C33543E8F5B3F9C60F28725B918E208EB839AD267951B3BA0C5C55761E6DD6C',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,6,6,1,'ebK300000006',X'1A3340CAF3D0464A89A3F1BE9A17CB56',NULL,X'60A3C48B1E96D503E009C3BFE9595AF4DAFC29736B5AE7A45C3857C461B158B4',X'EB54DCD714330DA0D72821DE92DB861CF2EAD734288379BCE29C9619C8FD96B4',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,7,7,1,'ebK300000007',X'68CEF75E603B4DB8B8D4D225DF317050',NULL,X'F7BDF469640F325795949F57BC80FDAC9580EEE0BB9300B9E123C04F25C47E13',X'58686A37F5BF567064CC716A2878FEB8D6E843289A4D864089BA47DA2EB923DF',1,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,8,8,1,'ebK300000008',X'DF1A10D242B244B4B6E49D003C7D2752',NULL,X'F5A97A0503F5A2ADDACB4011E801735A8E9B46868B89D39D5B8CAB75F5B37F85',X'1E04C2B8543D7FA44F4FB884B5C02CE062C6BC683259CFF3642720B39D0CD98C',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,9,7,1,'ebK300000009',X'457F82EB01264B92ADE3940C89C794F2',NULL,X'764EF952B6144C42A4BA73D1F7449986B47ECEA80770E3DD2B6D26A84E31029B',X'5FA7FAA2E0D7085E82B1DCFA57A4B17C785788EC50650AA69739F15E8C0C8F15',0,7,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(2,1,1,1,'ebK300000010',X'DBE3794970714120927526D4A13894CE',NULL,X'C03769C0ECE4FC2AD05C523382FE8B4C20F34AE97C1B68DD1968D6E1E49275BE',X'27BDF8CDDECCF0895F3C9078FC7B20E575E332CE2B36430B5C781E0A754B59DF',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(2,2,2,1,'ebK300000011',X'900C84778E4D46CAB004DEB934A680FA',NULL,X'5085BBBE80935CD894E499B6C42AF0040D411B599339A8D31A80C3C2C89F6ACF',X'16C902B64B2524772BDA8F73A3166C72A00536F4CA1BC6B073B6238E575AC363',0,NULL,NULL,0,NULL,0,NULL);
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
CREATE TRIGGER payload_no_update BEFORE UPDATE OF payload, digest ON package
WHEN NOT EXISTS (SELECT 1 FROM superseded s WHERE s.digest = OLD.digest AND s.payload = OLD.payload)
BEGIN SELECT RAISE(ABORT, 'a payload is made once'); END;
CREATE INDEX manifest_batch ON manifest (batch, no);
COMMIT;
