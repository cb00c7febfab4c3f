"""Bad input is ordinary: each kind gets one paragraph with a way out, its exit code, and leaves nothing behind.

Every case types a command in a copy of a small factory: a product `bulb` with batch B1
of six units, a two-pack product `duo`, and development keys. After the failed command the folder is what it was.
"""

from __future__ import annotations

import base64
import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from PIL import Image

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory, tree
from tests.helpers.keys import good_pem, pem

SAMPLE_PUK = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADLZXG+MzHkCUT1F88yQpaiDW7vu8XDSIhJwsVr2bmmag="
"""The key in Amazon's public Wi-Fi barcode samples."""


@dataclass(frozen=True)
class Case:
    """`prepare` makes the bad thing and gives the command's arguments; `says` and `way_out` stand in the error."""

    kind: str
    code: int
    says: str
    way_out: str
    prepare: Callable[[Factory], list[object]]


def certificate() -> bytes:
    import datetime

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    day = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    signed = made.serial_number(1).not_valid_before(day).not_valid_after(day.replace(year=2027))
    return signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def with_key(data: bytes | Callable[[], bytes]) -> Callable[[Factory], list[object]]:
    """Add a product with a bad key file."""

    def prepare(factory: Factory) -> list[object]:
        path = factory.root.parent / "key.pem"
        path.write_bytes(data() if callable(data) else data)
        return ["product", "add", "x", "--pid", "ebK3", "--public-key", path]

    return prepare


def off_curve() -> bytes:
    der = bytearray(
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    der[-1] ^= 1
    return bytes(der)


def private_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def added(*options: object) -> Callable[[Factory], list[object]]:
    """Add a product with bad options and a good key."""
    return lambda factory: [
        "product", "add", "x", "--public-key", factory.root / "dev-keys" / "amazon.public.pem", *options
    ]  # fmt: skip


def edited(
    path: str, old: str, new: str, *arguments: object, source: Callable[[Factory], str] | None = None
) -> Callable[[Factory], list[object]]:
    """Edit a file of the workspace by hand, then run a command."""

    def prepare(factory: Factory) -> list[object]:
        target = factory.root / path
        text = source(factory) if source else target.read_text()
        assert old in text, old
        target.write_text(text.replace(old, new, 1))
        return list(arguments)

    return prepare


CREATE = ("batch", "create", "bulb", "--units", "2", "--id", "B2")


def spec_text(factory: Factory) -> str:
    return factory.workspace.spec("amazon-bss-ob04").text


def bad_spec(old: str, new: str) -> Callable[[Factory], list[object]]:
    return edited("specs/amazon-bss-ob04.toml", old, new, *CREATE, source=spec_text)


def with_identities(data: bytes | str, units: int = 2) -> Callable[[Factory], list[object]]:
    def prepare(factory: Factory) -> list[object]:
        path = factory.root.parent / "ids.csv"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return ["batch", "create", "bulb", "--units", units, "--id", "B2", "--identities", path]

    return prepare


def numeric_xlsx(factory: Factory) -> list[object]:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["serial"])
    sheet.append([12345])
    sheet.append(["00012"])
    book.save(factory.root.parent / "ids.xlsx")
    return ["batch", "create", "bulb", "--units", 2, "--identities", factory.root.parent / "ids.xlsx"]


def template_text(factory: Factory) -> str:
    return factory.workspace.template_file("roll-50x30").read_text()


def bad_template(old: str, new: str, *options: object) -> Callable[[Factory], list[object]]:
    return edited("templates/mine.toml", old, new, "labels", "B1", "--template", "mine", *options, source=template_text)


def verified(name: str, make: Callable[[Path], object]) -> Callable[[Factory], list[object]]:
    def prepare(factory: Factory) -> list[object]:
        path = factory.root.parent / name
        make(path)
        return ["verify", "B1", path]

    return prepare


def cut_png(path: Path) -> None:
    Image.effect_noise((400, 400), 80).save(path)
    path.write_bytes(path.read_bytes()[:2000])


def changed_key(factory: Factory) -> list[object]:
    (factory.root / "products" / "bulb.pem").write_bytes(good_pem())
    return list(CREATE)


