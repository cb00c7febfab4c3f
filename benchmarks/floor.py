"""What the bare libraries cost for the same units, and nothing else: the floor under each step.

No ledger, no files but the PDFs that are read, no checks. Each function runs in a process of its own and tells the
seconds of the library calls alone; the seconds of all processes, divided by their number, are what such a run would
take on the clock, with all of them at work at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

AT_ONCE = 960
"""Units of a piece of work."""
CREDENTIALS = 32
"""Bytes that are encrypted for a unit: UUID and a key of 16."""
INFO = b"amazon-bss-ob04"

CALLS = ("encryption", "Data Matrix", "rasterising", "decoding")
Cell = tuple[float, float, float, float]


@dataclass(frozen=True)
class Floor:
    """Seconds a unit of each library call, in `processes` at once."""

    seconds: dict[str, float]
    processes: int
    units: int

    @property
    def total(self) -> float:
        """Of one unit through all calls."""
        return sum(self.seconds.values())


def encrypt(units: int, pem: bytes, suite: str) -> float:
    """Seconds to encrypt credentials of so many units with `cryptography`."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key, plaintexts = load_pem_public_key(pem), [os.urandom(CREDENTIALS) for _ in range(units)]
    seal = (_hpke if suite.startswith("hpke") else _ecies)(key)
    start = time.perf_counter()
    for plaintext in plaintexts:
        seal(plaintext)
    return time.perf_counter() - start


def _hpke(key: object) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    return lambda plaintext: suite.encrypt(plaintext, key, info=INFO)  # type: ignore[arg-type]


def _ecies(key: object) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def seal(plaintext: bytes) -> bytes:
        ephemeral = ec.generate_private_key(ec.SECP256R1())
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        material = X963KDF(SHA256(), 28, point + INFO).derive(ephemeral.exchange(ec.ECDH(), key))  # type: ignore[arg-type]
        return point + AESGCM(material[:16]).encrypt(material[16:], plaintext, None)

    return seal


def encode(payloads: Sequence[str], size: int) -> float:
    """Seconds to make Data Matrix symbols with zint, at the settings of bss-mfg: quick encoding at a planned size."""
    import zint

    from bss_mfg.symbol import SQUARE_SIZES

    contents, number = [payload.encode("ascii") for payload in payloads], SQUARE_SIZES.index(size) + 1
    start = time.perf_counter()
    for payload in contents:
        symbol = zint.Symbol()
        symbol.symbology = zint.Symbology.DATAMATRIX
        symbol.option_3 = zint.DataMatrixOptions.SQUARE
        symbol.input_mode = zint.InputMode.FAST
        symbol.option_2 = number
        symbol.encode(payload)
    return time.perf_counter() - start


def read(path: Path, cells: Sequence[Cell], dpi: int) -> tuple[float, float, int]:
    """Seconds to rasterise whole pages with pypdfium2, seconds to decode known slices with zxing-cpp, symbols read."""
    import numpy as np
    import pypdfium2
    import zxingcpp

    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
    fixed, scale = zxingcpp.Binarizer.FixedThreshold, dpi / 25.4
    drawing, decoding, count = 0.0, 0.0, 0
    document = pypdfium2.PdfDocument(path)
    for number in range(len(document)):
        begun = time.perf_counter()
        page = document[number]
        grey = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=False, draw_annots=False).to_numpy()
        page.close()
        drawn = time.perf_counter()
        grey = grey.reshape(grey.shape[:2])
        for x, y, width, height in cells:
            left, top = int((x - 1) * scale), int((y - 1) * scale)
            crop = grey[top : int((y + height + 1) * scale), left : int((x + width + 1) * scale)]
            count += len(zxingcpp.read_barcodes(
                np.ascontiguousarray(crop), formats=wanted, try_rotate=False, try_downscale=False, try_invert=False,
                binarizer=fixed,
            ))  # fmt: skip
        decoding += time.perf_counter() - drawn
        drawing += drawn - begun
    document.close()
    return drawing, decoding, count


def measure(
    executor: Executor, processes: int, payloads: Sequence[str], size: int, files: Sequence[Path],
    cells: Sequence[Cell], pem: bytes, suite: str, dpi: int,
) -> Floor:  # fmt: skip
    """The floor of some units, whose labels lie in `files`. `RuntimeError` where a label is not read."""
    pieces = [payloads[at : at + AT_ONCE] for at in range(0, len(payloads), AT_ONCE)]
    sealing = [executor.submit(encrypt, len(piece), pem, suite) for piece in pieces]
    encryption = sum(future.result() for future in sealing)
    coding = [executor.submit(encode, piece, size) for piece in pieces]
    matrices = sum(future.result() for future in coding)
    reading = [future.result() for future in [executor.submit(read, path, cells, dpi) for path in files]]
    if (count := sum(found for _, _, found in reading)) != len(payloads):
        raise RuntimeError(f"the bare reader read {count} of {len(payloads)} labels")
    sums = (encryption, matrices, sum(drawn for drawn, _, _ in reading), sum(decoded for _, decoded, _ in reading))
    each = {call: seconds / processes / len(payloads) for call, seconds in zip(CALLS, sums, strict=True)}
    return Floor(each, processes, len(payloads))
