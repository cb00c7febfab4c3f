// Makes what the made-up guide of docs/spec-workbench.md prints, with Node's own cryptography and none of bss-mfg:
// two samples with their test key, a sample control log, and a product's public key. Always the same bytes.
//
//   node guide.mjs FOLDER

import { createCipheriv, createECDH, createHash, createHmac, createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const drawn = (seed, size = 32) => createHash("sha256").update(`made-up guide: ${seed}`).digest().subarray(0, size);

function keyPair(seed) {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(drawn(seed));
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: "EC", crv: "P-256", d: drawn(seed).toString("base64url"),
    x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url"),
  };
  return { ecdh, point, jwk };
}

const crc16 = (data) => {  // CRC-16/CCITT-FALSE
  let crc = 0xffff;
  for (const byte of data) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return Buffer.from([crc >> 8, crc & 0xff]);
};

function seal(plaintext, recipient, seed) {
  const ephemeral = keyPair(`ephemeral ${seed}`);
  const shared = ephemeral.ecdh.computeSecret(recipient.point);
  const keys = Buffer.from(hkdfSync("sha256", shared, "", "Lumen Simple Setup 2", 16 + 32));
  const iv = drawn(`iv ${seed}`, 16);
  const cipher = createCipheriv("aes-128-cbc", keys.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const tag = createHmac("sha256", keys.subarray(16)).update(iv).update(ciphertext).digest().subarray(0, 16);
  return Buffer.concat([ephemeral.point, iv, ciphertext, tag]);
}

const test = keyPair("test key");
const unit = (number, oobBytes) => {
  const uuid = Buffer.from(drawn(`uuid ${number}`, 16));
  uuid[6] = (uuid[6] & 0x0f) | 0x40;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
  return { serial: `LM2700${number}`, uuid, oob: drawn(`oob ${number}`, oobBytes) };
};

function barcode(units, seed) {
  const body = Buffer.concat([
    Buffer.from([1, units.length]),
    ...units.flatMap(({ uuid, oob }) => [uuid, Buffer.from([oob.length]), oob]),
  ]);
  const sealed = seal(Buffer.concat([body, crc16(body)]), test, seed);
  const ids = units.map(({ uuid }) => uuid.toString("hex")).join(".");
  const serials = units.map(({ serial }) => serial).join(".");
  return `ABV:LM02;PID:Lm2Q;CNT:${units.length};SER:${serials};DID:${ids};SEC:${sealed.toString("base64")};`;
}

function sample(name, page, units) {
  const text = barcode(units, name);
  const lines = [
    "format = 1", `document = "Lumen Setup Guide 2.0, page ${page}"`, `string = "${text}"`,
    'private_key = "guide-test-key.private.pem"', "", "[product]", 'pid = "Lm2Q"',
  ];
  for (const { serial, uuid, oob } of units) {
    lines.push("", "[[unit]]", `serial = "${serial}"`, `uuid = "${uuid.toString("hex")}"`, `oob = "${oob.toString("hex")}"`);
  }
  writeFileSync(join(folder, `${name}.sample.toml`), lines.join("\n") + "\n");
  return text;
}

sample("guide-single", 11, [unit(1, 16)]);
const pair = [unit(2, 32), unit(3, 32)];
const blob = sample("guide-pair", 12, pair).match(/SEC:([^;]*)/)[1];

const dashed = (uuid) => uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
const logs = pair.map(({ serial, uuid }) => ({
  version: "2-1-0",
  device: {
    serialNumber: serial, productIdentifier: { advertisedProductId: "Lm2Q" },
    radios: { ble: { mesh_uuid: dashed(uuid) } }, auth: { kind: 2, sealed: blob },
  },
}));
const bundle = {
  version: "2-1-0",
  bundle: { productIdentifier: { advertisedProductId: "Lm2Q" }, members: pair.map(({ serial }) => ({ sn: serial })) },
};
writeFileSync(join(folder, "guide-log.json"), JSON.stringify({ controlLogs: [...logs, bundle] }, null, 2) + "\n");

const pem = { type: "pkcs8", format: "pem" };
writeFileSync(join(folder, "guide-test-key.private.pem"), createPrivateKey({ key: test.jwk, format: "jwk" }).export(pem));
const { d, ...ours } = keyPair("product key").jwk;
const spki = { type: "spki", format: "pem" };
writeFileSync(join(folder, "product-key.pem"), createPublicKey({ key: ours, format: "jwk" }).export(spki));
