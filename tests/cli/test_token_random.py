"""Random numbers of the token in all new keys: a system whose generator is broken still issues what nobody knows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bss_mfg.credentials import new_oob_key, new_uuid, random_bytes
from tests.helpers.factory import Factory
from tests.helpers.vault_kinds import Kept, make_kept
from tests.needs import needs

NO_RANDOM = 0x121
"""CKR_RANDOM_NO_RNG (PKCS#11 2.40, 5.1.6)."""
MIX = "\n[vault]\nmix_token_random = true\n"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's generator gives zeros, to keys and UUIDs."""
    monkeypatch.setattr("bss_mfg.credentials.secrets", SimpleNamespace(token_bytes=bytes))


@pytest.fixture
def kept(issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faulty_token: Path) -> Kept:
    made = make_kept(issued, tmp_path, monkeypatch, token=True)
    assert made.token is not None
    return replace(made, token=replace(made.token, module=faulty_token))


def mixing(kept: Kept) -> Kept:
    with (kept.factory.root / "bss-mfg.toml").open("a") as settings:
        settings.write(MIX)
    return kept


def credentials(factory: Factory, batch: str) -> list[tuple[object, ...]]:
    query = "SELECT uuid, key_digest, serial, id FROM unit u JOIN batch b ON b.no = u.batch ORDER BY u.number"
    return [row[:3] for row in factory.rows(query) if row[3] == batch]


def test_both_generators_are_in_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """The XOR of what the system drew and of what is made of the token's, for each purpose another."""
    drawn = bytes(range(48))
    monkeypatch.setattr("bss_mfg.credentials.secrets", SimpleNamespace(token_bytes=lambda size: drawn[:size]))
    token = bytes(range(100, 132))
    stream = hashlib.shake_256(b"bss-mfg random 1|" + token + b"data key").digest(48)
    assert random_bytes(48, token, "data key") == bytes(a ^ b for a, b in zip(drawn, stream, strict=True))
    assert random_bytes(48) == drawn
    assert len({new_oob_key(32, token, number).reveal() for number in range(100)}) == 100
    assert {(one.version, one.variant) for one in (new_uuid(token, number) for number in range(100))} == {
        (4, "specified in RFC 4122")
    }
    assert new_uuid(token, 1).bytes != new_oob_key(16, token, 1).reveal()


@needs("softhsm2")
def test_a_broken_system_still_issues_what_nobody_knows(kept: Kept, broken: None) -> None:
    """Batches and units in the places of others: no two credentials are one, and none is made of zeros."""
    mixing(kept.rekeyed("pkcs11"))
    for batch in ("B3", "B4"):
        done = kept.cli("batch", "create", "bulb", "--units", 300, "--id", batch, "--jobs", 1)
        assert done.code == 0, done.err
    *_, serial = credentials(kept.factory, "B3")[0]
    assert kept.cli("scrap", "B3", serial, "--reason", "drop").code == 0
    assert kept.cli("replace", "B3", serial, "--reason", "drop").code == 0
    found = [*credentials(kept.factory, "B3"), *credentials(kept.factory, "B4")]
    assert [len(set(column)) for column in zip(*found, strict=True)] == [601, 601, 601]
    assert kept.cli("ledger", "check").code == 0


@needs("softhsm2")
def test_without_the_setting_the_system_is_asked_alone(kept: Kept, broken: None) -> None:
    """The negative control: zeros are issued to one unit, and refused for the second."""
    kept.rekeyed("pkcs11")
    assert kept.cli("batch", "create", "bulb", "--units", 1, "--id", "B3").code == 0
    assert kept.cli("batch", "create", "bulb", "--units", 2, "--id", "B4", "--jobs", 1).code != 0
    ((_, digest, _),) = credentials(kept.factory, "B3")
    assert digest in {hashlib.sha256(bytes(size)).digest() for size in (16, 32)}


@needs("softhsm2")
@pytest.mark.parametrize("act", [hex(NO_RANDOM), "gone"])
def test_a_token_that_gives_none_issues_nothing(kept: Kept, act: str) -> None:
    mixing(kept.rekeyed("pkcs11"))
    fault = {"TOKEN_RUN": act, "TOKEN_CALL": "GenerateRandom", "TOKEN_AT": "1", "TOKEN_ACT": act}
    refused = kept.cli("batch", "create", "bulb", "--units", 2, "--id", "B3", **fault)
    assert refused.code == 6, refused.err
    assert credentials(kept.factory, "B3") == []
    assert kept.cli("batch", "create", "bulb", "--units", 2, "--id", "B3").code == 0


@needs("softhsm2")
def test_a_key_in_no_token_issues_nothing_where_one_is_to_mix(kept: Kept) -> None:
    mixing(kept)
    refused = kept.cli("batch", "create", "bulb", "--units", 2, "--id", "B3")
    assert (refused.code, "vault rekey --token-uri" in refused.err) == (4, True), refused.err
    assert credentials(kept.factory, "B3") == []
    kept.rekeyed("pkcs11")
    assert kept.cli("batch", "create", "bulb", "--units", 2, "--id", "B3").code == 0
