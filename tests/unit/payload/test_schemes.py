"""Schemes that a spec describes: whatever is sensible is sealed and opened, and nothing but the right thing opens."""

from __future__ import annotations

import base64
import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bss_mfg.errors import InputError
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.schemes.containers import JweAlg, JweEnc
from bss_mfg.payload.schemes.descriptions import SchemeDescription, warnings
from bss_mfg.payload.suites import described

HASHES = ["sha1", "sha224", "sha256", "sha384", "sha512"]
AEADS = [f"aes-{bits}-{mode}" for bits in (128, 192, 256) for mode in ("gcm", "ccm")] + ["chacha20-poly1305"]
PLAIN = [f"aes-{bits}-{mode}" for bits in (128, 192, 256) for mode in ("cbc", "ctr")]
KINDS = {"P-256": "p256", "P-384": "p384", "P-521": "p521", "X25519": "x25519", "RSA": "rsa"}
PAIRS = {kind: new_development_key(name) for kind, name in KINDS.items()}
OTHERS = {kind: new_development_key(name) for kind, name in KINDS.items()}
SCHEMES: TypeAdapter[SchemeDescription] = TypeAdapter(SchemeDescription)

hexes = st.binary(max_size=20).map(bytes.hex)
pieces = st.lists(
    st.one_of(st.sampled_from(["point", "recipient", "text:Bulb"]), hexes.map("hex:{}".format)), max_size=3
)
macs = st.fixed_dictionaries(
    {
        "hash": st.sampled_from(HASHES),
        "key_bytes": st.integers(1, 64),
        "tag_bytes": st.one_of(st.none(), st.integers(4, 20)),
        "covers": st.sampled_from(["ciphertext", "iv-ciphertext"]),
        "parameter": hexes,
        "parameter_length": st.sampled_from(["none", "bits-64"]),
    }
)


@st.composite
def symmetric(draw: st.DrawFn, *, wrapped: bool) -> dict[str, Any]:
    """The part that all schemes with a cipher have."""
    kinds = [st.sampled_from(AEADS), st.sampled_from(PLAIN)]
    cipher = draw(st.one_of(*kinds) if wrapped else st.one_of(*kinds, st.just("xor")))
    found: dict[str, Any] = {"cipher": cipher, "prefix": draw(hexes)}
    is_aead = cipher in AEADS
    if cipher == "xor":
        found["mac"] = draw(st.one_of(st.none(), macs))
        return found
    size = 16 if cipher in PLAIN else draw(st.sampled_from([12, 13] if "ccm" in cipher else [12, 16]))
    if cipher == "chacha20-poly1305":
        size = 12
    found["iv_bytes"] = size
    ways = ["random", "zero", f"hex:{'ab' * size}"] + ([] if wrapped else ["derived"])
    found["iv"] = draw(st.sampled_from(ways))
    if is_aead:
        found["tag_bytes"] = 16 if "aes" not in cipher else draw(st.sampled_from([8, 12, 16]))
        found["aad"] = draw(st.just([]) if wrapped else pieces)
    else:
        found["mac"] = draw(st.one_of(st.none(), macs))
    return found


@st.composite
def ecies(draw: st.DrawFn) -> dict[str, Any]:
    curve = draw(st.sampled_from(["P-256", "P-384", "P-521", "X25519"]))
    forms = ["raw-x", "spki"] if curve == "X25519" else ["compressed", "uncompressed", "raw-xy", "raw-x", "spki"]
    name = draw(st.sampled_from(["x963", "kdf1", "kdf2", "hkdf", "concat"]))
    kdf = {"name": name, "hash": draw(st.sampled_from(HASHES)), "info": draw(pieces)}
    kdf["input"] = draw(st.sampled_from(["z", "point-z"]))
    kdf["salt"] = draw(hexes) if name == "hkdf" else ""
    derive = draw(st.permutations(["key", "mac-key", "iv"]))
    return {
        "kind": "ecies", "curve": curve, "point": draw(st.sampled_from(forms)), "kdf": kdf, "derive": derive,
        **draw(symmetric(wrapped=False)),
    }  # fmt: skip


@st.composite
def oaep(draw: st.DrawFn) -> dict[str, Any]:
    names = st.sampled_from(["sha1", "sha224", "sha256"])
    return {"kind": "rsa-oaep", "hash": draw(names), "mgf_hash": draw(names), "label": draw(hexes)}


