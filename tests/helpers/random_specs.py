"""Random specs (any scheme, any layout, several fields), packages that fit them, and samples as a guide would print."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample, SampleUnit, SpecSample
from tests.unit.payload.test_layouts import FACTS, encrypted_fields
from tests.unit.payload.test_schemes import anything, keys_of

PLAIN = [
    {"source": "unit.serial"},
    {"source": "unit.mac", "format": "hex-upper"},
    {"source": "unit.pin", "format": "hex-lower", "max_length": 8},
    {"source": "package.units", "format": "decimal"},
    {"source": "constant", "value": "2"},
    {"source": "product.pid"},
    {"source": "product.upc"},
    {"source": "unit.uuid", "format": "base64"},
    {"source": "unit.uuid", "format": "hex-lower"},
]


@dataclass(frozen=True)
class Case:
    """A spec, the units of a package, and the kind of key that the spec needs."""

    spec: Spec
    units: Sequence[Unit]
    key_kind: str


def new_unit(number: int, oob: int) -> Unit:
    """A made-up device."""
    mac = f"02{secrets.token_hex(5)}".upper()
    serial, pin = f"S{secrets.token_hex(4)}", secrets.token_hex(4)
    return Unit(number, serial, uuid.uuid4(), mac, Secret(secrets.token_bytes(oob)), extra={"pin": pin})


@st.composite
def cases(draw: st.DrawFn, *, most_units: int = 6) -> Case:
    """Any spec with an encrypted field of any scheme and layout, and a package for it."""
    scheme = draw(anything)
    sealed = {**draw(encrypted_fields()), "scheme": scheme}
    del sealed["suite"]
    plain = draw(st.lists(st.sampled_from(PLAIN), max_size=3, unique_by=lambda one: one["source"]))
    fields = [{"key": f"K{n}", "status": "assumed", **one} for n, one in enumerate(plain)]
    first = {"key": "ABV", "status": "published", "source": "constant", "value": "OB04"}
    data = {
        "format": 1, "name": "test", "list_separator": ".", "field": [first, *draw(st.permutations([sealed, *fields]))],
        "key_separator": draw(st.sampled_from(":=")), "field_separator": draw(st.sampled_from(";|")),
    }  # fmt: skip
    data["terminator"] = draw(st.sampled_from(["", data["field_separator"]]))
    if "=" in data["key_separator"] and sealed["format"] in ("base64", "base64url"):
        data["key_separator"] = ":"
    oob = draw(st.sampled_from([16, 32]))
    units = [new_unit(number, oob) for number in range(1, draw(st.integers(1, most_units)) + 1)]
    spec = Spec.model_validate(data)
    suite = spec.encrypted[0].encryption
    assert suite is not None
    return Case(spec, units, suite.key_kind)


def sample_unit(unit: Unit, **changes: Any) -> SampleUnit:
    """A unit as a sample tells it."""
    told = {"uuid": unit.uuid, "oob": unit.key, "serial": unit.serial, "mac": unit.mac, "extra": unit.extra}
    return SampleUnit(**{**told, **changes})


def sample_of(case: Case, name: str = "guide.toml") -> LoadedSample | None:
    """What a guide would print of a package; None where the spec can't hold so much."""
    private, public = keys_of(case.key_kind)
    try:
        text = PayloadBuilder(case.spec, FACTS, public).build(case.units)
    except (InputError, ValueError):  # RSA holds no more
        return None
    units = tuple(sample_unit(unit) for unit in case.units)
    return LoadedSample(SpecSample(name, "", text, units, FACTS), private)
