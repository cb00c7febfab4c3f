"""Units that stand in another order, and IVs that the guide prints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import KnownUnit, other_order
from tests.unit.payload.fitting.cases import Made, encrypted_spec, sample

UUID: dict[str, Any] = {"source": "unit.uuid"}
OOB: dict[str, Any] = {"source": "unit.oob"}
ECIES: dict[str, Any] = {"kind": "ecies", "kdf": {"name": "x963", "hash": "sha256"}, "derive": ["key"]}
MAC: dict[str, Any] = {"derive": ["key", "mac-key"], "mac": {"hash": "sha256", "key_bytes": 32}}


def unit(number: int) -> KnownUnit:
    return KnownUnit({"unit.uuid": bytes([number]) * 16, "unit.serial": f"SERIAL{9 - number}".encode()})


@pytest.mark.parametrize(
    ("listed", "stand", "order"),
    [
        ("123", "123", ""),
        ("123", "321", "in the reverse of the sample's order"),
        ("312", "123", "sorted by unit.uuid, and not in the sample's order"),
        ("312", "321", "sorted by unit.serial, and not in the sample's order"),
        ("123", "213", "in another order than the sample's"),
        ("123", "12", ""),
    ],
)
def test_the_order_in_which_units_stand_is_named(listed: str, stand: str, order: str) -> None:
    data = b"".join(b"".join(map(unit(int(one)).sortable, ("unit.uuid", "unit.serial"))) for one in stand)
    assert other_order([unit(int(one)) for one in listed], data) == order


def test_units_in_reverse_have_no_explanation_that_says_nothing() -> None:
    known = sample(encrypted_spec([UUID, OOB]), Made(3))
    report = fit(FitRequest((replace(known, units=known.units[::-1]),), rare=False))
    assert not report.specs
    assert report.nearest[0].detail == "it opens to 96 bytes with the units in the reverse of the sample's order"
    assert not report.unplaced


@pytest.mark.parametrize(
    ("cipher", "mac"),
    [("aes-128-gcm", False), *((name, mac) for name in ("aes-256-ctr", "aes-128-cbc") for mac in (False, True))],
)
def test_a_fixed_iv_that_is_given_is_tried(cipher: str, mac: bool) -> None:
    iv = bytes(range(0xA0, 0xAC if cipher.endswith("gcm") else 0xB0)).hex()
    scheme = {**ECIES, "cipher": cipher, "iv": f"hex:{iv}", **(MAC if mac else {})}
    known = sample(encrypted_spec([UUID, OOB], scheme), Made(2))
    report = fit(FitRequest((known,), (f"hex:{iv}",), rare=False))
    assert [one.encrypted[0].scheme.iv for one in report.specs] == [f"hex:{iv}"]  # type: ignore[union-attr]