@st.composite
def wrapped(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "rsa-wrapped",
        "wrap": draw(st.one_of(oaep(), st.just({"kind": "rsa-pkcs1"}))),
        "mac_key_first": draw(st.booleans()),
        **draw(symmetric(wrapped=True)),
    }


hpke = st.fixed_dictionaries(
    {
        "kind": st.just("hpke"),
        "kem": st.sampled_from(["P-256", "P-384", "P-521", "X25519"]),
        "kdf": st.sampled_from(["hkdf-sha256", "hkdf-sha384", "hkdf-sha512"]),
        "aead": st.sampled_from(["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"]),
        "info": st.lists(hexes.map("hex:{}".format), max_size=2),
        "prefix": hexes,
    }
)


@st.composite
def jwe(draw: st.DrawFn) -> dict[str, Any]:
    content = {
        "kind": "jwe",
        "alg": draw(st.sampled_from(get_args(JweAlg))),
        "enc": draw(st.sampled_from(get_args(JweEnc))),
    }
    content["header"] = draw(st.dictionaries(st.sampled_from(["kid", "typ", "cty", "x-made-by"]), st.text(max_size=9)))
    if content["alg"].startswith("ECDH"):
        content["curve"] = draw(st.sampled_from(["P-256", "P-384", "P-521", "X25519"]))
        content["apu"], content["apv"] = (draw(st.lists(hexes.map("hex:{}".format), max_size=2)) for _ in "uv")
    return content


@st.composite
def cms(draw: st.DrawFn) -> dict[str, Any]:
    content = draw(st.sampled_from(["enveloped", "auth-enveloped"]))
    bits, mode = draw(st.sampled_from([128, 192, 256])), draw(st.sampled_from(["gcm", "ccm"]))
    curves, hashes = st.sampled_from(["P-256", "P-384", "P-521"]), st.sampled_from(HASHES)
    ecdh = {
        "kind": "ecdh", "curve": draw(curves), "hash": draw(hashes), "ukm": draw(hexes),
        "wrap": draw(st.sampled_from(["aes-128-wrap", "aes-192-wrap", "aes-256-wrap"])),
        "sender_curve": draw(st.sampled_from(["absent", "null", "named"])),
    }  # fmt: skip
    named: dict[str, Any] = {"identifier": draw(st.sampled_from(["key-id", "hex:0102", "issuer-serial"]))}
    if named["identifier"] == "issuer-serial":
        named |= {"issuer": "300d310b3009060355040613025553", "serial": draw(st.integers(0, 2**64))}
    return {
        "kind": "cms", "content": content, "content_info": draw(st.booleans()), **named,
        "recipient": draw(st.one_of(st.just(ecdh), oaep(), st.just({"kind": "rsa-pkcs1"}))),
        "cipher": f"aes-{bits}-{'cbc' if content == 'enveloped' else mode}",
        "tag_bytes": 16 if content == "enveloped" else draw(st.sampled_from([12, 14, 16])),
    }  # fmt: skip


anything = st.one_of(ecies(), oaep(), st.just({"kind": "rsa-pkcs1"}), wrapped(), hpke, jwe(), cms())
quiet = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def keys_of(kind: str, pairs: dict[str, tuple[bytes, bytes]] = PAIRS):
    private, public = pairs[kind]
    return load_private_key(private, "test"), load_public_key(public, "test")


@given(content=anything, plaintext=st.binary(max_size=96), data=st.data())
@quiet
def test_what_is_sealed_opens_again_in_any_order_of_its_parts(
    content: dict[str, Any], plaintext: bytes, data: st.DataObject
) -> None:
    scheme = SCHEMES.validate_python(content)
    if hasattr(scheme, "parts"):
        scheme = SCHEMES.validate_python({**content, "order": data.draw(st.permutations(scheme.parts))})
    suite = described(scheme)
    private, public = keys_of(suite.key_kind)
    suite.check_key(public.kind, "test")
    sealed = suite.sealer(public.key)(plaintext)
    assert suite.open(private, sealed) == plaintext
    assert len(sealed) == suite.sealed_size(len(plaintext), public.bits)
    assert SCHEMES.validate_json(SCHEMES.dump_json(scheme)) == scheme