def taken(name: str, *arguments: object) -> Callable[[Factory], list[object]]:
    def prepare(factory: Factory) -> list[object]:
        (factory.root.parent / name).write_text("mine")
        return [*arguments, factory.root.parent / name]

    return prepare


def labels_over_a_file(factory: Factory) -> list[object]:
    (factory.root.parent / "B1-labels-0001.pdf").write_text("mine")
    return ["labels", "B1", "--out", factory.root.parent]


def newer_ledger(factory: Factory) -> list[object]:
    database = sqlite3.connect(factory.root / "ledger.db")
    database.execute("PRAGMA user_version = 99")
    database.close()
    return ["batch", "list"]


def replaced(path: str, data: bytes | None, *arguments: object) -> Callable[[Factory], list[object]]:
    def prepare(factory: Factory) -> list[object]:
        if data is None:
            (factory.root / path).unlink()
        else:
            (factory.root / path).write_bytes(data)
        return list(arguments)

    return prepare


def production(factory: Factory) -> list[object]:
    path = factory.root.parent / "amazon.pem"
    path.write_bytes(good_pem())
    done = factory.cli("product", "add", "prod", "--pid", "ebK3", "--public-key", path, "--stage", "production")
    assert done.code == 0, done.err
    return ["batch", "create", "prod", "--units", 1]


