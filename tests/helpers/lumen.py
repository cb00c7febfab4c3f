"""The made-up guide of docs/spec-workbench.md, and the spec that it describes; FILES stands for its samples."""

from __future__ import annotations

from tests.helpers import ROOT

GUIDE = ROOT / "docs/spec-workbench"
LUMEN = """
format = 1
name = "lumen"
list_separator = "."
[[field]]
key = "ABV"
status = "assumed"
source = "constant"
value = "LM02"
[[field]]
key = "PID"
status = "published"
source = "product.pid"
[[field]]
key = "CNT"
status = "assumed"
source = "package.units"
format = "decimal"
[[field]]
key = "SER"
status = "assumed"
source = "unit.serial"
[[field]]
key = "DID"
status = "assumed"
source = "unit.uuid"
format = "hex-lower"
[[field]]
key = "SEC"
status = "assumed"
source = "encrypted"
format = "base64"
plaintext = [
    { source = "constant", format = "raw", value = "01" },
    { source = "package.units", format = "u8" },
    { source = "unit.uuid" },
    { source = "unit.oob", length = "u8" },
    { source = "check", check = "crc16-ccitt-false" },
]
[field.scheme]
kind = "ecies"
kdf = { name = "hkdf", hash = "sha256", info = ["text:Lumen Simple Setup 2"] }
derive = ["key", "mac-key"]
cipher = "aes-128-cbc"
iv = "random"
mac = { hash = "sha256", key_bytes = 32, tag_bytes = 16, covers = "iv-ciphertext" }
[samples]
files = [FILES]
"""
