// Seals and opens JWE with the package jose. Lines as of Sealer.java, where NAME is alg/enc/kind of key, and the sealed
// bytes are the text of the compact serialization.

import { CompactEncrypt, compactDecrypt, importPKCS8, importSPKI } from "jose";
import fs from "node:fs";
import readline from "node:readline";

const folder = process.argv[2];
const pem = (name) => { const text = fs.readFileSync(`${folder}/${name}`, "ascii"); return text.slice(text.indexOf("-----BEGIN")); };

async function run(what, name, data) {
  const [alg, enc, kind] = name.split("/");
  if (what === "open") {
    const { plaintext, protectedHeader } = await compactDecrypt(data.toString("ascii"), await importPKCS8(pem(`${kind}.pem`), alg));
    if (protectedHeader.kid !== "puk-1") throw new Error("kid");
    return Buffer.from(plaintext);
  }
  const made = new CompactEncrypt(data).setProtectedHeader({ alg, enc, kid: "puk-1" });
  if (kind !== "RSA") made.setKeyManagementParameters({ apu: Buffer.from("factory"), apv: Buffer.from([1, 2, 3]) });
  return Buffer.from(await made.encrypt(await importSPKI(pem(`${kind}.public.pem`), alg)), "ascii");
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [what, name, hex] = line.split(" ");
  console.log((await run(what, name, Buffer.from(hex, "hex"))).toString("hex"));
}