@given(content=anything, plaintext=st.binary(min_size=1, max_size=64), data=st.data())
@quiet
def test_nothing_but_the_right_thing_opens(content: dict[str, Any], plaintext: bytes, data: st.DataObject) -> None:
    """A changed bit, a cut, another key: refused where there is a tag; without one at least nothing is told apart."""
    scheme = SCHEMES.validate_python(content)
    suite = described(scheme)
    private, public = keys_of(suite.key_kind)
    sealed = suite.sealer(public.key)(plaintext)
    how = data.draw(st.sampled_from(["bit", "cut", "longer", "other key", "empty"]))
    if how == "bit":
        at = data.draw(st.integers(0, len(sealed) * 8 - 1))
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        sealed = bytes(changed)
    private = keys_of(suite.key_kind, OTHERS)[0] if how == "other key" else private
    sealed = {"cut": sealed[:-1], "longer": sealed + b"\0", "empty": b""}.get(how, sealed)
    has_tag = getattr(scheme, "has_tag", scheme.kind != "rsa-pkcs1")
    # An ephemeral Y that nobody uses, or a bit of X25519 that is ignored (RFC 7748, 5), changes no secret.
    assume(has_tag and not (how == "bit" and getattr(scheme, "point", "") in ("compressed", "raw-x", "spki")))
    assume(how != "bit" or "does not cover the IV" not in " ".join(warnings(scheme)))
    with pytest.raises(InputError, match="can't be decrypted"):
        suite.open(private, sealed)


@given(content=anything)
@settings(quiet, max_examples=60)
def test_sealing_twice_never_gives_the_same(content: dict[str, Any]) -> None:
    suite = described(SCHEMES.validate_python(content))
    seal = suite.sealer(keys_of(suite.key_kind)[1].key)
    assert len({seal(b"same") for _ in range(5)}) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_another_kind_opens_nothing_and_is_refused_by_name(kind: str) -> None:
    other = next(one for one in KINDS if one != kind)
    content: dict[str, Any] = {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"}
    if kind != "RSA":
        form = "raw-x" if kind == "X25519" else "compressed"
        kdf = {"name": "hkdf", "hash": "sha256"}
        content = {"kind": "ecies", "curve": kind, "point": form, "kdf": kdf, "cipher": "aes-256-gcm"}
    suite = described(SCHEMES.validate_python(content))
    private, public = keys_of(other)
    with pytest.raises(InputError, match="can't be decrypted"):
        suite.open(private, suite.sealer(keys_of(kind)[1].key)(b"text"))
    with pytest.raises(InputError, match=f"needs an? {kind} key"):
        suite.check_key(public.kind, "test")


KDF = {"name": "x963", "hash": "sha256"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"cipher": "aes-128-gcm", "mac": {"hash": "sha256", "key_bytes": 32}}, "tag of its own"),
        ({"cipher": "aes-128-cbc", "aad": ["text:a"]}, "takes no additional data"),
        ({"cipher": "aes-128-cbc", "iv": "hex:00"}, "should have 16 bytes"),
        ({"cipher": "aes-128-gcm", "order": ["point", "ciphertext"]}, "order should hold each of"),
        ({"cipher": "aes-128-gcm", "order": ["point", "ciphertext", "tag", "tag"]}, "order should hold each of"),
        ({"cipher": "aes-128-ccm", "iv_bytes": 16}, "7 to 13 bytes"),
        ({"cipher": "xor", "iv": "zero"}, "no iv"),
        ({"cipher": "aes-128-gcm", "derive": ["iv"]}, "derive should hold key"),
        ({"cipher": "aes-128-gcm", "derive": ["key"]}, "a derived iv"),
        ({"cipher": "xor", "derive": ["key"], "mac": {"hash": "sha1", "key_bytes": 16}}, "mac's key"),
        ({"cipher": "aes-128-gcm", "curve": "X25519"}, "raw-x or spki"),
        ({"cipher": "aes-128-gcm", "kdf": {**KDF, "salt": "00"}}, "only hkdf"),
        ({"cipher": "aes-128-gcm", "kdf": {**KDF, "info": ["point", "salt"]}}, "should be point, recipient"),
        ({"cipher": "des"}, "Input should be"),
    ],
)
def test_what_makes_no_sense_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SCHEMES.validate_python({"kind": "ecies", "kdf": KDF, **content})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"alg": "RSA1_5"}, "Input should be"),
        ({"alg": "dir"}, "Input should be"),
        ({"alg": "RSA-OAEP", "apu": ["text:a"]}, "belong to ECDH-ES"),
        ({"apv": ["recipient"]}, "text:TEXT or hex:HEXDIGITS"),
        ({"header": {"zip": "DEF"}}, "can't hold zip"),
        ({"header": {"crit": "exp", "epk": ""}}, "can't hold crit, epk"),
        ({"header": {"kid": 1}}, "valid string"),
    ],
)
def test_a_jwe_that_makes_no_sense_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SCHEMES.validate_python({"kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM", **content})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"content": "auth-enveloped"}, "gcm or ccm"),
        ({"cipher": "aes-128-gcm"}, "has a cipher with cbc"),
        ({"cipher": "des-ecb"}, "Input should be"),
        ({"tag_bytes": 12}, "belongs to auth-enveloped"),
        ({"identifier": "issuer-serial"}, "issuer and serial"),
        ({"serial": 1}, "issuer and serial"),
        ({"recipient": {"kind": "ecdh", "curve": "X25519"}}, "Input should be"),
    ],
)
def test_a_cms_message_that_makes_no_sense_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SCHEMES.validate_python({"kind": "cms", "recipient": {"kind": "ecdh"}, "cipher": "aes-128-cbc", **content})


