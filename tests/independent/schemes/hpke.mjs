// Seals and opens HPKE (base mode, info "bulb") with the package hpke-js. Lines as of Sealer.java, where NAME is
// curve/KDF/AEAD; the sealed bytes are the encapsulated key and the ciphertext.

import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import * as hpke from "@hpke/core";
import crypto from "node:crypto";
import fs from "node:fs";
import readline from "node:readline";

const folder = process.argv[2];
const pem = (name) => { const text = fs.readFileSync(`${folder}/${name}`, "ascii"); return text.slice(text.indexOf("-----BEGIN")); };
const kems = {
  "P-256": [hpke.DhkemP256HkdfSha256, 65], "P-384": [hpke.DhkemP384HkdfSha384, 97],
  "P-521": [hpke.DhkemP521HkdfSha512, 133], X25519: [hpke.DhkemX25519HkdfSha256, 32],
};
const kdfs = { "hkdf-sha256": hpke.HkdfSha256, "hkdf-sha384": hpke.HkdfSha384, "hkdf-sha512": hpke.HkdfSha512 };
const aeads = { "aes-128-gcm": hpke.Aes128Gcm, "aes-256-gcm": hpke.Aes256Gcm, "chacha20-poly1305": Chacha20Poly1305 };

async function run(what, name, data) {
  const [curve, kdf, aead] = name.split("/");
  const [Kem, size] = kems[curve];
  const suite = new hpke.CipherSuite({ kem: new Kem(), kdf: new kdfs[kdf](), aead: new aeads[aead]() });
  const info = new TextEncoder().encode("bulb");
  if (what === "open") {
    const jwk = crypto.createPrivateKey(pem(`${curve}.pem`)).export({ format: "jwk" });
    const recipientKey = await suite.kem.importKey("jwk", { ...jwk, key_ops: ["deriveBits"] }, false);
    const enc = data.subarray(0, size);
    return Buffer.from(await suite.open({ recipientKey, enc: new Uint8Array(enc), info }, new Uint8Array(data.subarray(size))));
  }
  const jwk = crypto.createPublicKey(pem(`${curve}.public.pem`)).export({ format: "jwk" });
  const recipientPublicKey = await suite.kem.importKey("jwk", { ...jwk, key_ops: [] }, true);
  const { ct, enc } = await suite.seal({ recipientPublicKey, info }, new Uint8Array(data));
  return Buffer.concat([Buffer.from(enc), Buffer.from(ct)]);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [what, name, hex] = line.split(" ");
  console.log((await run(what, name, Buffer.from(hex, "hex"))).toString("hex"));
}
