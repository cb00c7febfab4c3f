PRAGMA application_id = 1651733297;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "about" VALUES('first_serial','11');
INSERT INTO "about" VALUES('ledger_id','2bca11bf-2ab5-4b1f-b8e7-318295f8accf');
INSERT INTO "about" VALUES('recipient','-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYJIXnWFRVpeJ0BrOy5TEB190OxSQ
IGENKOWuYBJ9h0OjkLhWk5tic7OioIuCm4u9Stxz5cS/Ochq7gOJTyWCkA==
-----END PUBLIC KEY-----
');
INSERT INTO "about" VALUES('vault_id','f3ea6edd20823dcf');
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
INSERT INTO "batch" VALUES(1,'OLD',1,'0cb36d9747f6aed2a80a4a71bb17aafa19bc8390223ec622c99f640e4d4df821','development',12,6,2,'2026-11-28T09:09:56Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'B2F937330118AA80D3378F0CAC02EB997B0FDEF339B12E96BA859DCF96B9DFE1E2D76EBABF6F246D67C51DBAB9743211E7A2C6E989D17A99A77B9DC4',NULL,X'04F03716C46BF9726C3DA15A889D563EFEF1CA96B2939B828806CF874903CD9982454393F3F173DD5661C011AD8DCF190EC59313CFD954CF92DD3FC89A5C2CC85DE70E93BC379DB23050A555AF231211678BA65E570B133A6F267E05DF734B23E7D3AE800963472A13C32AE89CFB9744EC',NULL);
INSERT INTO "batch" VALUES(2,'SENT',1,'cb8b27c7a4342a51b630db70c493cedad861204cd4bd93413c4f051ca44ae5bb','development',2,1,2,'2026-11-28T09:11:06Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,X'6656C7BB3B5B035EFB47239060F7E14B1A84FD0762B9C303F0577BC8D6348F8CE495E01D264D8D7E2B56F55D842F2EF3196C07F2D86DFA71A8BE72B2',NULL,X'0444FAEF4FEE501B8FDDB1CD19581CD0AB3161A364AC210AAC40851E6C39EC9CBEEC87C46652856579A401EFABC4804153354AB14D8536026E8EEEACE7C9D659362669F7C6E0C1BA769C2B591A642F3173DBCC4A048810C34CFA79EC31AC8477F6F6E6A07019F191729C514BF24901B3C1',NULL);
INSERT INTO "batch" VALUES(3,'SHORT',1,'cb8b27c7a4342a51b630db70c493cedad861204cd4bd93413c4f051ca44ae5bb','development',2,1,2,'2026-11-28T09:11:16Z','amazon-bss-ob04','# The package barcode of a Bluetooth Mesh device for Amazon Bluetooth Simple Setup (Amazon Barcode Version OB04).
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
','ecies-p256-x963sha256-aes128gcm','bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568','sheet-a4-24','{"title": "Mesh Bulb", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075", "oob_bytes": "16", "key_bits": "256"}',268,NULL,'2026-11-28T09:11:26Z',NULL,'2026-11-28T09:11:33Z');
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    batch TEXT,
    data TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "event" VALUES(1,'2026-11-28T09:09:56Z','workspace created',NULL,'{"operator":"tester","station":"bench","version":"test"}',X'70C4F88035B9CABCDA410AF1D7F3B080B5C66D80C6816BB35CC8E406A4D19226');
INSERT INTO "event" VALUES(2,'2026-11-28T09:09:56Z','key pinned',NULL,'{"product":"bulb","fingerprint":"bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568","operator":"tester","station":"bench","version":"test"}',X'27F20135A71D4750E64D60821A238CB363DE8185D1AAB12A9387E0C06673A12D');
INSERT INTO "event" VALUES(3,'2026-11-28T09:09:56Z','batch issued','OLD','{"product":"bulb","units":12,"packages":6,"content":"e8410edcc38318e59ede6ec9c74daadaf463a00157c3791effd5130efda778ab","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568","operator":"tester","station":"bench","version":"test"}',X'A8D5114CC91921DAE398451CA3102489033BFAC27496E577286B5F519EF19C01');
INSERT INTO "event" VALUES(4,'2026-11-28T09:09:57Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0fa9d5503ac49c4d526ff82dcce676341810114ef2201830e410ee02ef390939","template":"multipack-100x70","each":"package","first":1,"count":6,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'D5FC5A4FCDBE872E23B31D23C5DD5346205FDFAE336A12D35446BB856F197D5E');
INSERT INTO "event" VALUES(5,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'8CF76E582EEF0490CCE98FB2C70F00CEFF39437BE1CA0D9FCA4CA2323EA5A987');
INSERT INTO "event" VALUES(6,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'2107C50B426BECC55F4B46E3A428AD6AA68DEA098529C3993DAF9F7994B58A55');
INSERT INTO "event" VALUES(7,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'9047FF759DE70C7FD868D2061ACEC29A0DE0E5477BA806EB6F072EF1E25820BC');
INSERT INTO "event" VALUES(8,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":4,"file":"OLD-labels-0001.pdf","page":4,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'506D701B3E9EB95337ABFD4FC1311B609558BA5C93F433022E414A0A74E48082');
INSERT INTO "event" VALUES(9,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":5,"file":"OLD-labels-0001.pdf","page":5,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'31A0DBA86F6FEAC2FD788AA42347F60E65A10056245474689EA52BD029980A37');
INSERT INTO "event" VALUES(10,'2026-11-28T09:10:04Z','read','OLD','{"verdict":"matched","package":6,"file":"OLD-labels-0001.pdf","page":6,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'AD6E18E6E842CDA88295C50CF22FA854EC948F4776B29E25ECCA0E6AD9FECCD6');
INSERT INTO "event" VALUES(11,'2026-11-28T09:10:04Z','file verified','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0fa9d5503ac49c4d526ff82dcce676341810114ef2201830e410ee02ef390939","labels":6,"operator":"root","station":"vm","version":"0.1.0"}',X'BFDEFCEDDE75944B8F766690145CD59EFCFB47ADECF10F6288C44DD3D9C3291C');
INSERT INTO "event" VALUES(12,'2026-11-28T09:10:10Z','labels reprinted','OLD','{"file":"OLD-reprint-001-0001.pdf","sha256":"28591d0c9947689194dfd204f58f6b9392d7d8b3f69f092a911dac093b6d93d8","template":"multipack-100x70","each":"package","first":1,"count":1,"printer":"pdf-300","reason":"torn","serials":["ebK300000001"],"operator":"root","station":"vm","version":"0.1.0"}',X'8DEABCDEAAC42F466B1ADB12C8529BC3134880AE62A94532538F3F30F1F6111F');
INSERT INTO "event" VALUES(13,'2026-11-28T09:10:11Z','labels made again','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0fa9d5503ac49c4d526ff82dcce676341810114ef2201830e410ee02ef390939","template":"multipack-100x70","each":"package","first":1,"count":6,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'EED6C3C574D5423F14702DC4ACCB1B8168945F5AFC9442CA2EA114792A23B278');
INSERT INTO "event" VALUES(14,'2026-11-28T09:10:13Z','read','OLD','{"verdict":"already","package":1,"file":"scanner","page":null,"x_mm":null,"y_mm":null,"detail":"this label was verified before: the same label twice, or two boxes with one label?","operator":"root","station":"vm","version":"0.1.0"}',X'42590DDC1A358712A53FF0A6B3402DE696A99016C69C9AAC322E6B7F83C5BC15');
INSERT INTO "event" VALUES(15,'2026-11-28T09:10:13Z','read','OLD','{"verdict":"other label","package":null,"file":"scanner","page":null,"x_mm":null,"y_mm":null,"detail":"is no barcode of this family: rubbish","operator":"root","station":"vm","version":"0.1.0"}',X'3A114E0E1109BECDFC84B76BC2701F2FA2AC91293C17F51707171BC5EB0B9D0D');
INSERT INTO "event" VALUES(16,'2026-11-28T09:10:15Z','sample drawn','OLD','{"aql":"1.0","inspection":"normal","lot":6,"letter":"E","sample":6,"accept":0,"reject":1,"seed":"9778bef69886c42db4d039f355cd44a2","operator":"root","station":"vm","version":"0.1.0"}',X'3A6A8BBAC4F0836A6DFB89D849F78FE465A1A280E98415C51B9FF105AA935B0B');
INSERT INTO "event" VALUES(17,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":1,"file":"OLD-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'C147F82F22D7E50B27D44F0F6BFA3B39FBF878F8745843BE9204CA31ECFFD907');
INSERT INTO "event" VALUES(18,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":2,"file":"OLD-labels-0001.pdf","page":2,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'C39CEC37AA535A46DFF4A72CFBF778E670AD4EA8ECAAC0799C68B893D1E0B013');
INSERT INTO "event" VALUES(19,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":3,"file":"OLD-labels-0001.pdf","page":3,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'3EEEE1C5CA88E645928ECCD8E43E8431C30AEB439309399E591E602C8B471A20');
INSERT INTO "event" VALUES(20,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":4,"file":"OLD-labels-0001.pdf","page":4,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'89DF5662B201744FF7CFF36864791ED11E8A0C6D59D9F5CE6C05C8F768F08B28');
INSERT INTO "event" VALUES(21,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":5,"file":"OLD-labels-0001.pdf","page":5,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'DB2A5E4C9399ADFACD047D4227D4CCA92ED68219165A5032D62A954B2D682663');
INSERT INTO "event" VALUES(22,'2026-11-28T09:10:22Z','read','OLD','{"verdict":"matched","package":6,"file":"OLD-labels-0001.pdf","page":6,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'86D6EB52A1B48ED08E3936E02F0BB965AC2ABB3BC44636A4827A6D3AB2E52102');
INSERT INTO "event" VALUES(23,'2026-11-28T09:10:22Z','file verified','OLD','{"file":"OLD-labels-0001.pdf","sha256":"0fa9d5503ac49c4d526ff82dcce676341810114ef2201830e410ee02ef390939","labels":6,"operator":"root","station":"vm","version":"0.1.0"}',X'6BF521103EB832FEC59C57C2092FD1FC277EDE7756A7EE24055D1442089587DB');
INSERT INTO "event" VALUES(24,'2026-11-28T09:10:22Z','sample decided','OLD','{"aql":"1.0","inspection":"normal","lot":6,"letter":"E","sample":6,"accept":0,"reject":1,"decision":"accept","wrong":[],"operator":"root","station":"vm","version":"0.1.0"}',X'4B0901F03581DC7E5AB10B554ECE65666A0F7CED72505FBB895CBF90CBF30696');
INSERT INTO "event" VALUES(25,'2026-11-28T09:10:25Z','unit scrapped','OLD','{"serials":["ebK300000005"],"package":3,"reason":"dropped","operator":"root","station":"vm","version":"0.1.0"}',X'FEBCE0DEFA388E87E66970385C5B53CED2C23FFDB4F005F6B39056ED4AB066F8');
INSERT INTO "event" VALUES(26,'2026-11-28T09:10:28Z','unit replaced','OLD','{"serials":["ebK300000005"],"by":["ebK300000013"],"package":3,"revision":2,"content":"ca19b81d2558d91e067aeaf92b8a84f1","reason":"new one","operator":"root","station":"vm","version":"0.1.0"}',X'4F51BB4A79035BF9034C10753B894FABEA95B51F449737DD792F801F95168A4C');
INSERT INTO "event" VALUES(27,'2026-11-28T09:10:31Z','packages shipped','OLD','{"packages":[[1,1]],"count":1,"for":"order 7","operator":"root","station":"vm","version":"0.1.0"}',X'2BAD9154355A2C241797FBE70C08EB9EC2203EDC09A95AAC770F9D1A9A6823C5');
INSERT INTO "event" VALUES(28,'2026-11-28T09:10:33Z','packages returned','OLD','{"packages":[[1,1]],"count":1,"operator":"root","station":"vm","version":"0.1.0"}',X'A2A2F58DD3E5A77F21E76E7CE0A51BCAAE6C7E3FB4A0320B8AC2D6730519E58A');
INSERT INTO "event" VALUES(29,'2026-11-28T09:10:36Z','keys released','OLD','{"file":"k.csv","sha256":"55617e7ece3e4261a830501d1e1afc829ab2bf5be86577acf53b6f44732f6985","format":"csv","units":12,"operator":"root","station":"vm","version":"0.1.0"}',X'3063AAA8C95A24A62AA6CCCF7C94ABBA2815E8D622D62B9FE8FF642ACA5EEF6D');
INSERT INTO "event" VALUES(30,'2026-11-28T09:10:38Z','keys released','OLD','{"file":"k2.csv","sha256":"55617e7ece3e4261a830501d1e1afc829ab2bf5be86577acf53b6f44732f6985","format":"csv","reason":"lost","units":12,"operator":"root","station":"vm","version":"0.1.0"}',X'E480EB6B12F85BA093BE00249EFAC4D8EA8C41C9E07E73EB5EFA0CEB52AE42F5');
INSERT INTO "event" VALUES(31,'2026-11-28T09:10:39Z','manifest made','OLD','{"file":"m.csv","format":"csv","sha256":"2d8cdb410597945ab613d24ce2587a1f255d57ae2c6db00be06aad6a9105930e","operator":"root","station":"vm","version":"0.1.0"}',X'ACCC2F88D330A976B117674FA25E837BA4BE8208B74C91AE6514FD4449D6BDFD');
INSERT INTO "event" VALUES(32,'2026-11-28T09:10:42Z','manifest made','OLD','{"file":"log.txt","format":"control-log","sha256":"9364af10d296a93e003650dab5ccc3d6f0848dd94af1d55fdc60cfbd6d498bb3","device_logs":12,"bundle_logs":6,"packages":6,"operator":"root","station":"vm","version":"0.1.0"}',X'D010AA1E9CBE95906046BAB367DDECE849F4FE08A152F0EE1F1D04C0F513365B');
INSERT INTO "event" VALUES(33,'2026-11-28T09:10:45Z','manifest answered','OLD','{"file":"f.json","sha256":"c8abdd520ef63b34d951f70e8829be824b012ebea20c108638ba79fb10e0585a","rejected":1,"accepted":1,"operator":"root","station":"vm","version":"0.1.0"}',X'ECDC95447938E430FB1D023BC67F6E5F06FC794FAD7AAA2D2B83B54A16F220E9');
INSERT INTO "event" VALUES(34,'2026-11-28T09:10:46Z','manifest made','OLD','{"file":"C_CONTROL_LOG_20261128091046.txt","format":"control-log","sha256":"9364af10d296a93e003650dab5ccc3d6f0848dd94af1d55fdc60cfbd6d498bb3","device_logs":12,"bundle_logs":6,"packages":6,"operator":"root","station":"vm","version":"0.1.0"}',X'C888566646756313C51008D761A7A287F8BE1E37B2839946F1996F2B6CB0460F');
INSERT INTO "event" VALUES(35,'2026-11-28T09:10:48Z','manifest uploaded','OLD','{"file":"C_CONTROL_LOG_20261128091046.txt","sha256":"9364af10d296a93e003650dab5ccc3d6f0848dd94af1d55fdc60cfbd6d498bb3","to":"/tmp/tmpngdd7ijg/up/C_CONTROL_LOG_20261128091046.txt","operator":"root","station":"vm","version":"0.1.0"}',X'2775E31B7EC9AC295964AE28911D11480EA7E27BCB2C0FEEB88898CE65E45B61');
INSERT INTO "event" VALUES(36,'2026-11-28T09:10:50Z','identities imported',NULL,'{"product":"bulb","file":"old.csv","sha256":"8f07a645f101bfa193657bccafcc354831b9a271f2167723b55fab06801657d9","units":1,"operator":"root","station":"vm","version":"0.1.0"}',X'0A93A3AF4EBD93D689757D149DE2BAABE6099AE647BDB6DEB2285CE6C74CB137');
INSERT INTO "event" VALUES(37,'2026-11-28T09:10:51Z','recipient set',NULL,'{"fingerprint":"c20251c979d9a0e9d241f878af2a240004a1abd293dcd6b1fb05e2ba9e418227","batches":1,"operator":"root","station":"vm","version":"0.1.0"}',X'8715553989D9726FFA57CF03C5B8BF6294DF08B743572D78AFA5F32F4291727F');
INSERT INTO "event" VALUES(38,'2026-11-28T09:10:53Z','vault rekeyed',NULL,'{"from":"9d3b16eb51dcc915","to":"394904074933b003","batches":1,"operator":"root","station":"vm","version":"0.1.0"}',X'FCA4AF891647B79AA436BFCBB404FD1686A470B2ED9F7DF7CE92B250539797FB');
INSERT INTO "event" VALUES(39,'2026-11-28T09:10:57Z','recovery exported',NULL,'{"file":"r.txt","vault":"394904074933b003","operator":"root","station":"vm","version":"0.1.0"}',X'2B90552434D064886EB980EA5432CBF542D6BF85379C77FCC045AE97A7ACC8CB');
INSERT INTO "event" VALUES(40,'2026-11-28T09:11:01Z','vault key put back',NULL,'{"file":"r.txt","vault":"394904074933b003","operator":"root","station":"vm","version":"0.1.0"}',X'48E84EB7BC78B7AD34F0D6FD78EFE581B0D31CB3FCFCCB2353576237C2E267CC');
INSERT INTO "event" VALUES(41,'2026-11-28T09:11:03Z','vault recovered',NULL,'{"from":"394904074933b003","to":"f3ea6edd20823dcf","batches":1,"officer":"c20251c979d9a0e9d241f878af2a240004a1abd293dcd6b1fb05e2ba9e418227","operator":"root","station":"vm","version":"0.1.0"}',X'593D9D3C47E1D6E66AFFDCEDE9B6ED51040951DCE2E8A656EE896913C7CA6A25');
INSERT INTO "event" VALUES(42,'2026-11-28T09:11:06Z','batch issued','SENT','{"product":"bulb","units":2,"packages":1,"content":"3249c25cd6f33bd69e8de81f83b1658b8e8edce79548d9bf50f7c3c006c25d7e","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568","operator":"tester","station":"bench","version":"test"}',X'EF289361775C95FB6C275A116AFE16C38CC7E47642AC5DF3164CF71A34E6A73E');
INSERT INTO "event" VALUES(43,'2026-11-28T09:11:11Z','labels made','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","template":"roll-50x30","each":"package","first":1,"count":1,"printer":"zpl-203","operator":"root","station":"vm","version":"0.1.0"}',X'76755B1EA01892A9849046571A04FFB5B7AF3039C47236B54557DC5D1D81B21B');
INSERT INTO "event" VALUES(44,'2026-11-28T09:11:11Z','labels sending','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","to":"tcp://127.0.0.1:37909","of":1,"operator":"root","station":"vm","version":"0.1.0"}',X'B81C131A6DE7A1E6D16312B7A0310D75D0504AF13FF35AE007F1D550EEC7FA3A');
INSERT INTO "event" VALUES(45,'2026-11-28T09:11:11Z','labels sent','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","to":"tcp://127.0.0.1:37909","of":1,"labels":1,"octets":4621,"operator":"root","station":"vm","version":"0.1.0"}',X'D8D3DFF7DFC8C1F2BD056E60E1B38572ACBCF8E3F43F0C890BD55627CBCA1833');
INSERT INTO "event" VALUES(46,'2026-11-28T09:11:13Z','labels made again','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","template":"roll-50x30","each":"package","first":1,"count":1,"printer":"zpl-203","operator":"root","station":"vm","version":"0.1.0"}',X'49B641E8657006C5E27EAC2351345DBEA279009482D11DB7F3351B52771E5CDD');
INSERT INTO "event" VALUES(47,'2026-11-28T09:11:13Z','labels sending','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","to":"tcp://127.0.0.1:41223","of":1,"operator":"root","station":"vm","version":"0.1.0"}',X'A72955F8BF8CFB2D8D2037E78A1D64A32D65906EBED16EE46F7BDF1FA9D1CFB7');
INSERT INTO "event" VALUES(48,'2026-11-28T09:11:15Z','labels not sent','SENT','{"file":"SENT-labels-0001.zpl","sha256":"96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed","to":"tcp://127.0.0.1:41223","of":1,"labels":0,"octets":0,"operator":"root","station":"vm","version":"0.1.0"}',X'4481982A78C93941F10287935A8885910E047612EF4AE998B513F61F36A28038');
INSERT INTO "event" VALUES(49,'2026-11-28T09:11:16Z','batch issued','SHORT','{"product":"bulb","units":2,"packages":1,"content":"1e8a15725ebb9d29b180e57cb754fe24d0cfac4859a661c41c893a4bfbb06930","spec":"amazon-bss-ob04","suite":"ecies-p256-x963sha256-aes128gcm","key":"bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568","operator":"tester","station":"bench","version":"test"}',X'169784DEB2B5FE35D03E51598921C9B59C6FCC479969597B6D7D3059F5DF75FB');
INSERT INTO "event" VALUES(50,'2026-11-28T09:11:17Z','labels made again','SHORT','{"file":"SHORT-labels-0001.pdf","sha256":"4fe401dcc0a10d6ef3dd98d9a54250d614c00da3c0c823e78043f697bdc52023","template":"multipack-100x70","each":"package","first":1,"count":1,"printer":"pdf-300","operator":"tester","station":"bench","version":"test"}',X'D4A71FD2E8B2FF45330D5E626265D3EB81E2C82D015D13FC2C92DBFF8EA6F173');
INSERT INTO "event" VALUES(51,'2026-11-28T09:11:23Z','read','SHORT','{"verdict":"matched","package":1,"file":"SHORT-labels-0001.pdf","page":1,"x_mm":8.8,"y_mm":18.2,"operator":"root","station":"vm","version":"0.1.0"}',X'F6765D9F393782A3C3637F5AC9E6288B32FF9E017441F7E43CBEF56E83B8731C');
INSERT INTO "event" VALUES(52,'2026-11-28T09:11:23Z','file verified','SHORT','{"file":"SHORT-labels-0001.pdf","sha256":"4fe401dcc0a10d6ef3dd98d9a54250d614c00da3c0c823e78043f697bdc52023","labels":1,"operator":"root","station":"vm","version":"0.1.0"}',X'94BA07A2017F70AD659F56693C45FFEB2F6FAE4915B41077C042C183C45EE489');
INSERT INTO "event" VALUES(53,'2026-11-28T09:11:26Z','batch closed','SHORT','{"printed":1,"verified":1,"scrapped":0,"in_hand":0,"operator":"root","station":"vm","version":"0.1.0"}',X'5A87F55F0DA7322A0F21E4C657BE5A236FC8C47928070F98E14B89CCD781CA8B');
INSERT INTO "event" VALUES(54,'2026-11-28T09:11:28Z','keys released','SHORT','{"file":"s.csv","sha256":"527765f536361fa81d6210ff8d03869569e7fb2bfe281621b73f9bf39f37dabc","format":"csv","units":2,"operator":"root","station":"vm","version":"0.1.0"}',X'08E3C594D5E6AC23E90C19A333E1D9C6ACA8272BBA936264D332CF285F508012');
INSERT INTO "event" VALUES(55,'2026-11-28T09:11:31Z','manifest made','SHORT','{"file":"s.txt","format":"control-log","sha256":"684503ab6cb17d4f4e6f3fe0a30d25d397ed77355405b67a9af141e94a173f4e","device_logs":2,"bundle_logs":1,"packages":1,"operator":"root","station":"vm","version":"0.1.0"}',X'3FD5C9A9B5B2D50F586FA948695AB21C7A30D9E5CD7FBCDD4A1B964870D93A20');
INSERT INTO "event" VALUES(56,'2026-11-28T09:11:33Z','batch retired','SHORT','{"units":2,"acknowledged":"letter","operator":"root","station":"vm","version":"0.1.0"}',X'7978464126D2CF390006B3FB409D8C957FB32C2170153B358D09B7F64B64E9C5');
INSERT INTO "event" VALUES(57,'2026-11-28T09:11:37Z','ledger restored',NULL,'{"events":56,"head":"7978464126d2cf390006b3fb409d8c957fb32c2170153b358d09b7f64b64e9c5","reason":"test","skipped_serials":10,"operator":"root","station":"vm","version":"0.1.0"}',X'9FFE26555B048FDA8EF82D11BC165EE7601981A516B9D725A1E2E751EA81E2E0');
CREATE TABLE imported (
    no INTEGER PRIMARY KEY,
    product INTEGER NOT NULL REFERENCES product (no),
    serial TEXT NOT NULL,
    uuid BLOB UNIQUE CHECK (length(uuid) = 16),
    key_digest BLOB UNIQUE CHECK (length(key_digest) = 32),
    UNIQUE (product, serial)
) STRICT;
INSERT INTO "imported" VALUES(1,1,'BEFORE-1',X'70CF7C9732A345B691494810D2E9CBF4',NULL);
CREATE TABLE manifest (
    no INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch (no),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    at TEXT NOT NULL,
    device_logs INTEGER NOT NULL,
    bundle_logs INTEGER NOT NULL
) STRICT;
INSERT INTO "manifest" VALUES(1,1,'log.txt','9364af10d296a93e003650dab5ccc3d6f0848dd94af1d55fdc60cfbd6d498bb3','2026-11-28T09:10:42Z',12,6);
INSERT INTO "manifest" VALUES(2,1,'C_CONTROL_LOG_20261128091046.txt','9364af10d296a93e003650dab5ccc3d6f0848dd94af1d55fdc60cfbd6d498bb3','2026-11-28T09:10:46Z',12,6);
INSERT INTO "manifest" VALUES(3,3,'s.txt','684503ab6cb17d4f4e6f3fe0a30d25d397ed77355405b67a9af141e94a173f4e','2026-11-28T09:11:31Z',2,1);
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
INSERT INTO "package" VALUES(1,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:B05A8B5642D24E4387083697E350F039_08B5EFB3A0AD423682619B743F962B97;BMO:2;BMD:Ar3EEIYnYD8Pp9ellxxuohkBB74RxnP4nT4MHjsxP+ERA4VmqAfIFeyB8m6EVR4h0MTZu6VE6fKs/XWtL/TQFD/RcUYG3IeiPOulb3cABsj6r+ABMkcvT7cpnigRW7sTC613SCGeK2SdTJCx1q8etGU=;',X'4DB369D6D5008AFE1E4B3234C7F4F5E2',3,2,1,0);
INSERT INTO "package" VALUES(1,2,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:65C4A0F77903467081310C2B37F48E9C_4680D8A2B5D648E1BB485F0BCBF0AF9C;BMO:2;BMD:A9D2pPp9j/SirKrpej5n7GbRBN9hJUWVgr6T8y57mNCaO76GhHXFQZY8XeYKwbIpOlLOhsdwT+ZZ+jswmwr51G2CMSihmwd6uBwi/xuzA8szlyp7CPPPWwF4z7kU+2GRUD1jmDc88kCPgL90yO9tGQ0=;',X'F8CC3349C27FC97E95B1E35C1E61DB7D',2,2,1,0);
INSERT INTO "package" VALUES(1,3,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:99983370F28546BDBAD373AA9283B13C_ECA1A6572C774F538C7C39E52684E938;BMO:2;BMD:A0PjRxO1MmI16dDWZl9KtXnnP07FKCLRz5068Exh0P/Fd3teXEQaWsVdFqSzj/G/2BrLRm7pyn+NsP4tfXzBAvYpMpghVTaGnMyqEryu66Q2YdHMUzHpUhcERSRdEzlgjMalO2ZQGH0QRevd0KuaZ6w=;',X'CA19B81D2558D91E067AEAF92B8A84F1',0,0,2,0);
INSERT INTO "package" VALUES(1,4,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:C6CCF825B4724DCC9346CA80E3908B88_D9EC97262DDF463F8695C01A5DF49481;BMO:2;BMD:A9sBz9ME+AcEEgf1jmV+eMEoU2ZbAb4oos0XdbpJaf9aieBBAjaO1WIDogOwHSK+DdHFSbgFCCUaCuBQW0jrgkgnPWvfIaUjVZlXQoKJwLCXioAEspxnjpq8PXrGdAg/KA8xS+hB/tyKvZHGAWuZtPY=;',X'C1021CCD4F2BC60C5A8AD363A2BAD827',2,2,1,0);
INSERT INTO "package" VALUES(1,5,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:CFB46E414ED9418F935398DB691C4430_7109BD3C1BE34D96A7D4B0611C8BABDE;BMO:2;BMD:AqaK4XMDNQmd3ByIRsEpD6cnqyfGcC9WzX5MWOehC3hGPeQOevwPBLMxqB6Z4VeAOtnUThf8+2Q7H9xLEmNOGtKyHKRNLgKOQvx3ZxfqjK99nyhdNa+/gMi+huHusOEwYgF65pO2C+NhzFD3SrwFsEA=;',X'770D983B9FB568A4689488B75402FF91',2,2,1,0);
INSERT INTO "package" VALUES(1,6,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:DF8D52A2E9C64A31888BFA9EB24418A8_AFD6EBE37C0141DCB8C81BA6DEBF8DBD;BMO:2;BMD:A4brcbm74iHYe6Bm/sEBfpjYgBbWuQsAmu2oF7+ax2EdMfQcq92qwHB0lqVH+W7IWZulKgWCnnR9rlvVleIcddP8Bv96Xe5NycEXdYfGQGUJa3GsPsayIKYCaHyzKcm6oFk8jZZIuBforYqaYmGZaG8=;',X'EA9336C1E3653C9FED733830EFBA1BAE',2,2,1,0);
INSERT INTO "package" VALUES(2,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:E00FCF0EDBEC4645928980E3EB36EDB0_82B2A4BB3CC84197AC7BE1D6E2F32736;BMO:2;BMD:Axfr98+ZvLMy21a4T4ceT4kVJ02qGdfE+i8GcjFFNwPiU2pXLfBUDkgXRGJFF9exMuLLBhil+atnpdx9DKIvLkO0xyLdiPfOo8PNPxK2sbBMbG6Aq0883s21lH3aLJ65x3y2qmbUBSc1NywDxGAzRzc=;',X'BCEF8BDA44CAE67B53F008DE49E32DB0',2,0,1,0);
INSERT INTO "package" VALUES(3,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:7DA14CD41988467A985612CE3D0E0DE7_55DE101E88844415B80EABCCF639524D;BMO:2;BMD:AwgaK36vW6XHQV0z5bcfjFEerswzGyco2ii1wrcA1aNkAAEyrg9fQaHi6EXuOp23dOaLPjCj6qP0PchPyErxa7k6xp6hJkUdHq+EuVDoaRe4kfYY7UclY/RXGhC+vvVMyLEbXOB6idjmvBW0/tSNCpA=;',X'A541C93EA428E34FFB386AA0715F326A',1,1,1,0);
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
INSERT INTO "printed" VALUES(1,'OLD-labels-0001.pdf',1,'0fa9d5503ac49c4d526ff82dcce676341810114ef2201830e410ee02ef390939','f855b8677ca2c8851c574c5ed83f599352e6714f2de1f989cf2f95012d5d4891',1,6,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
INSERT INTO "printed" VALUES(1,'OLD-reprint-001-0001.pdf',1,'28591d0c9947689194dfd204f58f6b9392d7d8b3f69f092a911dac093b6d93d8','edada4d9f4457a2acf6b20a355e59e7c11d12b217426ac45bdf77474536a9fc5',1,1,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64, "numbers": [1]}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
INSERT INTO "printed" VALUES(2,'SENT-labels-0001.zpl',1,'96913583147ed0afe2e947711cd8e5a6ff4b95d46dfc45cba2ffe1a2494062ed','58f7450c2625cd5dd53b641d897876f139d3d46903c1288d542bb0c86ebd6b91',1,1,1,'{"cells": [[2.5, 3.0, 24.0, 24.0]], "page": [50.0, 30.0], "modules": 64}','62a6f46410338744b66ed9e65a4533a2af0ceebdd45ac45a3c4fd7d34a2bcba3');
INSERT INTO "printed" VALUES(3,'SHORT-labels-0001.pdf',1,'4fe401dcc0a10d6ef3dd98d9a54250d614c00da3c0c823e78043f697bdc52023','519b0f019266a907a291bc9cfbece19054338026280a59adb548828046a6da1d',1,1,1,'{"cells": [[8.805, 18.288, 43.349, 43.349]], "page": [100.0, 70.0], "modules": 64}','48aa459f2c4e59fdf2b0b4085a6bc4a0a78ad66290e1d2be66893cb82a78d48a');
CREATE TABLE product (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pid TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL CHECK (length(key_fingerprint) = 64),
    next_serial INTEGER NOT NULL DEFAULT 1 CHECK (next_serial > 0)
) STRICT;
INSERT INTO "product" VALUES(1,'bulb','ebK3','bbc61f4431fe425887686ecb09bc9de2a6d9579f0c88aa672138d04175f32568',28);
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
INSERT INTO "superseded" VALUES(1,3,1,'ABV:OB04;UPC:841667145075;PID:ebK3;BMU:DE405648D150427894B4A9AA84244A15_ECA1A6572C774F538C7C39E52684E938;BMO:2;BMD:A5KiU5z0hOyCECQyivhz5FCPUn3c4p/Rf4zl53wmtsaltegncS0bv6qXHlgWVKlwCTVZLf9kc3pFlqd537pXppUyL8WpXw0IU6apQ2Y9DZLpl9UzpMh0FdzcCtvGakSBvfVBWrNHj4kE0lfTunX+YWc=;',X'53717C2D8415733628DC7E0BF986AD91',2,2);
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
INSERT INTO "unit" VALUES(1,1,1,1,'ebK300000001',X'B05A8B5642D24E4387083697E350F039',NULL,X'96B77930F118F560BF7D641B574CB662E9863F07613D818884906275D178786F',X'B6F748B4E1CC08D575428DFA7DA4012957C74996C594525116B3E6BDE45824D2',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,2,1,1,'ebK300000002',X'08B5EFB3A0AD423682619B743F962B97',NULL,X'0EBEE5567902F9F33EAB632B3E9D53C7B6B900B53FA4A0985D7B8A0D5D9B9CFF',X'E152084696DCC489535DE24B66A48B1E339BD739896091E9D4FD29B0251D98BE',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,3,2,1,'ebK300000003',X'65C4A0F77903467081310C2B37F48E9C',NULL,X'D70DEF653541D05B4EEA9671B3D72F15EFA0638923B8ABE76DF581A05400A789',X'B0A26650156AEA47DEC2357FC603579387024920D1208AC07C9495764684707F',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,4,2,1,'ebK300000004',X'4680D8A2B5D648E1BB485F0BCBF0AF9C',NULL,X'B66FF9EC5DF7A305612E38A15206DA3C6BD020CBE098D576EC1B92701B14C59C',X'6B866F0C8CBFE23054462965696F011470A94358E739CC33FB2FBBCBA83FB5C6',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,5,3,1,'ebK300000005',X'DE405648D150427894B4A9AA84244A15',NULL,X'B3F4152CD508D899FFAE1B9A570467F9C36C72E5B126E61511F0675F924101BF',X'48A747B761D445A4136CCC9373677E1A1654EE02D933D50D813B9A4B9BD7B2D8',1,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(1,6,3,1,'ebK300000006',X'ECA1A6572C774F538C7C39E52684E938',NULL,X'ED08CB926203990B5C005F89B935CF5311DC45390A336DBCEC72F1E922C43EE5',X'C493910D1FBFCE8151C0E5BC29EA808A7CDFA2140B096D51DF60FFAED0C1CD95',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,7,4,1,'ebK300000007',X'C6CCF825B4724DCC9346CA80E3908B88',NULL,X'D799423E1AE7B4D136D6B406D11F7504621B91970A994EB5E6CC07F6CFCB252D',X'2AB5FA03816209EB1CF31B1CE773483AFD5440EB480F86C5DC0C0726A492C633',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,8,4,1,'ebK300000008',X'D9EC97262DDF463F8695C01A5DF49481',NULL,X'7E0732FECAA0FFAFD4EAB2649B5EA8317C69548C90E4E0D8E48839647F83092D',X'29F62D3442BCE17921E26A8DA81A978F9CE86598C3CA08F656D412810DCAAEB9',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,9,5,1,'ebK300000009',X'CFB46E414ED9418F935398DB691C4430',NULL,X'31BA7E26803720E1AFB8CB7CE148360E221789C4FF3D373D860FF48CA33080E1',X'5905D7DFA82A9750C7068CE654F97DE0AFC834A5F762C1AF9759F51E5F4C8FE6',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,10,5,1,'ebK300000010',X'7109BD3C1BE34D96A7D4B0611C8BABDE',NULL,X'2D3F284B0ADC85774BAD63D1F3000FDBA95CC3E0AC6DB0127302FB4223464BA0',X'A8C39040C6B870B736700AEE8D8512AD8C5B03F6A3767CA34B8E3AB874C12699',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,11,6,1,'ebK300000011',X'DF8D52A2E9C64A31888BFA9EB24418A8',NULL,X'FCBCBEA50F2DEBCA298B228D8B7CC6F1BCB9699FA35A249DE01DC06EC18A5DA8',X'46EDF95472B5EC799521BA7C635B55778FBEC44C83BCE4BA2F1066951D8A7678',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,12,6,1,'ebK300000012',X'AFD6EBE37C0141DCB8C81BA6DEBF8DBD',NULL,X'53AEEE14D44F36C49F49B7984A94F170EA7AD3C6D957654709C51D4A85606B69',X'6DD9B75D717D32BCA972BFC40977806A2F46F5415940775ED0A7D3DE64577025',0,NULL,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(1,13,3,1,'ebK300000013',X'99983370F28546BDBAD373AA9283B13C',NULL,X'C738CCA195EB620C37731DEAAE6AB9EE93A7237DC53436C3188369B5E394E8DB',X'362FEA6FC17D97153F84F63269BC604BE1A0AA41216E74CBBB06F9D511D8A647',0,5,NULL,2,2,0,NULL);
INSERT INTO "unit" VALUES(2,1,1,1,'ebK300000014',X'E00FCF0EDBEC4645928980E3EB36EDB0',NULL,X'0C41A6C6EEB3305583563A6E56B9C86CEFD38D48EB79E1923AA2A4C967D2BBA7',X'384A8ED8C3AB7EE5DFB0217A8F074D14DCCE252AD6135A0B7BC41E8F55744584',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(2,2,1,1,'ebK300000015',X'82B2A4BB3CC84197AC7BE1D6E2F32736',NULL,X'DF2B7E9EA8402ADCB14B403179B6E1B130F8527E683C696B185E60F5D5B529FB',X'34F747324F3C2CAFCB8E50C1F474253BB63EC8A86D1BA3A201E8A8F4555836BA',0,NULL,NULL,0,NULL,0,NULL);
INSERT INTO "unit" VALUES(3,1,1,1,'ebK300000016',X'7DA14CD41988467A985612CE3D0E0DE7',NULL,NULL,X'A97C7064B5EFD6FCCA56A6CCA51F4154E5D9541ADCDD5134A4E154A1F757BAF9',0,NULL,NULL,1,3,0,NULL);
INSERT INTO "unit" VALUES(3,2,1,1,'ebK300000017',X'55DE101E88844415B80EABCCF639524D',NULL,NULL,X'209B2611F06B9C09E60E56E2900CE95120A1B0702CB1DB81964F71EB077826AD',0,NULL,NULL,1,3,0,NULL);
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
CREATE TRIGGER unit_not_imported BEFORE INSERT ON unit
WHEN EXISTS (SELECT 1 FROM imported WHERE uuid = NEW.uuid)
    OR EXISTS (SELECT 1 FROM imported WHERE product = NEW.product AND serial = NEW.serial)
    OR EXISTS (SELECT 1 FROM imported WHERE key_digest = NEW.key_digest)
BEGIN SELECT RAISE(ABORT, 'was issued before bss-mfg'); END;
COMMIT;
