"""What attackers send is refused by every scheme, with one error: points off the curve, of small order or in other
encodings, ciphertexts with wrong padding, tags and lengths. The kinds are those of Project Wycheproof (ECDH, X25519,
AES-GCM, AES-CBC, RSA-OAEP, RSA-PKCS1); the values are made here, and the project's own stand in
`tests/independent/wycheproof`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bss_mfg.errors import InputError
from bss_mfg.payload.product_keys import load_private_key, load_public_key
from bss_mfg.payload.schemes.ciphers import Cipher
from bss_mfg.payload.schemes.points import CURVES, point_size
from bss_mfg.payload.suites import Suite, described
from tests.unit.payload.test_schemes import PAIRS, SCHEMES

TEXT = bytes(range(48))
PRIMES = {
    "P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "P-384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "P-521": 2**521 - 1,
}
"""FIPS 186-4, D.1.2."""
KDF = {"name": "hkdf", "hash": "sha256"}
HMAC = {"hash": "sha256", "key_bytes": 32, "covers": "iv-ciphertext"}
AGREED: dict[str, dict[str, Any]] = {
    f"ecies {curve} {form}": {"kind": "ecies", "curve": curve, "point": form, "kdf": KDF, "cipher": "aes-128-gcm"}
    for curve in CURVES
    for form in (("raw-x", "spki") if curve == "X25519" else ("compressed", "uncompressed", "raw-xy", "raw-x", "spki"))
}
AGREED |= {
    f"hpke {kem}": {"kind": "hpke", "kem": kem, "kdf": "hkdf-sha256", "aead": "aes-128-gcm", "prefix": "01"}
    for kem in CURVES
}
JWES = {
    f"jwe {curve} {alg}": {"kind": "jwe", "curve": curve, "alg": alg, "enc": "A128CBC-HS256"}
    for curve in CURVES
    for alg in ("ECDH-ES", "ECDH-ES+A128KW")
}
CMSES: dict[str, dict[str, Any]] = {
    f"cms {curve}": {
        "kind": "cms", "content": "auth-enveloped", "cipher": "aes-128-gcm",
        "recipient": {"kind": "ecdh", "curve": curve},
    }
    for curve in PRIMES
}  # fmt: skip
OAEP = {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"}
RSAS: dict[str, dict[str, Any]] = {
    "oaep": OAEP,
    "oaep label": {**OAEP, "label": "00ff"},
    "wrapped oaep": {"kind": "rsa-wrapped", "wrap": OAEP, "cipher": "aes-256-gcm", "iv": "random"},
    "wrapped pkcs1": {
        "kind": "rsa-wrapped", "wrap": {"kind": "rsa-pkcs1"}, "cipher": "aes-128-cbc", "iv": "random", "mac": HMAC,
    },
    "cms oaep": {"kind": "cms", "content": "auth-enveloped", "recipient": OAEP, "cipher": "aes-128-gcm"},
    "cms pkcs1": {
        "kind": "cms", "content": "auth-enveloped", "recipient": {"kind": "rsa-pkcs1"}, "cipher": "aes-256-ccm",
    },
    "jwe oaep": {"kind": "jwe", "alg": "RSA-OAEP-256", "enc": "A256GCM"},
}  # fmt: skip
MACS: dict[str, dict[str, Any]] = {
    "cbc hmac": {"kind": "ecies", "kdf": KDF, "cipher": "aes-256-cbc", "iv": "random", "mac": HMAC},
    "ctr hmac": {"kind": "ecies", "kdf": KDF, "cipher": "aes-128-ctr", "iv": "zero", "mac": {**HMAC, "tag_bytes": 10}},
    "xor hmac": {"kind": "ecies", "kdf": KDF, "cipher": "xor", "mac": HMAC},
    "ccm": {"kind": "ecies", "kdf": KDF, "cipher": "aes-128-ccm", "tag_bytes": 8},
    "gcm 12": {"kind": "ecies", "kdf": KDF, "cipher": "aes-192-gcm", "tag_bytes": 12, "iv": "random"},
    "chacha": {"kind": "ecies", "kdf": KDF, "cipher": "chacha20-poly1305"},
}
EVERY = {**AGREED, **JWES, **CMSES, **RSAS, **MACS}
SAID: set[tuple[type, str, str]] = set()
"""All errors that were ever raised here."""


def parties(scheme: dict[str, Any]) -> tuple[Suite, Any, Any]:
    suite = described(SCHEMES.validate_python(scheme))
    private, public = PAIRS[suite.key_kind]
    return suite, load_private_key(private, "test"), load_public_key(public, "test").key


def refused(suite: Suite, private: Any, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        suite.open(private, data)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    SAID.add((caught.type, str(caught.value), repr(vars(caught.value)) if hasattr(caught.value, "__dict__") else ""))
    assert len(SAID) == 1, SAID


# --- keys of the sender -----------------------------------------------------------------------------------------------

SMALL_ORDER = [
    "00" * 32, "01" + "00" * 31, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f", "cd" + "eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880", "d9" + "ff" * 31,
]  # fmt: skip
"""Points of X25519 whose product with any key is zero, in all their encodings (RFC 7748, 6.1)."""


def bad_coordinates(curve: str) -> Iterator[tuple[int, int]]:
    """X and Y that are no point."""
    prime = PRIMES[curve]
    point = ec.generate_private_key(ec_curve(curve)).public_key().public_numbers()
    yield from [(point.x, point.y ^ 1), (point.x ^ 1, point.y), (point.y, point.x), (0, 0), (0, 1), (1, 0)]
    yield from [(prime, prime), (prime - 1, prime - 1), (prime - 1, 1)]
    size = 8 * ((prime.bit_length() + 7) // 8)
    yield (2**size - 1, 2**size - 1)
    if point.x + prime < 2**size:  # the same point, not reduced
        yield (point.x + prime, point.y)


def off_curve(curve: str) -> int:
    """An X that no point has."""
    for x in range(2, 200):
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec_curve(curve), b"\2" + x.to_bytes(size_of(curve), "big"))
        except ValueError:
            return x
    raise AssertionError


def ec_curve(name: str) -> ec.EllipticCurve:
    return {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[name]


def size_of(curve: str) -> int:
    return (PRIMES[curve].bit_length() + 7) // 8


def bad_points(curve: str, form: str) -> Iterator[bytes]:
    """Keys of a sender in a form, as long as they should be, unless noted."""
    if curve == "X25519":
        head = bytes.fromhex("302a300506032b656e032100") if form == "spki" else b""
        yield from (head + bytes.fromhex(point) for point in SMALL_ORDER)
        if form == "spki":
            yield (
                ed25519.Ed25519PrivateKey.generate()
                .public_key()
                .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            )
        return
    size, wrong = size_of(curve), off_curve(curve)
    good = ec.generate_private_key(ec_curve(curve)).public_key()
    whole = good.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for x, y in bad_coordinates(curve):
        pair = x.to_bytes(size, "big") + y.to_bytes(size, "big")
        if form in ("uncompressed", "raw-xy"):
            yield (b"\4" if form == "uncompressed" else b"") + pair
        elif form == "spki":
            der = good.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            yield der[: -2 * size] + pair
    if form in ("compressed", "raw-x"):
        for x in (wrong, PRIMES[curve], 2 ** (8 * size) - 1):
            yield (b"\2" if form == "compressed" else b"") + x.to_bytes(size, "big")
    if form in ("compressed", "uncompressed"):
        rest = whole[1 : point_size(curve, form)]
        yield from (bytes([lead]) + rest for lead in (0, 1, 5, 6, 7, 0x82))  # infinity, hybrid, none
        yield b"\0" * point_size(curve, form)
        yield (b"\2" if form == "uncompressed" else b"\4") + rest
    if form == "spki":
        der = good.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield der[:-1] + bytes([der[-1] ^ 1])
        yield der.replace(b"\x07\x2a\x86\x48\xce\x3d\x02\x01", b"\x07\x2a\x86\x48\xce\x3d\x02\x09")
        yield der[: -2 * size - 1] + b"\6" + der[-2 * size :]
        yield der[: -2 * size - 2] + b"\1" + der[-2 * size - 1 :]  # unused bits
        yield b"\x30\x80" + der[2:]


def with_point(name: str, scheme: dict[str, Any], sealed: bytes, point: bytes) -> bytes:
    if name.startswith("hpke"):
        return sealed[:1] + point + sealed[1 + len(point) :]
    if name.startswith("cms"):
        size = len(point)
        at = sealed.index(b"\3" + (b"\x81" if size > 126 else b"") + bytes([size + 1]) + b"\0")
        at += 3 if size <= 126 else 4
        return sealed[:at] + point + sealed[at + size :]
    return point + sealed[len(point) :]


@pytest.mark.parametrize("name", [*AGREED, *CMSES])
def test_a_key_that_is_no_point_is_refused(name: str) -> None:
    scheme = EVERY[name]
    suite, private, public = parties(scheme)
    form = scheme.get("point", "raw-x" if suite.key_kind == "X25519" else "uncompressed")
    sealed = suite.sealer(public)(TEXT)
    points = list(bad_points(suite.key_kind, form))
    assert len(points) >= 3
    for point in points:
        refused(suite, private, with_point(name, scheme, sealed, point))


def jwe_with(sealed: bytes, **members: Any) -> bytes:
    head, _, rest = sealed.partition(b".")
    header = json.loads(base64.urlsafe_b64decode(head + b"=="))
    header["epk"] = {**header["epk"], **members}
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=") + b"." + rest


@pytest.mark.parametrize("name", JWES)
def test_a_jwk_that_is_no_point_is_refused(name: str) -> None:
    suite, private, public = parties(JWES[name])
    curve = suite.key_kind
    sealed = suite.sealer(public)(TEXT)

    def text(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(size_of(curve), "big")).rstrip(b"=").decode()

    if curve == "X25519":
        changed: list[dict[str, Any]] = [
            {"x": base64.urlsafe_b64encode(bytes.fromhex(point)).rstrip(b"=").decode()} for point in SMALL_ORDER
        ]
    else:
        changed = [{"x": text(x), "y": text(y)} for x, y in bad_coordinates(curve)]
    for members in [
        *changed,
        {"x": ""},
        {"x": None},
        {"x": 5},
        {"kty": "RSA"},
        {"kty": "oct", "k": "AAAA"},
        {"crv": ""},
    ]:
        refused(suite, private, jwe_with(sealed, **members))


# --- ciphertexts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_a_changed_ciphertext_is_refused(name: str) -> None:
    """Every byte but those of the sender's key, whose other encodings are tried above; every cut; more; nothing."""
    scheme = EVERY[name]
    suite, private, public = parties(scheme)
    sealed = suite.sealer(public)(TEXT)
    # Of a point's Y nobody asks where X alone is sent, and X25519 ignores one bit.
    is_ecies = scheme["kind"] == "ecies"
    start = point_size(suite.key_kind, scheme.get("point", "uncompressed")) if is_ecies else 0
    start = 34 if name == "hpke X25519" else start
    step = 11 if len(sealed) > 400 else 5
    for at in range(start, len(sealed), step):
        refused(suite, private, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for at in range(0, len(sealed), step * 5):
        refused(suite, private, sealed[:at])
    for data in (b"", sealed[:-1], sealed + b"\0", sealed * 2, bytes(len(sealed)), b"\xff" * len(sealed)):
        refused(suite, private, data)


def mgf1(seed: bytes, size: int, name: str) -> bytes:
    """RFC 8017, B.2.1."""
    blocks = [hashlib.new(name, seed + count.to_bytes(4, "big")).digest() for count in range(size // 20 + 1)]
    return b"".join(blocks)[:size]


def oaep_block(db: bytes, *, first: int = 0) -> bytes:
    """A padded block with this data block: masked as OAEP does it (RFC 8017, 7.1.1), SHA-256 and MGF1 with SHA-1."""
    seed = bytes(range(32))
    masked = bytes(one ^ other for one, other in zip(db, mgf1(seed, len(db), "sha1"), strict=True))
    hidden = bytes(one ^ other for one, other in zip(seed, mgf1(masked, 32, "sha1"), strict=True))
    return bytes([first]) + hidden + masked


def bad_blocks(modulus: int) -> Iterator[int]:
    """RSA ciphertexts whose padding is wrong in every way, for OAEP with SHA-256 and MGF1-SHA-1 and for PKCS#1 v1.5."""
    label, room = hashlib.sha256(b"").digest(), 256 - 33
    rest = room - 32
    good = label + bytes(rest - 17) + b"\1" + bytes(16)
    yield from map(as_number, [
        oaep_block(good, first=1),
        oaep_block(hashlib.sha256(b"other").digest() + good[32:]),
        oaep_block(label + bytes(rest)),  # no 01
        oaep_block(label + bytes(rest - 17) + b"\2" + bytes(16)),
        oaep_block(label + b"\xff" * rest),
        oaep_block(bytes(room)),
        b"\0\2" + bytes(254),  # PKCS#1: no padding
        b"\0\2" + b"\xff" * 7 + b"\0" + bytes(246),  # too little
        b"\0\2" + b"\xff" * 254,  # no end
        b"\0\1" + b"\xff" * 100 + b"\0" + bytes(153),  # a signature's
        b"\1\2" + b"\xff" * 100 + b"\0" + bytes(153),
    ])  # fmt: skip
    yield from (0, 1, modulus - 1)


def as_number(data: bytes) -> int:
    return int.from_bytes(data, "big")


@pytest.mark.parametrize("name", [name for name in RSAS if name != "jwe oaep"])
def test_wrong_padding_of_rsa_is_refused(name: str) -> None:
    suite, private, public = parties(RSAS[name])
    assert isinstance(public, rsa.RSAPublicKey)
    numbers = public.public_numbers()
    sealed = suite.sealer(public)(TEXT)
    at = sealed.index(b"\4\x82\1\0") + 4 if name.startswith("cms") else 0
    for block in bad_blocks(numbers.n):
        cipher = pow(block, numbers.e, numbers.n).to_bytes(256, "big")
        refused(suite, private, sealed[:at] + cipher + sealed[at + 256 :])
    refused(suite, private, sealed[:at] + numbers.n.to_bytes(256, "big") + sealed[at + 256 :])


def test_a_padded_block_made_here_opens_where_it_is_right() -> None:
    """So that the wrong ones are wrong for their one fault only."""
    suite, private, public = parties(OAEP)
    numbers = public.public_numbers()
    db = hashlib.sha256(b"").digest() + bytes(256 - 33 - 32 - 4) + b"\1abc"
    assert suite.open(private, pow(as_number(oaep_block(db)), numbers.e, numbers.n).to_bytes(256, "big")) == b"abc"


# --- the MAC comes first ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cbc hmac", "ctr hmac", "xor hmac"])
def test_nothing_is_decrypted_before_the_mac_is_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So no time and no message can tell padding from MAC: with a wrong MAC the padding is never looked at."""
    suite, private, public = parties(MACS[name])
    sealed = suite.sealer(public)(TEXT)
    reached = []
    decrypt = Cipher._decrypt
    monkeypatch.setattr(Cipher, "_decrypt", lambda *args: reached.append(1) or decrypt(*args))
    refused(suite, private, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert not reached
    assert suite.open(private, sealed) == TEXT
    assert reached


def test_a_jwe_is_not_decrypted_before_its_tag_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    from joserfc._rfc7518 import jwe_encs

    suite, private, public = parties(JWES["jwe P-256 ECDH-ES"])
    sealed = suite.sealer(public)(TEXT)
    reached = []
    engine = jwe_encs.Cipher
    monkeypatch.setattr(jwe_encs, "Cipher", lambda *args: reached.append(1) or engine(*args))
    refused(suite, private, sealed[:-2] + (b"A" if sealed[-2:-1] != b"A" else b"B") + sealed[-1:])
    assert not reached
    assert suite.open(private, sealed) == TEXT
    assert reached
