"""The straightforward program: what people write for this job without bss-mfg, with the obvious libraries.

It is the yardstick of `benchmarks.run` and knows nothing of bss-mfg. No ledger, no sealing of keys, no checks of
geometry, no named faults: only credentials, encryption, symbols, pages, decoding and a control log, each with sensible
options.
"""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image
from pylibdmtx import pylibdmtx
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

COLUMNS, ROWS = 3, 8
PER_PAGE = COLUMNS * ROWS
LABEL_WIDTH, LABEL_HEIGHT = 66.0 * mm, 33.9 * mm
MARGIN_LEFT, MARGIN_TOP = 7.25 * mm, 12.9 * mm
SYMBOL = 28.0 * mm
DPI = 300


@dataclass(frozen=True)
class Row:
    """A unit: its serial, its barcode string, and its credentials where this program made them."""

    serial: str
    payload: str
    device_uuid: uuid.UUID | None = None
    oob_key: bytes = b""
    sealed: str = ""


def issue(n: int, public_key: ec.EllipticCurvePublicKey, oob_bytes: int = 16) -> list[Row]:
    """Credentials and barcode strings of `n` units."""
    rows = []
    for number in range(1, n + 1):
        device_uuid = uuid.uuid4()
        oob_key = secrets.token_bytes(oob_bytes)
        sealed = base64.b64encode(encrypt(device_uuid.bytes + oob_key, public_key)).decode()
        payload = f"ABV:OB04;UPC:841667145075;PID:ebK3;BMU:{device_uuid.hex.upper()};BMO:2;BMD:{sealed};"
        rows.append(Row(f"ebK3{number:08d}", payload, device_uuid, oob_key, sealed))
    return rows


def encrypt(plaintext: bytes, public_key: ec.EllipticCurvePublicKey) -> bytes:
    """ECIES: ephemeral point || ciphertext || tag."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    shared = ephemeral.exchange(ec.ECDH(), public_key)
    material = HKDF(algorithm=SHA256(), length=28, salt=None, info=b"amazon-bss-ob04").derive(shared)
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point + AESGCM(material[:16]).encrypt(material[16:], plaintext, None)


def labels(rows: Sequence[Row], path: Path) -> None:
    """One PDF of A4 pages with 24 labels: symbol and serial."""
    rl_config.useA85 = 0  # ASCII-85 in pure Python would halve the rate
    canvas = Canvas(str(path), pagesize=A4)
    canvas.setFont("Helvetica", 8)
    for index, row in enumerate(rows):
        cell = index % PER_PAGE
        if index and cell == 0:
            canvas.showPage()
            canvas.setFont("Helvetica", 8)
        x = MARGIN_LEFT + cell % COLUMNS * LABEL_WIDTH
        y = A4[1] - MARGIN_TOP - (cell // COLUMNS + 1) * LABEL_HEIGHT
        code = pylibdmtx.encode(row.payload.encode("ascii"))
        image = Image.frombytes("RGB", (code.width, code.height), code.pixels)
        canvas.drawImage(ImageReader(image), x + 2.5 * mm, y + 2.5 * mm, SYMBOL, SYMBOL)
        canvas.drawString(x + 33.5 * mm, y + 20 * mm, row.serial)
    canvas.save()


def verify(path: Path, rows: Sequence[Row]) -> set[str]:
    """The barcode strings of `rows` that were read back from the PDF's pages at 300 dpi."""
    wanted = {row.payload for row in rows}
    found: set[str] = set()
    document = pypdfium2.PdfDocument(path)
    for page in document:
        image = page.render(scale=DPI / 72, grayscale=True).to_pil()
        found.update(symbol.data.decode("ascii") for symbol in pylibdmtx.decode(image, max_count=PER_PAGE))
    document.close()
    return wanted & found


def control_log(rows: Sequence[Row], path: Path) -> None:
    """One JSON document of all units."""
    logs = [
        {
            "version": "1-0-0",
            "device": {
                "serialNumber": row.serial,
                "productIdentifier": {"advertisedProductId": "ebK3"},
                "radios": {"bluetoothMesh": {"deviceUuid": row.device_uuid.hex.upper() if row.device_uuid else ""}},
                "bluetoothMeshData": {"oobType": "static", "encryptedCredentials": row.sealed},
            },
        }
        for row in rows
    ]
    path.write_text(json.dumps({"controlLogs": logs}), "utf-8")
