"""Amazon's other barcodes through the whole line: issued, printed, read back."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.manifest.log_builder import control_log
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.verify.diagnosis import diagnose
from bss_mfg.verify.inspect import explain
from bss_mfg.verify.picture_strings import read_strings
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.factory import Factory
from tests.helpers.specs import PUKS, SPECS, spec


def test_a_batch_of_bars_is_issued_printed_and_read_back(factory: Factory, tmp_path: Path) -> None:
    factory.add("sensor", spec="amazon-1d-code128", template="bars-70x40", serial="SN{n:010}")
    factory.issue(12, "S1", "sensor")
    with factory.ledger() as ledger:
        assert [package.payload for package in ledger.packages.stream("S1")] == [f"SN{n:010}" for n in range(1, 13)]
    for look in (
        ("preflight", "sensor", "--template", "bars-70x40", "--printer", "zpl-203"),
        ("template", "preview", "bars-70x40", "--out", tmp_path / "example.png"),
        ("template", "preview", "bars-70x40", "--batch", "S1", "--out", tmp_path / "batch.png"),
    ):
        done = factory.cli(*look)
        assert done.code == 0, done.err
    made = factory.label("S1", "bars-70x40", 203)
    # A reader of its own, from pixels: nothing but Code 128 lies on these labels.
    document = pypdfium2.PdfDocument(made.files[0])
    pages = [page.render(scale=300 / 72, grayscale=True).to_numpy() for page in document]
    found = [zxingcpp.read_barcodes(page) for page in pages]
    assert [[(one.text, one.symbology_identifier) for one in page] for page in found] == [
        [(f"SN{n:010}", "]C0")] for n in range(1, 13)
    ]

    with factory.ledger() as ledger:
        mapping = load_mapping("amazon-1d-code128", factory.root / "specs")
        logs = json.loads(b"".join(control_log(ledger, ledger.batches.get("S1"), mapping)))["controlLogs"]
    assert [log["device"]["serialNumber"] for log in logs] == [f"SN{n:010}" for n in range(1, 13)]

    done = factory.cli("verify", "S1", made.files[0], "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["matched"] == 12
    scans = tmp_path / "scans"
    scans.mkdir()
    for number, page in enumerate(pages):
        if number != 4:
            turned = Image.fromarray(page).rotate(7, expand=True, fillcolor=255)
            turned.save(scans / f"{number:02}.png", dpi=(300, 300))
    done = factory.cli("verify", "S1", scans, "--json")
    assert done.code == 1
    assert done.json["counts"]["matched"] == 11
    assert [(one["verdict"], one["serials"]) for one in done.json["findings"] if one["verdict"] != "matched"] == [
        ("missing", "SN0000000005")
    ]
    [(text, _)] = read_strings(str(scans / "02.png"))
    explained = explain(text, SPECS)
    assert (explained.spec, explained.problems) == ("amazon-1d-code128", [])

    cases = {
        "SN0000000001": ("match", ""),
        "]C0SN0000000002\r": ("match", ""),
        "sn0000000003": ("mismatched", "caps lock is on"),
        "SN00000": ("foreign", "was never issued here (SN00000)"),
        "SN9000000003": ("foreign", "was never issued here (SN9000000003)"),
        "ABV OB04": ("foreign", "isn't a barcode of this family"),
    }
    with factory.ledger() as ledger:
        for said, (kind, detail) in cases.items():
            verdict = diagnose(WedgeLine(said), "S1", ledger, [spec("amazon-1d-code128")])
            assert (verdict.kind, detail in verdict.detail) == (kind, True), verdict


def test_wi_fi_devices_are_issued_from_their_file_printed_and_read_back(factory: Factory, tmp_path: Path) -> None:
    factory.add("plug", spec="amazon-wss-ib01")
    path = tmp_path / "ids.csv"
    rows = [f"G3A0PA0180230{n:04},{PUKS[n]},95AD96{n:02}" for n in range(6)]
    path.write_text("\n".join(["serial,puk,pin", *rows]) + "\n")
    wanted = factory.workspace.spec("amazon-wss-ib01")
    identities = read_identities(path, wanted.spec.columns)
    loaded = factory.workspace.product("plug")
    with factory.ledger() as ledger:
        vault = factory.workspace.open_vault()
        create_batch(ledger, vault, BatchRequest(loaded, wanted, 6, "W1", identities))
        payloads = [package.payload for package in ledger.packages.stream("W1")]
    assert payloads == [
        f"ABV:IB01;SERNUM:{serial};PID:ebK3;PUK:{puk};PIN:{pin};"
        for serial, puk, pin in (row.split(",") for row in rows)
    ]
    made = factory.label("W1", "roll-50x30")
    done = factory.cli("verify", "W1", made.files[0], "--json")
    assert done.code == 0 and done.json["counts"]["matched"] == 6, done.err
    # Without its file a Wi-Fi batch is not issued at all, and leaves nothing behind.
    with factory.ledger() as ledger, pytest.raises(InputError, match="a value of puk for each unit"):
        create_batch(ledger, vault, BatchRequest(loaded, wanted, 2, "W2"))
    with factory.ledger() as ledger:
        assert [batch.id for batch in ledger.batches.all()] == ["W1"]
