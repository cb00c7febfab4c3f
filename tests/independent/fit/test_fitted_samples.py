"""Some 70 samples that others sealed are fitted without being told the scheme, and what the fitted spec issues is
opened by them: Bouncy Castle and Java's JCE, Crypto++, Node.js, jose, hpke-js, OpenSSL, Tink. Plaintexts are laid out
and strings joined by hand here."""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known, known_sample
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample
from tests.independent.schemes.test_cms import certificate, openssl
from tests.independent.schemes.test_schemes import HERE, KINDS, ask, compiled
from tests.needs import BOUNCY_CASTLE, needs

Units = Sequence[Unit]


def secret(unit: Unit) -> bytes:
    assert unit.key is not None
    return unit.key.reveal()


LAYOUTS: dict[str, Callable[[Units], bytes]] = {
    "raw": lambda units: b"".join(unit.uuid.bytes + secret(unit) for unit in units),
    "columns": lambda units: b"".join([*(unit.uuid.bytes for unit in units), *(secret(unit) for unit in units)]),
    "counted": lambda units: bytes([7, len(units)]) + b"".join(secret(unit) + unit.uuid.bytes for unit in units),
    "tlv": lambda units: b"".join(b"\x81\x10" + unit.uuid.bytes + b"\x82\x10" + secret(unit) for unit in units),
    "text": lambda units: ";".join(f"{unit.uuid.hex},{secret(unit).hex().upper()}" for unit in units).encode(),
    "json": lambda units: json.dumps(
        {"d": [{"u": unit.uuid.hex, "k": secret(unit).hex()} for unit in units]}, separators=(",", ":")
    ).encode(),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What a program seals, and how its string is joined."""

    scheme: str
    key: str
    layout: str
    words: tuple[str, ...] = ()
    encoding: str = "base64"

    def string(self, units: Units, sealed: bytes) -> str:
        shown = {
            "base64": lambda: base64.b64encode(sealed).decode(),
            "hex": sealed.hex,
            "text": lambda: sealed.decode("ascii"),
        }[self.encoding]()
        listed = "_".join(unit.uuid.hex.upper() for unit in units)
        return f"ABV:OB04;PID:ebK3;BMU:{listed};BMD:{shown};"

    def sealed(self, text: str) -> bytes:
        value = text.removesuffix(";").partition(";BMD:")[2]
        if self.encoding == "text":
            return value.encode("ascii")
        return bytes.fromhex(value) if self.encoding == "hex" else base64.b64decode(value)


IES = ("hex:010203", "hex:0405")
JAVA = [
    *(Case("ies-xor-bare", "P-256", layout) for layout in LAYOUTS),
    Case("ies-cbc-p384", "P-384", "raw"),
    Case("ies-cbc-p384", "P-384", "counted", encoding="hex"),
    Case("ies-cbc-sha256", "P-256", "tlv", IES),
    *(Case("oaep-java-default", "RSA", layout, encoding="hex") for layout in LAYOUTS),
    *(Case("oaep-sha1", "RSA", layout) for layout in ("raw", "columns", "tlv", "json")),
    *(Case("oaep-label", "RSA", layout, ("hex:010203",)) for layout in ("counted", "text")),
    *(Case("pkcs1", "RSA", layout) for layout in ("raw", "counted", "tlv", "text")),
    *(Case("wrapped-gcm", "RSA", layout) for layout in LAYOUTS),
    *(Case("wrapped-cbc", "RSA", layout, encoding="hex") for layout in LAYOUTS),
    Case("concat-gcm", "P-256", "raw", ("text:bulb",)),
]
NODE = [
    Case("tink", "P-256", "raw", ("text:info",)),
    Case("tink-p384", "P-384", "json", ("text:info",)),
    Case("x25519", "X25519", "counted", ("text:salt", "text:bulb")),
]
CRYPTO_PP = [
    Case("ies-sha1", "P-256", "raw"),
    Case("ies-sha256", "P-256", "columns", encoding="hex"),
    Case("ies-sha256", "P-256", "json"),
    Case("ies-plain", "P-256", "tlv"),
    Case("ies-plain", "P-256", "text"),
    Case("oaep-sha1", "RSA", "counted"),
    *(Case("oaep-sha256", "RSA", layout, encoding="hex") for layout in ("raw", "columns", "json")),
    Case("pkcs1", "RSA", "columns"),
]
HPKE = [
    Case(f"{name}", name.partition("/")[0], layout, ("text:bulb",))
    for name, layout in (
        ("P-256/hkdf-sha256/aes-128-gcm", "raw"), ("P-256/hkdf-sha512/chacha20-poly1305", "tlv"),
        ("P-384/hkdf-sha384/aes-256-gcm", "columns"), ("P-521/hkdf-sha512/aes-256-gcm", "json"),
        ("X25519/hkdf-sha256/chacha20-poly1305", "counted"), ("X25519/hkdf-sha384/aes-128-gcm", "text"),
    )
]  # fmt: skip
JOSE = [
    Case(f"{alg}/{enc}/{key}", key, layout, encoding="text")
    for alg, enc, key, layout in (
        ("ECDH-ES", "A128GCM", "P-256", "raw"), ("ECDH-ES", "A256CBC-HS512", "P-521", "json"),
        ("ECDH-ES+A128KW", "A128GCM", "P-256", "counted"), ("ECDH-ES+A256KW", "A256GCM", "X25519", "tlv"),
        ("ECDH-ES", "A128CBC-HS256", "P-384", "text"), ("RSA-OAEP", "A128GCM", "RSA", "raw"),
        ("RSA-OAEP-256", "A256GCM", "RSA", "columns"), ("RSA-OAEP-256", "A128CBC-HS256", "RSA", "json"),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key pair of each kind."""
    folder = tmp_path_factory.mktemp("keys")
    for kind, name in KINDS.items():
        private, public = new_development_key(name)
        (folder / f"{kind}.pem").write_bytes(private)
        (folder / f"{kind}.public.pem").write_bytes(public)
    return folder


def made_units() -> tuple[Unit, ...]:
    return tuple(Unit(n, f"SN{n}", uuid.uuid4(), key=Secret(os.urandom(16))) for n in (1, 2))


def known(text: str, units: Units, keys: Path, kind: str) -> Known:
    private = load_private_key((keys / f"{kind}.pem").read_bytes(), "test")
    said = tuple(SampleUnit(uuid=unit.uuid, oob=unit.key) for unit in units)
    return known_sample(SpecSample("sample", "", text, said, {"pid": "ebK3"}), private)


def check_fits(command: Sequence[str | Path], keys: Path, cases: Sequence[Case]) -> None:
    """Every case is explained, in the way that its program means: it opens what the fitted spec issues."""
    units = [made_units() for _ in cases]
    plain = [LAYOUTS[case.layout](some) for case, some in zip(cases, units, strict=True)]
    asked = [f"seal {case.scheme} {text.hex()}" for case, text in zip(cases, plain, strict=True)]
    questions, expected = [], []
    for case, some, sealed in zip(cases, units, ask(command, keys, asked), strict=True):
        report = fit(FitRequest((known(case.string(some, sealed), some, keys, case.key),), case.words))
        assert report.specs, (case, report.nearest, report.unplaced)
        public = load_public_key((keys / f"{case.key}.public.pem").read_bytes(), "test")
        others = made_units()
        issued = PayloadBuilder(report.specs[0], {"pid": "ebK3"}, public).build(others)
        questions.append(f"open {case.scheme} {case.sealed(issued).hex()}")
        expected.append(LAYOUTS[case.layout](others))
    for case, found, wanted in zip(cases, ask(command, keys, questions), expected, strict=True):
        assert found == wanted, case


@needs("bouncy-castle")
def test_java_and_bouncy_castle(keys: Path) -> None:
    check_fits(["java", "-cp", BOUNCY_CASTLE, HERE / "Sealer.java"], keys, JAVA)


@needs("node")
def test_node(keys: Path) -> None:
    check_fits(["node", HERE / "sealer.mjs"], keys, NODE)


@needs("crypto++")
def test_crypto_pp(keys: Path, tmp_path: Path) -> None:
    check_fits([compiled(tmp_path)], keys, CRYPTO_PP)


@needs("hpke-js")
def test_hpke_js(keys: Path) -> None:
    check_fits(["node", HERE / "hpke.mjs"], keys, HPKE)


@needs("jose")
def test_jose(keys: Path) -> None:
    check_fits(["node", HERE / "jose.mjs"], keys, JOSE)


OPENSSL = [
    (Case("aes-128-cbc", "RSA", "raw"), []),
    (Case("aes-256-cbc", "RSA", "json", encoding="hex"), ["-keyid", "-keyopt", "rsa_padding_mode:oaep"]),
    (
        Case("aes-256-gcm", "RSA", "tlv"),
        ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"],
    ),
    (Case("aes-128-cbc", "P-256", "counted"), ["-keyid", "-aes128-wrap", "-keyopt", "ecdh_kdf_md:sha256"]),
    (Case("aes-256-gcm", "P-384", "text"), ["-aes256-wrap", "-keyopt", "ecdh_kdf_md:sha384"]),
]


@needs("openssl")
@pytest.mark.parametrize(("case", "options"), OPENSSL, ids=lambda one: one.scheme if isinstance(one, Case) else "")
def test_openssl_cms(keys: Path, case: Case, options: Sequence[str]) -> None:
    certificate(keys, case.key)
    units, others = made_units(), made_units()
    flags = ["-encrypt", "-binary", "-outform", "DER", f"-{case.scheme}", "-recip", f"{case.key}.crt", *options]
    sealed = openssl(keys, LAYOUTS[case.layout](units), *flags)
    report = fit(FitRequest((known(case.string(units, sealed), units, keys, case.key),), case.words))
    assert report.specs, (report.nearest, report.unplaced)
    public = load_public_key((keys / f"{case.key}.public.pem").read_bytes(), "test")
    issued = case.sealed(PayloadBuilder(report.specs[0], {"pid": "ebK3"}, public).build(others))
    flags = ["-decrypt", "-binary", "-inform", "DER", "-inkey", f"{case.key}.pem", "-recip", f"{case.key}.crt"]
    assert openssl(keys, issued, *flags) == LAYOUTS[case.layout](others)


@pytest.mark.parametrize("layout", ["raw", "text"])
@pytest.mark.parametrize(
    "template", ["ECIES_P256_HKDF_HMAC_SHA256_AES128_GCM", "DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_128_GCM"]
)
def test_tink(template: str, layout: str) -> None:
    pytest.importorskip("tink", reason="python -m pip install tink")
    from tink import hybrid

    from tests.independent.schemes.test_tink import new_keys

    handle, private, _ = new_keys(template)
    case, units, others = Case(template, "", layout, ("text:info",)), made_units(), made_units()
    sealed = handle.public_keyset_handle().primitive(hybrid.HybridEncrypt).encrypt(LAYOUTS[layout](units), b"info")
    said = tuple(SampleUnit(uuid=unit.uuid, oob=unit.key) for unit in units)
    sample = known_sample(SpecSample("sample", "", case.string(units, sealed), said, {"pid": "ebK3"}), private)
    report = fit(FitRequest((sample,), case.words))
    assert report.specs, (report.nearest, report.unplaced)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = load_public_key(pem, "test")
    issued = case.sealed(PayloadBuilder(report.specs[0], {"pid": "ebK3"}, public).build(others))
    assert handle.primitive(hybrid.HybridDecrypt).decrypt(issued, b"info") == LAYOUTS[layout](others)
