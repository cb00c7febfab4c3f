"""Samples that are wrong have no explanation: sealed to another key, cut, or with values of other units."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import Known, KnownUnit
from bss_mfg.payload.product_keys import PrivateKey, load_private_key, new_development_key
from bss_mfg.payload.spec import Spec
from tests.unit.payload.fitting.cases import KINDS, Made, encrypted_spec, sample

PLAIN = [{"source": "unit.uuid"}, {"source": "unit.oob"}]
COUNTED = [{"source": "package.units", "format": "u8"}, *PLAIN]
OAEP = {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha1"}
SCHEMES: dict[str, dict[str, Any]] = {
    "RSA": OAEP,
    "RSA wrapped": {"kind": "rsa-wrapped", "wrap": OAEP, "cipher": "aes-256-gcm", "iv": "random"},
    "X25519": {"kind": "hpke", "kem": "X25519", "kdf": "hkdf-sha256", "aead": "aes-128-gcm"},
    "P-256": {"kind": "ecies", "kdf": {"name": "x963", "hash": "sha256"}, "cipher": "xor", "derive": ["key"]},
    "P-384": {
        "kind": "ecies", "curve": "P-384", "kdf": {"name": "hkdf", "hash": "sha256"}, "cipher": "aes-128-cbc",
        "iv": "zero", "derive": ["key"],
    },
    "P-521": {"kind": "jwe", "alg": "ECDH-ES", "enc": "A128GCM", "curve": "P-521"},
}  # fmt: skip


def right(name: str, units: int, plaintext: list[dict[str, Any]]) -> tuple[Spec, Known]:
    format = "text" if SCHEMES[name]["kind"] == "jwe" else "hex-upper"
    spec = encrypted_spec(plaintext, SCHEMES[name], format=format)
    return spec, sample(spec, Made(units, key=name.split()[0]))


def other_key(name: str, known: Known) -> Known:
    return replace(known, key=another_key(name.split()[0]))


@cache
def another_key(kind: str) -> PrivateKey:
    return load_private_key(new_development_key(KINDS[kind])[0], "test")


def cut(known: Known, dice: random.Random) -> Known:
    """Without some characters of the encrypted value, not so few that a tag of 12 or 8 bytes is left whole."""
    front, _, value = known.string.removesuffix(";").rpartition(":")
    count = dice.choice([1, 2, 3, 6, 11, 19, 20, 21, 40])
    return replace(known, string=f"{front}:{value[:-count]};")


def other_values(known: Known, dice: random.Random) -> Known:
    """With another OOB key or UUID of one unit, or those of two units changed about."""
    units = [dict(unit.values) for unit in known.units]
    number = dice.randrange(len(units))
    how = dice.choice(["oob", "uuid", "bit", *(["swapped"] if len(units) > 1 else [])])
    if how == "oob":
        units[number]["unit.oob"] = os.urandom(16)
    elif how == "uuid":
        units[number]["unit.uuid"] = uuid.uuid4().bytes
    elif how == "bit":
        key = units[number]["unit.oob"]
        assert isinstance(key, bytes)
        units[number]["unit.oob"] = key[:7] + bytes([key[7] ^ 1]) + key[8:]
    else:
        units[0]["unit.oob"], units[1]["unit.oob"] = units[1]["unit.oob"], units[0]["unit.oob"]
    return replace(known, units=tuple(map(KnownUnit, units)))


def wrong_samples(count: int, dice: random.Random) -> Iterator[Known]:
    for number in range(count):
        # Where all of ECIES has to be searched in vain each sample costs seconds: of those there are few.
        slow = number % 40 == 7
        name = dice.choice(("X25519", "P-256", "P-384") if slow else ("RSA", "RSA wrapped", "P-521"))
        _, known = right(name, dice.choice([1, 2]), dice.choice([PLAIN, COUNTED]))
        kind = number % 3
        yield other_key(name, known) if kind == 0 else cut(known, dice) if kind == 1 else other_values(known, dice)


def test_every_scheme_is_explained_as_it_is() -> None:
    for name in SCHEMES:
        _, known = right(name, 2, COUNTED)
        assert fit(FitRequest((known,), rare=False)).specs, name


def test_no_wrong_sample_is_explained() -> None:
    for known in wrong_samples(200, random.Random(20)):
        report = fit(FitRequest((known,), rare=False))
        assert not report.specs, (known.string[:60], report)
        assert report.nearest or report.unplaced, known.string[:60]
