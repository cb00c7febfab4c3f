"""Samples made of a spec, as a guide would print them: with made-up units, sealed to a test key."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.fitting.known import Known, known_sample
from bss_mfg.payload.product_keys import PrivateKey, ProductKey, load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample

FACTS = {"pid": "ebK3", "upc": "841667145075"}
KINDS = {"P-256": "p256", "P-384": "p384", "P-521": "p521", "X25519": "x25519", "RSA": "rsa"}


@cache
def key_pair(kind: str = "P-256") -> tuple[PrivateKey, ProductKey]:
    """A test key of a kind."""
    private, public = new_development_key(KINDS[kind])
    return load_private_key(private, "test"), load_public_key(public, "test")


@dataclass(frozen=True)
class Made:
    """What a package is made of."""

    units: int = 1
    oob: int = 16
    mac: bool = False
    serial: str = "SN{:06}"
    gives: tuple[str, ...] = ("uuid", "oob")
    key: str = "P-256"
    facts: dict[str, str] = field(default_factory=lambda: dict(FACTS))
    descends: bool = False
    """Whether each value of the units is below that of the unit before, and not above it."""


def encrypted_spec(plaintext: Sequence[dict[str, Any]], scheme: dict[str, Any] | None = None, **more: Any) -> Spec:
    """A spec with one encrypted field beside ABV and PID; `more` is of that field."""
    how: dict[str, Any] = {"suite": "ecies-p256-x963sha256-aes128gcm"} if scheme is None else {"scheme": scheme}
    sealed = {"key": "DAT", "status": "assumed", "source": "encrypted", "format": "hex-upper", **how, **more}
    fields = [
        {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"},
        {"key": "PID", "status": "published", "source": "product.pid"},
        {**sealed, "plaintext": plaintext},
    ]
    return Spec.model_validate({"format": 1, "name": "made", "field": fields})


def sample(spec: Spec, made: Made = Made(), *, keyed: bool = True) -> Known:
    """A sample of a spec, as the search sees it."""
    return known_sample(printed(spec, made), key_pair(made.key)[0] if keyed else None)


def printed(spec: Spec, made: Made = Made()) -> SpecSample:
    """A sample of a spec, as a guide prints it. Its units are sorted by each value, so that no chance sorts them
    otherwise than they are listed."""
    way, count = made.descends, range(made.units)
    numbers = [made.units - at if way else at + 1 for at in count]
    uuids = sorted((uuid.uuid4() for _ in count), reverse=way)
    keys, macs = (sorted((os.urandom(size) for _ in count), reverse=way) for size in (made.oob, 6))
    units = [
        Unit(
            number, made.serial.format(numbers[number - 1]), uuids[number - 1], key=Secret(keys[number - 1]),
            mac=macs[number - 1].hex().upper() if made.mac else None,
        )
        for number in range(1, made.units + 1)
    ]  # fmt: skip
    builder = PayloadBuilder(spec, made.facts, key_pair(made.key)[1])
    text = builder.build(units)
    while spec.encrypted[0].format == "base64" and not {"+", "/"} & set(text):  # without them it may be base64url
        text = builder.build(units)
    said = tuple(
        SampleUnit(
            uuid=unit.uuid if "uuid" in made.gives else None,
            oob=unit.key if "oob" in made.gives else None,
            serial=unit.serial if "serial" in made.gives else None,
            mac=unit.mac if "mac" in made.gives else None,
        )
        for unit in units
    )
    return SpecSample("sample.toml", "", text, said, {"pid": made.facts["pid"]})
