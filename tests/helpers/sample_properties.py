"""What holds of any spec and any sample of it."""

from __future__ import annotations

import secrets
import string
import uuid
from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from bss_mfg.model import Secret
from bss_mfg.payload.proving.evidence import Evidence
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.schemes.descriptions import EciesDescription
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample, SampleUnit
from tests.helpers.random_specs import Case, sample_of

PRINTABLE = string.ascii_letters + string.digits + string.punctuation


numbers = st.tuples(*[st.integers(0, 2**20)] * 4)
"""What is changed: they are drawn before anything is encrypted, so that the draws depend on no chance."""


def hold(case: Case, drawn: tuple[int, ...]) -> None:
    """A sample never contradicts its spec. One in which a character was changed is never called proven; it contradicts
    the spec, unless the change is in the last bits of something compressed, which mean nothing."""
    loaded = sample_of(case)
    assume(loaded is not None)
    assert loaded is not None
    proof = prove(case.spec, [loaded])
    assert proof.faults == ()
    assert all(one.opened for one in proof.results)
    closed = prove(case.spec, [replace(loaded, private_key=None)])
    assert closed.faults == ()
    assert closed.evidence_of["BMD"] in (Evidence.CONSISTENT, Evidence.UNTESTED)
    _flip(case.spec, loaded, *drawn[:2])
    _change(case.spec, loaded, *drawn[2:])


def _flip(spec: Spec, loaded: LoadedSample, place: int, other: int) -> None:
    text = loaded.sample.string
    at = place % len(text)
    others = [one for one in PRINTABLE if one != text[at]]
    character = others[other % len(others)]
    flipped = replace(loaded.sample, string=text[:at] + character + text[at + 1 :])
    proof = prove(spec, [replace(loaded, sample=flipped)])
    (sealed,) = spec.encrypted
    if not proof.faults and proof.evidence_of[sealed.key] is Evidence.PROVEN:
        # A string that another package of the same units could have: the other point of the same X, whose shared
        # secret is the same.
        assert isinstance(sealed.scheme, EciesDescription)
        assert sealed.scheme.curve == "X25519" or sealed.scheme.point in ("compressed", "raw-x")


def _change(spec: Spec, loaded: LoadedSample, which: int, whose: int) -> None:
    """Another value of one unit that the spec uses."""
    used = sorted({one.source for one in spec.values_of_units if one.source.startswith("unit.")})
    source = used[which % len(used)]
    units = list(loaded.sample.units)
    index = whose % len(units)
    units[index] = _other(units[index], source)
    changed = replace(loaded.sample, units=tuple(units))
    assert prove(spec, [replace(loaded, sample=changed)]).faults


def _other(unit: SampleUnit, source: str) -> SampleUnit:
    if source == "unit.uuid":
        return replace(unit, uuid=uuid.uuid4())
    if source == "unit.oob" and unit.oob:
        return replace(unit, oob=Secret(secrets.token_bytes(len(unit.oob))))
    if source == "unit.mac":
        return replace(unit, mac="02" + secrets.token_hex(5).upper())
    if source == "unit.serial":
        return replace(unit, serial=f"T{secrets.token_hex(4)}")
    return replace(unit, extra={source.removeprefix("unit."): secrets.token_hex(4)})
