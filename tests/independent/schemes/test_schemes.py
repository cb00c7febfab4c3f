"""What others seal is opened by the scheme that a spec describes, and what it seals is opened by them: Bouncy Castle's
IES engine, Java's JCE, Crypto++, Node.js, its packages jose and hpke-js."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.schemes.containers import JweAlg, JweEnc
from bss_mfg.payload.schemes.descriptions import SchemeDescription
from bss_mfg.payload.suites import described
from tests.needs import BOUNCY_CASTLE, needs

HERE = Path(__file__).parent
KINDS = {"P-256": "p256", "P-384": "p384", "P-521": "p521", "X25519": "x25519", "RSA": "rsa"}
SIZES = (1, 15, 16, 32, 33, 48, 96)


def ies(hash_name: str, mac: str, *, curve: str = "P-256", block: bool = False, bare: bool = False) -> dict[str, Any]:
    """Bouncy Castle's IES engine with a fresh key: KDF2 over the sent point and Z."""
    found: dict[str, Any] = {
        "kind": "ecies",
        "curve": curve,
        "kdf": {"name": "kdf2", "hash": hash_name, "input": "point-z", "info": [] if bare else ["hex:010203"]},
        "mac": {
            "hash": mac, "key_bytes": 20 if block else 16, "parameter": "" if bare else "0405",
            "parameter_length": "bits-64",
        },
    }  # fmt: skip
    if block:
        return {**found, "cipher": "aes-128-cbc", "iv": "zero", "derive": ["key", "mac-key"]}
    return {**found, "cipher": "xor", "derive": ["mac-key", "key"]}


