// Renders ZPL files to PNG: node render.cjs JOBS.json, a list of {zpl, width, height, dpmm, out}: a file, millimetres,
// dots per millimetre, and the start of the pictures' names (out-1.png, out-2.png, ...).
const fs = require("fs");
const { ready } = require("zpl-renderer-js");

async function main() {
  const { api } = await ready;
  for (const { zpl, width, height, dpmm, out } of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) {
    const pages = await api.zplToBase64MultipleAsync(fs.readFileSync(zpl, "utf8"), width, height, dpmm);
    pages.forEach((page, number) => fs.writeFileSync(`${out}-${number + 1}.png`, Buffer.from(page, "base64")));
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
