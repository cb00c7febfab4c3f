"""A thousand units, read by openssl, poppler and zxing-cpp, agree with the ledger."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zxingcpp

from tests.helpers.factory import Factory
from tests.helpers.reconciling import compared, log_of, made, reconciled
from tests.needs import needs

pytestmark = needs("openssl", "pdftoppm")


def openssl(*arguments: object, data: bytes) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


def open_field(key: Path, sealed: bytes) -> bytes:
    """ECIES (SEC 1, X9.63 SHA-256, AES-128-GCM) with nothing but openssl and hashlib. GCM's text is AES-CTR from 2."""
    point = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + sealed[:33]
    peer = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(point) + b"-----END PUBLIC KEY-----\n"
    with tempfile.NamedTemporaryFile() as file:
        file.write(peer)
        file.flush()
        shared = openssl("pkeyutl", "-derive", "-inkey", key, "-peerkey", file.name, data=b"")
    material = hashlib.sha256(shared + b"\0\0\0\1" + sealed[:33] + b"amazon-bss-ob04").hexdigest()
    counter = material[32:56] + "00000002"
    return openssl("enc", "-d", "-aes-128-ctr", "-K", material[:32], "-iv", counter, data=sealed[33:-16])


def symbols(pdf: Path, folder: Path) -> Iterator[str]:
    """Every Data Matrix of a PDF, by poppler and zxing-cpp."""
    subprocess.run(["pdftoppm", "-gray", "-r", "300", pdf, folder / pdf.stem], check=True)
    for path in sorted(folder.glob(f"{pdf.stem}-*.pgm")):
        _, size, _, pixels = path.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        page = np.frombuffer(pixels, np.uint8).reshape(height, width)
        for found in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)):
            yield found.bytes.decode("ascii")
        path.unlink()


@pytest.mark.parametrize("per_package", [1, 2, 6])
def test_a_thousand_units_read_by_others_agree_with_the_ledger(
    new_factory: Callable[[], Factory], tmp_path: Path, per_package: int
) -> None:
    factory = new_factory()
    units = 1000 if per_package < 6 else 1002
    folder = made(factory, units, per_package)
    programmed = {row["uuid"]: row["oob_key"] for row in csv.DictReader((folder / "keys.csv").open(newline=""))}
    logged: dict[str, str] = {}
    for log in json.loads(log_of(folder).read_text())["controlLogs"]:
        if "device" in log:
            device = log["device"]
            logged[device["radios"]["bluetoothMesh"]["deviceUuid"]] = device["bluetoothMeshData"][
                "encryptedCredentials"
            ]
    texts = [text for pdf in sorted((folder / "labels").glob("*.pdf")) for text in symbols(pdf, tmp_path)]
    assert len(texts) == len(set(texts)) == units // per_package

    def opened(text: str) -> list[tuple[str, str]]:
        fields = dict(part.split(":", 1) for part in text.rstrip(";").split(";"))
        plain = open_field(factory.private_key, base64.b64decode(fields["BMD"])).hex().upper()
        found = [(plain[at : at + 32], plain[at + 32 : at + 64]) for at in range(0, len(plain), 64)]
        assert [device for device, _ in found] == fields["BMU"].split("_")
        assert all(logged[device] == fields["BMD"] for device, _ in found)
        return found

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        barcodes = dict(pair for found in threads.map(opened, texts) for pair in found)
    assert barcodes == programmed and set(logged) == set(programmed) and len(programmed) == units
    outcome = reconciled(factory, key=True)
    assert outcome.code == 0, outcome.out[-2000:]
    assert compared(outcome) == [units, units // per_package, units]
