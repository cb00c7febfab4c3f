"""300 specs drawn at random: what is built of them is taken apart, and explained by a fit, whose first explanation
means the same and is what the sample proves. With one bit changed the sample proves nothing, and no explanation
explains it.

The fit has the usual part of the space (`--usual`): each search of the whole would take minutes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known, known_sample
from bss_mfg.payload.fitting.proof import explains
from bss_mfg.payload.parse import ciphertexts, split_fields, value_bytes
from bss_mfg.payload.proving.evidence import Evidence
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.schemes.descriptions import EciesDescription
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample, SpecSample
from tests.helpers.amount import sized
from tests.unit.payload.fitting.cases import Made, encrypted_spec, key_pair, printed, sample

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
        iv = draw(st.sampled_from(["random", "zero"]))
        wrapped = {"kind": "rsa-wrapped", "wrap": wrap, "cipher": cipher, "iv": iv}
        jwe = {"kind": "jwe", "alg": "RSA-OAEP-256", "enc": draw(st.sampled_from(["A256GCM", "A128CBC-HS256"]))}
        return key, draw(st.sampled_from([wrapped, wrapped, wrap, jwe]))
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


DRAWN = settings(
    max_examples=sized(full=300, usual=70), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
    phases=(Phase.generate,),  # a failure is told as it was drawn: to shrink it would be hundreds of searches
)  # fmt: skip


@DRAWN
@given(
    schemes(), layouts(), st.integers(1, 6), st.sampled_from([16, 32]), st.sampled_from(["package", "unit"]),
    st.tuples(st.integers(0, 2**20), st.integers(0, 6)),
)  # fmt: skip
def test_a_random_spec_is_built_proven_and_explained(
    scheme: Scheme, layout: Laid, units: int, oob: int, each: str, bit: tuple[int, int]
) -> None:
    is_jwe = scheme[1]["kind"] == "jwe"  # its text can hold the separator of a list
    format, each = ("text", "package") if is_jwe else ("hex-upper", each)
    spec = encrypted_spec(layout[0], scheme[1], each=each, format=format, **layout[1])
    made = Made(units, oob, key=scheme[0])
    try:
        guide, other = printed(spec, made), printed(spec, made)
    except (InputError, ValueError):  # RSA holds no more
        assume(False)
    report = fit(FitRequest((as_known(guide, scheme[0]),), rare=False))
    assert report.specs, (spec.field[2], report.nearest, report.unplaced)
    first = report.specs[0]
    # Of the same number of units, whichever explanation it is: what one seals the other takes apart.
    assert explains(first, as_known(other, scheme[0]))
    assert explains(spec, sample(Spec.model_validate({**first.model_dump(), "name": "other"}), made))
    proof = prove(first, [loaded(guide, scheme[0])])
    assert not proof.faults
    assert all(result.opened for result in proof.results)
    wrong = replace(guide, string=with_a_bit_changed(guide.string, *bit))
    if same_secret(spec, guide.string, wrong.string, scheme[0]):
        return
    for one in report.specs:
        assert not explains(one, as_known(wrong, scheme[0])), (bit, one.field[2])
    for one in (spec, first):
        wrong_proof = prove(one, [loaded(wrong, scheme[0])])
        assert wrong_proof.faults or wrong_proof.evidence_of["DAT"] is not Evidence.PROVEN, bit


def as_known(guide: SpecSample, kind: str) -> Known:
    return known_sample(guide, key_pair(kind)[0])


def loaded(guide: SpecSample, kind: str) -> LoadedSample:
    return LoadedSample(guide, key_pair(kind)[0])


def with_a_bit_changed(text: str, place: int, bit: int) -> str:
    at = place % len(text)
    return text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :]


def same_secret(spec: Spec, text: str, changed: str, kind: str) -> bool:
    """Whether the changed string is another one of the same units: it holds the other point of the same X (or X25519's
    unused bit), whose secret is the same."""
    scheme = spec.encrypted[0].scheme
    if not isinstance(scheme, EciesDescription) or not (scheme.curve == "X25519" or scheme.point == "compressed"):
        return False
    plaintexts = [opened(spec, one, kind) for one in (text, changed)]
    return plaintexts[0] == plaintexts[1]


def opened(spec: Spec, text: str, kind: str) -> list[bytes]:
    suite = spec.encrypted[0].encryption
    assert suite is not None
    try:
        (item,) = (one for one in split_fields(text, spec) if one.field and one.field.encryption)
        values = ciphertexts(item, spec)
        return [suite.open(key_pair(kind)[0], value_bytes(one, "hex-upper")) for one in values]
    except (InputError, ValueError):
        return []
