"""Specs drawn at random are explained by their own samples, among the explanations is one that means the same: it opens
what the spec seals, and the spec opens what it seals."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.proof import explains
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

KEYS = ("P-256", "P-384", "P-521", "X25519", "RSA")
COUNT: dict[str, Any] = {"source": "package.units", "format": "u8"}
Scheme = tuple[str, dict[str, Any]]
Laid = tuple[list[dict[str, Any]], dict[str, Any]]
TEXT_FORMATS = ("hex-upper", "hex-lower")


@st.composite
def ecies(draw: st.DrawFn, curve: str) -> dict[str, Any]:
    """What is usual of ECIES: the rest of the space takes a minute for each."""
    forms = ["raw-x", "spki"] if curve == "X25519" else ["compressed", "uncompressed", "raw-xy", "spki"]
    cipher = draw(st.sampled_from(["aes-128-gcm", "aes-256-gcm", "aes-128-ccm", "aes-128-cbc", "aes-256-ctr", "xor"]))
    own_tag = cipher.endswith(("-gcm", "-ccm"))
    has_mac = not own_tag and draw(st.booleans())
    iv = "derived" if cipher == "xor" else draw(st.sampled_from(["derived", "zero", "random"]))
    derive = ["key", *(["mac-key"] if has_mac else []), *(["iv"] if iv == "derived" and cipher != "xor" else [])]
    found: dict[str, Any] = {
        "kind": "ecies", "curve": curve, "point": draw(st.sampled_from(forms)), "cipher": cipher, "iv": iv,
        "derive": draw(st.permutations(derive)),
        "kdf": {
            "name": draw(st.sampled_from(["x963", "hkdf", "concat", "kdf1"])),
            "hash": draw(st.sampled_from(["sha256", "sha1"])),
            "input": draw(st.sampled_from(["z", "point-z"])),
            "info": draw(st.sampled_from([[], ["point"], ["recipient"]])),
        },
    }  # fmt: skip
    if has_mac:
        found["mac"] = {"hash": "sha256", "key_bytes": draw(st.sampled_from([16, 32]))}
    return found


@st.composite
def schemes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind of key, and a scheme for it."""
    key = draw(st.sampled_from(KEYS))
    if key == "RSA":
        wrap = {"kind": "rsa-oaep", "hash": draw(st.sampled_from(["sha1", "sha256"])), "mgf_hash": "sha1"}
        cipher = draw(st.sampled_from(["aes-128-gcm", "aes-256-cbc", "chacha20-poly1305"]))
        return key, {
            "kind": "rsa-wrapped",
            "wrap": wrap,
            "cipher": cipher,
            "iv": draw(st.sampled_from(["random", "zero"])),
        }
    hpke = {
        "kind": "hpke",
        "kem": key,
        "kdf": "hkdf-sha256",
        "aead": draw(st.sampled_from(["aes-128-gcm", "aes-256-gcm"])),
    }
    return key, draw(st.one_of(st.just(hpke), ecies(key)))


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Values of a plaintext, and their layout."""
    kind = draw(st.sampled_from(["binary", "binary", "text", "json", "cbor"]))
    sources = draw(st.permutations(["unit.uuid", "unit.oob"]))
    values: list[dict[str, Any]] = [{"source": source} for source in sources]
    if kind in ("json", "cbor"):
        values = [{**value, "name": value["source"][5:]} for value in values]
    if kind in ("text", "json"):
        values = [{**value, "format": draw(st.sampled_from(TEXT_FORMATS))} for value in values]
    if kind != "binary":
        return values, {"layout": {"kind": kind}}
    length = draw(st.sampled_from([None, "u8", "u16-be", "u16-le"]))
    values = [{**value, **({"length": length} if length else {})} for value in values]
    front = draw(st.sampled_from([[], [COUNT], [{"source": "constant", "format": "raw", "value": "c35a"}, COUNT]]))
    checks = [{"source": "check", "check": "crc32"}, {"source": "check", "check": "sha256", "octets": 8}]
    behind = draw(st.sampled_from([[], *([one] for one in checks)]))
    return [*front, *values, *behind], {"layout": {"order": draw(st.sampled_from(["unit-by-unit", "value-by-value"]))}}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(schemes(), layouts(), st.integers(1, 6), st.sampled_from([16, 32]), st.sampled_from(["package", "unit"]))
def test_a_random_spec_is_explained(scheme: Scheme, layout: Laid, units: int, oob: int, each: str) -> None:
    spec = encrypted_spec(layout[0], scheme[1], each=each, **layout[1])
    made = Made(units, oob, key=scheme[0])
    report = fit(FitRequest((sample(spec, made),), rare=False))
    assert report.specs, (spec.field[2], report.nearest, report.unplaced)
    first = report.specs[0]
    # Of the same number of units, whichever explanation it is: what one seals the other takes apart.
    assert explains(first, sample(spec, made))
    assert explains(spec, sample(Spec.model_validate({**first.model_dump(), "name": "other"}), made))
