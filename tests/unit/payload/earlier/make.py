"""Makes `strings.json`: barcode strings and spec digests as the last version made them whose suites stood in code.

Run where that version (commit 483ffd7) is first on the path: `PYTHONPATH=OLD python make.py strings.json`. The
ephemeral key of ECIES is fixed, so its strings can be compared byte for byte; HPKE and RSA are random inside the
library, so theirs are opened.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.confirmation import content_digest
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec, spec_from_text
from bss_mfg.payload.spec_names import packaged_names

FACTS = {"pid": "ebK3", "upc": "841667145075"}
SUITES = ("hpke-p256-sha256-aes128gcm", "ecies-p256-x963sha256-aes128gcm", "rsa-oaep-sha256")
EPHEMERAL = 0x1F2E3D4C5B6A79880123456789ABCDEF00112233445566778899AABBCCDDEEFF


def units(count: int, oob: int) -> list[Unit]:
    """Made-up devices, always the same."""
    return [
        Unit(
            number,
            f"EARLIER{number:05}",
            uuid.uuid5(uuid.NAMESPACE_URL, f"earlier {number}"),
            f"0200000000{number:02X}0000"[:16],
            Secret(bytes([number]) * oob),
            extra={"install_code": "83fed3407a939723a5c639b26916d505c3b5"},
        )
        for number in range(1, count + 1)
    ]


def main(out: Path) -> None:
    pairs = {kind: new_development_key(kind) for kind in ("p256", "rsa")}
    made: list[dict[str, Any]] = []
    for name in ("amazon-bss-ob04", "amazon-zss-ob02"):
        for suite in SUITES:
            kind = "rsa" if suite.startswith("rsa") else "p256"
            text = packaged_spec(name).text
            was = next(f.suite for f in packaged_spec(name).spec.field if f.suite)
            file = spec_from_text(text.replace(f'"{was}"', f'"{suite}"'), name)
            key = load_public_key(pairs[kind][1], "key")
            for count, oob in ((1, 16), (3, 32)):
                fixed = ec.derive_private_key(EPHEMERAL, ec.SECP256R1())
                with patch.object(ec, "generate_private_key", lambda curve, fixed=fixed: fixed):
                    string = PayloadBuilder(file.spec, FACTS, key).build(units(count, oob))
                made.append(
                    {"spec": file.text, "suite": suite, "key": kind, "units": count, "oob": oob, "string": string}
                )
    digests = {name: content_digest(packaged_spec(name)) for name in packaged_names()}
    texts = {name: packaged_spec(name).text for name in packaged_names()}
    keys = {kind: [half.decode() for half in pair] for kind, pair in pairs.items()}
    out.write_text(json.dumps({"keys": keys, "strings": made, "digests": digests, "texts": texts}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
