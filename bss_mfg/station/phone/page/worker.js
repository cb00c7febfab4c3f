"use strict";
// Reads the symbols of a picture, apart from the page so that it stays quick. Nothing is fetched but our own files.
importScripts("/zxing_reader.js");

ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => "/zxing_reader.wasm" } });

const OPTIONS = {
  formats: ["DataMatrix"],
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
  maxNumberOfSymbols: 64,
};

onmessage = async ({ data: { number, picture } }) => {
  try {
    const found = await ZXingWASM.readBarcodes(picture, OPTIONS);
    const symbols = found.filter((item) => item.isValid).map((item) => ({
      bytes: item.bytes,
      symbology: item.symbologyIdentifier,
      mirrored: item.isMirrored,
      inverted: item.isInverted,
      corners: ["topLeft", "topRight", "bottomRight", "bottomLeft"].map((name) => item.position[name]),
    }));
    postMessage({ number, symbols });
  } catch (error) {
    postMessage({ number, symbols: [], failed: String(error) });
  }
};