def reheaded(sealed: bytes, header: dict[str, Any] | str) -> bytes:
    """A JWE with another header; a text is written as it is."""
    shown = header if isinstance(header, str) else json.dumps(header)
    return base64.urlsafe_b64encode(shown.encode()).rstrip(b"=") + sealed[sealed.index(b".") :]


def test_a_jwe_does_not_choose_how_it_is_opened() -> None:
    """Another algorithm, an additional or doubled member, a key on another curve, a part in another spelling."""
    suite = described(SCHEMES.validate_python({"kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM"}))
    private, public = keys_of("P-256")
    sealed = suite.sealer(public.key)(b"credentials")
    header = json.loads(base64.urlsafe_b64decode(sealed[: sealed.index(b".")] + b"=="))
    point = header["epk"]
    changed = [
        reheaded(sealed, {**header, "alg": "dir"}),
        reheaded(sealed, {**header, "enc": "A256GCM"}),
        reheaded(sealed, {**header, "zip": "DEF"}),
        reheaded(sealed, {**header, "crit": ["exp"]}),
        reheaded(sealed, {**header, "epk": {**point, "crv": "P-384"}}),
        reheaded(sealed, {**header, "epk": {**point, "x": point["y"]}}),
        reheaded(sealed, {**header, "epk": {"kty": "EC", "crv": "P-256"}}),
        reheaded(sealed, {**header, "epk": "point"}),
        reheaded(sealed, json.dumps(header)[:-1] + ', "alg": "ECDH-ES"}'),
        reheaded(sealed, "[" * 4000),
        reheaded(sealed, "null"),
        sealed + b"=", sealed + b".", sealed.replace(b".", b",", 1), b"....", sealed.replace(b".", b"\xff", 1),
    ]  # fmt: skip
    assert suite.open(private, sealed) == b"credentials"
    for text in changed:
        with pytest.raises(InputError, match="can't be decrypted"):
            suite.open(private, text)


def test_what_an_insecure_part_costs_is_said() -> None:
    def said(**content: Any) -> str:
        return " ".join(warnings(SCHEMES.validate_python({"kind": "ecies", "kdf": KDF, "cipher": "xor", **content})))

    assert "no MAC" in said()
    assert "SHA-1" in said(mac={"hash": "sha1", "key_bytes": 16})
    assert "SHA-1 in the KDF" in said(kdf={**KDF, "hash": "sha1"}, cipher="aes-128-gcm")
    assert "tag of 8 bytes" in said(cipher="aes-128-gcm", tag_bytes=8)
    assert said(cipher="aes-128-gcm") == ""
    mac = {"hash": "sha256", "key_bytes": 32}
    assert "does not cover the IV" in said(cipher="aes-128-cbc", iv="random", mac=mac)
    assert said(cipher="aes-128-cbc", iv="random", mac={**mac, "covers": "iv-ciphertext"}) == ""
    assert said(cipher="aes-128-cbc", mac=mac) == ""
    assert "PKCS#1" in warnings(SCHEMES.validate_python({"kind": "rsa-pkcs1"}))[0]
    cms = {"kind": "cms", "recipient": {"kind": "rsa-pkcs1"}, "cipher": "aes-128-cbc"}
    assert [line.partition(":")[0] for line in warnings(SCHEMES.validate_python(cms))] == [
        "PKCS#1 v1.5 padding", "no MAC",
    ]  # fmt: skip
    cms |= {"content": "auth-enveloped", "cipher": "aes-128-ccm", "recipient": {"kind": "ecdh", "hash": "sha1"}}
    assert "SHA-1 in the KDF" in warnings(SCHEMES.validate_python(cms))[0]
    assert "tag of 8 bytes" in warnings(SCHEMES.validate_python({**cms, "tag_bytes": 8}))[1]