CASES = [
    Case("key: private", 3, "private key", "PUBLIC KEY", with_key(private_pem)),
    Case("key: certificate", 3, "certificate", "PUBLIC KEY", with_key(certificate)),
    Case("key: two in one file", 3, "2 PEM blocks", "developer portal", with_key(lambda: good_pem() * 2)),
    Case("key: P-384", 3, "needs a P-256 key, this one is P-384", "a spec whose suite fits", with_key(
        lambda: pem(ec.generate_private_key(ec.SECP384R1()).public_key()))),
    Case("key: secp256k1", 3, "secp256k1", "P-256", with_key(
        lambda: pem(ec.generate_private_key(ec.SECP256K1()).public_key()))),
    Case("key: RSA-1024", 3, "1024 bits", "2048", with_key(
        lambda: pem(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()))),  # noqa: S505
    Case("key: RSA for an EC suite", 3, "needs a P-256 key", "choose a spec", with_key(
        lambda: pem(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()))),
    Case("key: cut off", 3, "cut off", "developer portal", with_key(lambda: good_pem()[:90])),
    Case("key: point off the curve", 3, "not a public key", "developer portal", with_key(off_curve)),
    Case("key: noise", 3, "not a public key", "developer portal", with_key(b"\x00\x01\x02" * 40)),
    Case("key: empty file", 3, "is empty", "developer portal", with_key(b"")),
    Case("key: no such file", 3, "not found", "Check the path",
         lambda f: ["product", "add", "x", "--pid", "ebK3", "--public-key", f.root / "nope.pem"]),
    Case("key: a folder", 3, "is a folder", "Name a file",
         lambda f: ["product", "add", "x", "--pid", "ebK3", "--public-key", f.root]),
    Case("upc: check digit", 3, "check digit should be 5", "--upc", added("--pid", "ebK3", "--upc", "841667145074")),
    Case("upc: 11 digits", 3, "12 digits", "--upc", added("--pid", "ebK3", "--upc", "84166714507")),
    Case("ean: check digit", 3, "check digit", "--ean", added("--pid", "ebK3", "--ean", "4006381333930")),
    Case("upc and ean", 3, "never both", "Correct",
         added("--pid", "ebK3", "--upc", "841667145075", "--ean", "4006381333931")),
    Case("pid: three characters", 3, "'ebK'", "--pid", added("--pid", "ebK")),
    Case("pid: breaks the string", 3, "'eb;3'", "--pid", added("--pid", "eb;3")),
    Case("serial pattern without counter", 3, "counter such as {n:08}", "--serial",
         added("--pid", "ebK3", "--serial", "SN")),
    Case("product: name taken", 4, "already there", "Choose another name",
         lambda f: ["product", "add", "bulb", "--pid", "ebK3", "--public-key", f.root / "dev-keys/amazon.public.pem"]),
    Case("product: unknown", 3, "no product 'lamp'", "bulb, duo", lambda f: ["batch", "create", "lamp", "--units", 1]),
    Case("product: unknown field", 3, "line 7, unit_per_package", "did you mean 'units_per_package'",
         edited("products/bulb.toml", "units_per_package", "unit_per_package", *CREATE)),
    Case("product: wrong type", 3, "line 9, oob_bytes", "16 or 32",
         edited("products/bulb.toml", "oob_bytes = 16", 'oob_bytes = "16"', *CREATE)),
    Case("product: broken TOML", 3, "line 4", "double quotes",
         edited("products/bulb.toml", 'pid = "ebK3"', "pid = ebK3", *CREATE)),
    Case("production: development key", 3, "development or sample key", "Amazon's product public key",
         added("--pid", "ebK3", "--stage", "production")),
    Case("production: key of a public sample", 3, "development or sample key", "Amazon's product public key",
         lambda f: [*with_key(base64.b64decode(SAMPLE_PUK))(f), "--stage", "production"]),
    Case("production: spec not confirmed", 3, "BMU, BMO, BMD", " spec confirm ", production),
    Case("key changed after the first batch", 5, "has changed", "product repin bulb", changed_key),
    Case("spec: unsafe value", 3, "only letters", "Correct the file", bad_spec('value = "2"', 'value = "2;3"')),
    Case("spec: secret in clear", 3, "is a secret", "Correct the file",
         bad_spec('source = "unit.uuid"\nformat', 'source = "unit.oob"\nformat')),
    Case("spec: unknown suite", 3, "unknown suite", "rsa-oaep-sha256",
         bad_spec("ecies-p256-x963sha256-aes128gcm", "rot13")),
    Case("spec: another encrypted field wants another key", 3, "needs an RSA key", "choose a spec",
         bad_spec("[[field]]\nkey = \"BMO\"", '[[field]]\nkey = "BMX"\nstatus = "assumed"\nsource = "encrypted"\n'
                  'format = "base64"\nsuite = "rsa-oaep-sha256"\nplaintext = [{ source = "unit.oob" }]\n\n'
                  '[[field]]\nkey = "BMO"')),
    Case("spec: another name inside", 3, "calls itself 'other'", "same name",
         bad_spec('name = "amazon-bss-ob04"', 'name = "other"')),
    Case("spec: unknown", 3, "no spec named", "spec list", lambda f: ["spec", "show", "nope"]),
    Case("csv: rounded by a spreadsheet", 3, "row 2 has serial '1.23E+11'", "format the columns as text",
         with_identities("serial\n1.23E+11\nA2\n")),
    Case("csv: serial twice", 3, "row 3 has the serial of row 2", "Nothing was issued",
         with_identities("serial\nA1\nA1\n")),
    Case("csv: blank row", 3, "row 3 is blank", "Nothing was issued", with_identities("serial,mac\nA1,\n,\nA2,\n", 3)),
    Case("csv: formula", 3, "row 2 has a formula", "Nothing was issued", with_identities('serial\n"=1+1"\nA2\n')),
    Case("csv: wrong count", 3, "has 3 rows, and 2 units", "both numbers", with_identities("serial\nA1\nA2\nA3\n")),
    Case("csv: no serial column", 3, "row 1", "columns serial", with_identities("mac\nC47C8D6A1025\n", 1)),
    Case("csv: UTF-16", 3, "not UTF-8", "CSV UTF-8", with_identities("serial\nA1\nA2\n".encode("utf-16"))),
    Case("csv: broken quotes", 3, "broken CSV", "quotes", with_identities('serial\n"A1\nA2\n')),
    Case("csv: serial issued before", 5, "issued twice", "correct it", with_identities("serial\nA1\nebK300000003\n")),
    Case("csv: bad uuid", 3, "32 hex digits", "Nothing was issued", with_identities("serial,uuid\nA1,1234\n", 1)),
    Case("xlsx: number cells", 3, "row 2, cell A2: a cell is a number", "as text", numeric_xlsx),
    Case("xlsx: broken file", 3, "not a readable XLSX", "as CSV", with_identities(b"PK\x03\x04 nonsense")),
    Case("units do not fill packages", 3, "fill packages of 2", "multiple of 2",
         lambda f: ["batch", "create", "duo", "--units", 3]),
    Case("batch: unknown", 3, "no batch 'B9'", "batch list", lambda f: ["labels", "B9"]),
    Case("batch id: outside its folder", 3, "'../x'", "up to 64 of the letters",
         lambda f: ["batch", "create", "bulb", "--units", 1, "--id", "../x"]),
    Case("batch id: Windows device", 3, "'CON'", "Windows keeps that name",
         lambda f: ["batch", "create", "bulb", "--units", 1, "--id", "CON"]),
    Case("batch id: other arguments", 4, "with other arguments", "another --id",
         lambda f: ["batch", "create", "bulb", "--units", 7, "--id", "B1"]),
    Case("template: unknown", 3, "no template 'nope'", "sheet-a4-24", lambda f: ["labels", "B1", "--template", "nope"]),
    Case("template: field missing", 3, "label_height: this field is missing", "Correct the file",
         bad_template("label_height = 30\n", "")),
    Case("template: outside the label", 3, "outside the label", "Move it",
         bad_template("x = 31\ny = 9", "x = 45\ny = 9")),
    Case("template: text on the symbol", 3, "data-matrix symbol or its quiet zone", "Move one",
         bad_template("x = 31\ny = 9", "x = 20\ny = 9")),
    Case("template: symbol too large", 3, "does not fit 10 mm at pdf-203 (8 dots/mm)", "mm would do",
         bad_template("size = 28", "size = 10", "--dpi", 203)),
    Case("template: text too wide", 3, "mm wide", "points would fit",
         bad_template('text = "Serial number"', 'text = "Serial number of this very device"')),
    Case("template: no glyph", 3, "U+6F22", "Latin, Greek and Cyrillic",
         bad_template('text = "Serial number"', 'text = "\u6f22"')),
    Case("template: unknown placeholder", 3, "{serail} is not a placeholder", "serial",
         bad_template("{serial}", "{serail}")),
    Case("template: picture missing", 3, "logo.png", "beside the template", bad_template(
        'kind = "text"\nx = 31\ny = 9\nwidth = 17\ntext = "Serial number"\nsize = 5',
        'kind = "image"\nfile = "logo.png"\nx = 31\ny = 9\nwidth = 9\nheight = 1')),
    Case("template: no symbol", 3, "exactly one element of kind data-matrix", "Correct the file", bad_template(
        'kind = "data-matrix"\nx = 1\ny = 1\nsize = 28\nx_dimension = [0.25, 0.51]\nanchor = "top-left"',
        'kind = "box"\nx = 1\ny = 1\nwidth = 5\nheight = 5')),
    Case("template: no sample area", 3, "SAMPLE mark", "Add [sample]", bad_template(
        "[sample]\nx = 31\ny = 20.5\nwidth = 17\nheight = 7.5\n", "")),
    Case("labels: start outside the page", 3, "can't start at 25", "--start-at 1 to 24",
         lambda f: ["labels", "B1", "--start-at", 25]),
    Case("labels: over another file", 4, "would be overwritten", "--out", labels_over_a_file),
    Case("labels: folder is a file", 3, "in the way", "Name another folder",
         taken("out", "labels", "B1", "--out")),
    Case("verify: empty file", 3, "is empty", "again", verified("x.png", lambda path: path.write_bytes(b""))),
    Case("verify: no picture", 3, "neither a PDF nor a picture", "PNG",
         verified("x.png", lambda path: path.write_text("hello"))),
    Case("verify: cut picture", 3, "damaged or cut-off", "again", verified("x.png", cut_png)),
    Case("verify: cut PDF", 3, "not a readable PDF", "again",
         verified("x.pdf", lambda path: path.write_bytes(b"%PDF-1.4\n1 0 obj <<"))),
    Case("verify: over 50 megapixels", 3, "more than 50 megapixels", "300 to 600 dpi",
         verified("x.png", lambda path: Image.new("1", (9000, 9000)).save(path))),
    Case("verify: no such file", 3, "not there", "Check the path", lambda f: ["verify", "B1", f.root / "nope.pdf"]),
    Case("verify: empty folder", 3, "no file that can be verified", "PDF",
         verified("scans", lambda path: path.mkdir())),
    Case("verify: report exists", 4, "already there", "Choose another",
         taken("r.html", "verify", "B1", "x", "--report")),
    Case("manifest: file exists", 4, "already there", "Choose another",
         taken("m.csv", "manifest", "B1", "--format", "csv", "--out")),
    Case("manifest: no such folder", 3, "not found", "folder must exist",
         lambda f: ["manifest", "B1", "--format", "csv", "--out", f.root / "no" / "m.csv"]),
    Case("manifest: path through a file", 3, "not a folder", "Check",
         lambda f: ["manifest", "B1", "--format", "csv", "--out", f.root / "vault.key" / "m.csv"]),
    Case("manifest: unwritable place", 3, "not found|permission|not permitted", "path|folder",
         lambda f: ["manifest", "B1", "--format", "csv", "--out", "/proc/m.csv"]),
    Case("program: into a file", 3, "file is in the way|not a folder", "folder|path",
         lambda f: ["program", "B1", "--format", "esp-nvs", "--out", f.root / "vault.key"]),
    Case("program: hex without an address", 3, "address", "layout",
         lambda f: ["program", "B1", "--format", "hex", "--out", f.root / "x"]),
    Case("program: no such station", 3, "age public key", "age1",
         lambda f: ["program", "B1", "--format", "csv", "--out", f.root / "x.csv", "--to", "age1nobody"]),
    Case("program: check of a file that is none", 3, "not found|is not there", "path",
         lambda f: ["program", "B1", "--check", f.root / "none.csv"]),
    Case("manifest: feedback that is none", 3, "does not name the column", "feedback.toml",
         lambda f: ["manifest", "acknowledge", f.root / "bss-mfg.toml"]),
    Case("manifest: upload of what was altered", 3, "sidecar", "",
         lambda f: ["manifest", "upload", f.root / "bss-mfg.toml", "--to", f.root]),
    Case("manifest: upload of nothing", 3, "no control log is there", "folder",
         lambda f: ["manifest", "upload", f.root / "batches", "--to", f.root]),
    Case("vault key: lost", 6, "vault key is not there", "safe copy", replaced("vault.key", None, *CREATE)),
    Case("vault key: damaged", 3, "or it is damaged", "safe copy",
         replaced("vault.key", b"bss-mfg-vault-key-1:A:B", *CREATE)),
    Case("ledger: garbage", 5, "damaged|not a ledger", "backup",
         replaced("ledger.db", os.urandom(9000), "batch", "list")),
    Case("ledger: lost", 5, "no ledger", "backup", replaced("ledger.db", None, "batch", "list")),
    Case("ledger: newer program", 5, "newer bss-mfg", "newer program", newer_ledger),
    Case("settings: broken", 3, "bss-mfg.toml", "Correct", edited("bss-mfg.toml", "format = 1", "format = 7", *CREATE)),
    Case("workspace: again", 4, "already a workspace", "Work in it", lambda f: ["init", f.root]),
    Case("inspect: neither file nor code", 3, "neither a file nor", "in quotes", lambda f: ["inspect", "hello.png"]),
    Case("inspect: wrong private key", 3, "not an unencrypted private key", "dev-key",
         lambda f: ["inspect", "ABV:OB04;", "--private-key", f.root / "vault.key"]),
]  # fmt: skip


def test_there_are_at_least_forty_kinds() -> None:
    assert len({case.kind for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_bad_input(issued: Factory, case: Case) -> None:
    arguments = case.prepare(issued)
    before = tree(issued.root.parent)
    outcome = issued.cli(*arguments)
    assert outcome.code == case.code, outcome
    errors = [line for line in outcome.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, outcome.err
    assert outcome.err.strip() == errors[0], "one paragraph and nothing else"
    assert case.says in errors[0] or re.search(case.says, errors[0]), errors[0]
    assert case.way_out in errors[0] or re.search(case.way_out, errors[0]), errors[0]
    assert "Traceback" not in outcome.err + outcome.out
    assert outcome.out == ""
    assert tree(issued.root.parent) == before


def test_usage_errors_exit_2(issued: Factory) -> None:
    for arguments in (["labels"], ["batch", "create", "bulb"], ["batch", "create", "bulb", "--units", "0"], ["nope"]):
        outcome = issued.cli(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert "Error: " in outcome.err


def test_no_workspace(tmp_path: Path) -> None:
    outcome = run_cli("batch", "list", cwd=tmp_path)
    assert outcome.code == 3
    assert "bss-mfg init" in outcome.err