def wrapped(cipher: str) -> dict[str, Any]:
    wrap = {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"}
    return {"kind": "rsa-wrapped", "wrap": wrap, "cipher": cipher, "iv": "random"}


JAVA: dict[str, dict[str, Any]] = {
    "ies-xor-sha1": ies("sha1", "sha1"),
    "ies-xor-sha256": ies("sha256", "sha256"),
    "ies-xor-p384": ies("sha384", "sha384", curve="P-384"),
    "ies-xor-bare": ies("sha256", "sha1", bare=True),
    "ies-cbc-sha1": ies("sha1", "sha1", block=True),
    "ies-cbc-sha256": ies("sha256", "sha256", block=True),
    "ies-cbc-p384": ies("sha512", "sha256", curve="P-384", block=True, bare=True),
    "oaep-java-default": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"},
    "oaep-sha1": {"kind": "rsa-oaep", "hash": "sha1", "mgf_hash": "sha1"},
    "oaep-label": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256", "label": "010203"},
    "pkcs1": {"kind": "rsa-pkcs1"},
    "wrapped-gcm": wrapped("aes-256-gcm"),
    "wrapped-cbc": wrapped("aes-256-cbc"),
    "concat-gcm": {
        "kind": "ecies", "point": "spki", "kdf": {"name": "concat", "hash": "sha512", "info": ["text:bulb"]},
        "cipher": "aes-256-gcm", "iv": "random", "aad": ["point"], "order": ["point", "ciphertext", "tag", "iv"],
    },
}  # fmt: skip


def tink(curve: str) -> dict[str, Any]:
    return {
        "kind": "ecies", "curve": curve, "prefix": "0112345678", "cipher": "aes-256-gcm", "iv": "random",
        "kdf": {"name": "hkdf", "hash": "sha256", "input": "point-z", "info": ["text:info"]},
    }  # fmt: skip


NODE: dict[str, dict[str, Any]] = {
    "x25519": {
        "kind": "ecies", "curve": "X25519", "point": "raw-x", "cipher": "chacha20-poly1305",
        "kdf": {
            "name": "hkdf", "hash": "sha256", "input": "point-z", "salt": b"salt".hex(),
            "info": ["recipient", "text:bulb"],
        },
    },
    "tink": tink("P-256"),
    "tink-p384": tink("P-384"),
    "ctr": {
        "kind": "ecies", "curve": "P-521", "point": "compressed", "cipher": "aes-128-ctr",
        "kdf": {"name": "hkdf", "hash": "sha512", "info": ["point"]}, "derive": ["mac-key", "iv", "key"],
        "mac": {"hash": "sha256", "key_bytes": 32, "tag_bytes": 10, "covers": "iv-ciphertext"},
        "order": ["point", "tag", "ciphertext"],
    },
}  # fmt: skip


def crypto_pp(hash_name: str, curve: str = "P-256", *, dhaes: bool = True) -> dict[str, Any]:
    """Crypto++'s ECIES. Its DHAES mode is what Bouncy Castle's IES engine does."""
    return {
        "kind": "ecies", "curve": curve, "cipher": "xor",
        "kdf": {"name": "kdf2", "hash": hash_name, "input": "point-z" if dhaes else "z"},
        "mac": {"hash": hash_name, "key_bytes": 16, "parameter_length": "bits-64" if dhaes else "none"},
        "derive": ["mac-key", "key"] if dhaes else ["key", "mac-key"],
    }  # fmt: skip


CRYPTO_PP: dict[str, dict[str, Any]] = {
    "ies-sha1": crypto_pp("sha1"),
    "ies-sha256": crypto_pp("sha256"),
    "ies-plain": crypto_pp("sha256", dhaes=False),
    "ies-p384": crypto_pp("sha384", "P-384"),
    "ies-p521": crypto_pp("sha512", "P-521"),
    "oaep-sha1": JAVA["oaep-sha1"],
    "oaep-sha256": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256"},
    "pkcs1": JAVA["pkcs1"],
}


def hpke() -> dict[str, dict[str, Any]]:
    """Every KEM and KDF, and every AEAD."""
    kems, kdfs = ("P-256", "P-384", "P-521", "X25519"), ("hkdf-sha256", "hkdf-sha384", "hkdf-sha512")
    aeads = ("aes-128-gcm", "aes-256-gcm", "chacha20-poly1305")
    return {
        f"{kem}/{kdf}/{aead}": {"kind": "hpke", "kem": kem, "kdf": kdf, "aead": aead, "info": ["text:bulb"]}
        for kem in kems
        for kdf in kdfs
        for aead in aeads
    }


def jwe() -> dict[str, dict[str, Any]]:
    """Every pair of algorithms, and every curve."""
    found = {}
    for alg in get_args(JweAlg):
        for enc in get_args(JweEnc):
            for kind in ("P-256", "P-384", "P-521", "X25519") if alg.startswith("ECDH") else ("RSA",):
                of_curve = {"curve": kind, "apu": ["text:factory"], "apv": ["hex:010203"]} if kind != "RSA" else {}
                described = {"kind": "jwe", "alg": alg, "enc": enc, "header": {"kid": "puk-1"}, **of_curve}
                found[f"{alg}/{enc}/{kind}"] = described
    return found


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key pair of each kind."""
    folder = tmp_path_factory.mktemp("keys")
    for kind, name in KINDS.items():
        private, public = new_development_key(name)
        (folder / f"{kind}.pem").write_bytes(private)
        (folder / f"{kind}.public.pem").write_bytes(public)
    return folder


def compiled(folder: Path) -> Path:
    """The program with Crypto++, made for this run."""
    made = folder / "sealer"
    subprocess.run(["g++", "-std=c++17", "-O0", "-o", made, HERE / "sealer.cpp", "-lcryptopp"], check=True)
    return made


def ask(command: Sequence[str | Path], keys: Path, questions: Sequence[str]) -> list[bytes]:
    """The answers of one of the programs."""
    done = subprocess.run(
        [*command, keys], input="\n".join(questions) + "\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = [bytes.fromhex(line) for line in done.stdout.split()]
    assert len(answers) == len(questions)
    return answers


def check_both_ways(
    command: Sequence[str | Path],
    keys: Path,
    schemes: dict[str, dict[str, Any]],
    sizes: Sequence[int] = SIZES,
) -> None:
    cases = [(name, os.urandom(size)) for name in schemes for size in sizes]
    suites = {
        name: described(TypeAdapter(SchemeDescription).validate_python(content)) for name, content in schemes.items()
    }
    theirs = ask(command, keys, [f"seal {name} {text.hex()}" for name, text in cases])
    ours = []
    for (name, text), sealed in zip(cases, theirs, strict=True):
        suite = suites[name]
        private = load_private_key((keys / f"{suite.key_kind}.pem").read_bytes(), "test")
        public = load_public_key((keys / f"{suite.key_kind}.public.pem").read_bytes(), "test")
        assert suite.open(private, sealed) == text, name
        assert len(sealed) == suite.sealed_size(len(text), public.bits), name
        ours.append(suite.sealer(public.key)(text))
    questions = [f"open {name} {sealed.hex()}" for (name, _), sealed in zip(cases, ours, strict=True)]
    for (name, text), found in zip(cases, ask(command, keys, questions), strict=True):
        assert found == text, name


@needs("bouncy-castle")
def test_java_and_bouncy_castle_agree(keys: Path) -> None:
    check_both_ways(["java", "-cp", BOUNCY_CASTLE, HERE / "Sealer.java"], keys, JAVA)


@needs("node")
def test_node_agrees(keys: Path) -> None:
    check_both_ways(["node", HERE / "sealer.mjs"], keys, NODE)


@needs("jose")
def test_jose_agrees(keys: Path) -> None:
    check_both_ways(["node", HERE / "jose.mjs"], keys, jwe())


@needs("crypto++")
def test_crypto_pp_agrees(keys: Path, tmp_path: Path) -> None:
    check_both_ways([compiled(tmp_path)], keys, CRYPTO_PP)


@needs("hpke-js")
def test_hpke_js_agrees(keys: Path) -> None:
    check_both_ways(["node", HERE / "hpke.mjs"], keys, hpke(), sizes=(1, 33))
