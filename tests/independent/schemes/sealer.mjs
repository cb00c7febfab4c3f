// Seals and opens with what Node.js has. Lines as of Sealer.java.

import crypto from "node:crypto";
import fs from "node:fs";
import readline from "node:readline";

const folder = process.argv[2];
const pem = (name) => { const text = fs.readFileSync(`${folder}/${name}`, "ascii"); return text.slice(text.indexOf("-----BEGIN")); };
const secret = (kind) => crypto.createPrivateKey(pem(`${kind}.pem`));
const open = (kind) => crypto.createPublicKey(pem(`${kind}.public.pem`));
const raw = (key, size) => key.export({ type: "spki", format: "der" }).subarray(-size);

/** HKDF over point and Z, ChaCha20-Poly1305 with a derived nonce; the point as X25519's 32 bytes. */
function x25519(seals, data) {
  const pair = seals ? crypto.generateKeyPairSync("x25519") : null;
  const point = seals ? raw(pair.publicKey, 32) : data.subarray(0, 32);
  const header = Buffer.from("302a300506032b656e032100", "hex");
  const theirs = seals ? open("X25519") : crypto.createPublicKey({ key: Buffer.concat([header, point]), type: "spki", format: "der" });
  const z = crypto.diffieHellman({ privateKey: seals ? pair.privateKey : secret("X25519"), publicKey: theirs });
  const info = Buffer.concat([raw(open("X25519"), 32), Buffer.from("bulb")]);
  const keys = Buffer.from(crypto.hkdfSync("sha256", Buffer.concat([point, z]), Buffer.from("salt"), info, 44));
  const [key, nonce] = [keys.subarray(0, 32), keys.subarray(32)];
  return aead("chacha20-poly1305", key, nonce, seals, seals ? data : data.subarray(32), seals ? point : Buffer.alloc(0));
}

function aead(name, key, nonce, seals, text, head) {
  const options = { authTagLength: 16 };
  if (seals) {
    const cipher = crypto.createCipheriv(name, key, nonce, options);
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([head, sealed, cipher.getAuthTag()]);
  }
  const cipher = crypto.createDecipheriv(name, key, nonce, options);
  cipher.setAuthTag(text.subarray(-16));
  return Buffer.concat([cipher.update(text.subarray(0, -16)), cipher.final()]);
}

/** As Tink's ECIES-AEAD-HKDF: prefix, uncompressed point, HKDF over point and Z, IV in front of AES-256-GCM. */
function tink(seals, data, curve, size) {
  const prefix = Buffer.from("0112345678", "hex");
  const ecdh = crypto.createECDH(curve.name);
  let z, point, nonce, text;
  if (seals) {
    point = ecdh.generateKeys();
    z = ecdh.computeSecret(raw(open(curve.kind), size));
    nonce = crypto.randomBytes(12);
    text = data;
  } else {
    point = data.subarray(5, 5 + size);
    ecdh.setPrivateKey(Buffer.from(secret(curve.kind).export({ format: "jwk" }).d, "base64url"));
    z = ecdh.computeSecret(point);
    nonce = data.subarray(5 + size, 17 + size);
    text = data.subarray(17 + size);
  }
  const key = Buffer.from(crypto.hkdfSync("sha256", Buffer.concat([point, z]), Buffer.alloc(0), Buffer.from("info"), 32));
  return aead("aes-256-gcm", key, nonce, seals, text, seals ? Buffer.concat([prefix, point, nonce]) : Buffer.alloc(0));
}

/** AES-128-CTR with a derived IV and HMAC over IV and text, MAC key first, the tag in front of the text, compressed point. */
function ctr(seals, data) {
  const ecdh = crypto.createECDH("secp521r1");
  let z, point, text = data;
  if (seals) {
    ecdh.generateKeys();
    point = ecdh.getPublicKey(null, "compressed");
    z = ecdh.computeSecret(raw(open("P-521"), 133));
  } else {
    point = data.subarray(0, 67);
    ecdh.setPrivateKey(Buffer.from(secret("P-521").export({ format: "jwk" }).d, "base64url"));
    z = ecdh.computeSecret(crypto.ECDH.convertKey(point, "secp521r1", undefined, undefined, "uncompressed"));
    text = data.subarray(67 + 10);
  }
  const keys = Buffer.from(crypto.hkdfSync("sha512", z, Buffer.alloc(0), point, 32 + 16 + 16));
  const [macKey, iv, key] = [keys.subarray(0, 32), keys.subarray(32, 48), keys.subarray(48)];
  const cipher = seals ? crypto.createCipheriv("aes-128-ctr", key, iv) : crypto.createDecipheriv("aes-128-ctr", key, iv);
  const done = Buffer.concat([cipher.update(text), cipher.final()]);
  const tag = crypto.createHmac("sha256", macKey).update(iv).update(seals ? done : text).digest().subarray(0, 10);
  if (seals) return Buffer.concat([point, tag, done]);
  if (!tag.equals(data.subarray(67, 77))) throw new Error("tag");
  return done;
}

const schemes = {
  x25519,
  tink: (seals, data) => tink(seals, data, { name: "prime256v1", kind: "P-256" }, 65),
  "tink-p384": (seals, data) => tink(seals, data, { name: "secp384r1", kind: "P-384" }, 97),
  ctr,
};
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [what, name, hex] = line.split(" ");
  console.log(schemes[name](what === "seal", Buffer.from(hex, "hex")).toString("hex"));
}
