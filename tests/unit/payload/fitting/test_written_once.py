"""What a fit looks for in strings and plaintexts is written, and what stands in a field is read, once: not again for
each sign that a list may have, nor for each plaintext. What costs least is tried first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bss_mfg.payload.fitting import known
from bss_mfg.payload.fitting.chains import Chain
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import KnownUnit, needles
from bss_mfg.payload.fitting.symmetric import Opened, SymmetricSearch
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

PLAIN = [{"source": "unit.uuid"}, {"source": "unit.oob"}]


@pytest.mark.parametrize("units", [1, 6])
def test_each_value_goes_through_the_chains_once(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written: Counter[bytes] = Counter()
    real = known.written_chains

    def counted(source: str, value: Callable[[Chain], bytes], count: int) -> Iterator[tuple[Chain, bytes]]:
        written[value(("hex-lower",))] += 1
        return real(source, value, count)

    monkeypatch.setattr(known, "written_chains", counted)
    assert fit(FitRequest((sample(encrypted_spec(PLAIN), Made(units)),), rare=False)).specs
    assert len(written) == 2 * units
    assert set(written.values()) == {1}


@pytest.mark.parametrize("units", [1, 6])
def test_each_field_is_read_backwards_once(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[bytes] = Counter()
    real = known.read_chains

    def counted(text: bytes, source: str, value: Any) -> list[Chain]:
        read[text] += 1
        return real(text, source, value)

    monkeypatch.setattr(known, "read_chains", counted)
    one = sample(encrypted_spec(PLAIN), Made(units))
    assert fit(FitRequest((one,), rare=False)).specs
    sealed = one.string.removesuffix(";").rpartition(":")[2].encode()
    assert read[sealed] <= 2  # to read it, and to tell which values stand in clear


@pytest.mark.parametrize("name", ["x963", "kdf1"])
def test_what_has_a_tag_is_opened_before_any_mac_is_tried(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: object, **__: object) -> Iterator[Opened]:
        raise AssertionError("a MAC was tried")

    monkeypatch.setattr(SymmetricSearch, "with_mac", tried)
    scheme = {"kind": "ecies", "kdf": {"name": name, "hash": "sha1"}, "cipher": "aes-128-gcm", "derive": ["key", "iv"]}
    assert fit(FitRequest((sample(encrypted_spec(PLAIN, scheme)),), rare=False)).specs


def test_the_first_place_of_any_form_is_told() -> None:
    unit = KnownUnit({"unit.uuid": bytes(range(16)), "unit.serial": b"LM2700"})
    data = b"\xff" * 3 + b"LM2700" + b"\xff" * 9 + bytes(range(16)) + b"000102030405060708090A0B0C0D0E0F"
    assert needles([unit]).place_in(data) == 3
    assert needles([unit]).place_in(data[4:]) == 14
    assert needles([unit]).place_in(data[20:]) == 14
    assert needles([unit]).place_in(data[36:]) is None
    assert needles([unit]).stand_in(data[20:])
    assert not needles([unit]).stand_in(data[36:])
