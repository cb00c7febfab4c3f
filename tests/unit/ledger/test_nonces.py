"""No nonce meets two keys, whatever copies of a ledger issue apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.vault import DataKey
from bss_mfg.model import Secret
from tests.helpers.factory import Factory

Pair = tuple[bytes, bytes]


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> dict[Pair, set[bytes]]:
    """(key, nonce) of all that is encrypted with AES-GCM from here on in this process, with the plaintexts."""
    seen: dict[Pair, set[bytes]] = {}

    class Watched:
        def __init__(self, key: bytes) -> None:
            self._key, self._real = key, AESGCM(key)

        def encrypt(self, nonce: bytes, data: bytes, bound: bytes | None) -> bytes:
            seen.setdefault((self._key, nonce), set()).add(data)
            return self._real.encrypt(nonce, data, bound)

        def decrypt(self, nonce: bytes, data: bytes, bound: bytes | None) -> bytes:
            return self._real.decrypt(nonce, data, bound)

    monkeypatch.setattr("bss_mfg.ledger.vault.AESGCM", Watched)
    return seen


def replaced(factory: Factory, serial: str) -> None:
    for command in ("scrap", "replace"):
        done = factory.cli(command, "B1", serial, "--reason", "x")
        assert done.code == 0, done.err


def test_two_copies_that_replace_the_same_unit_share_no_nonce(
    factory: Factory, tmp_path: Path, used: dict[Pair, set[bytes]]
) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    replaced(factory, "ebK300000001")
    forks = [factory, factory.copied(tmp_path / "b")]
    for one in forks:
        replaced(one, "ebK300000002")
    assert sum(len(data) == 16 for texts in used.values() for data in texts) == 3 + 1 + 2
    assert {pair for pair, texts in used.items() if len(texts) > 1} == set()


@pytest.mark.sqlite
def test_a_restored_ledger_that_replaces_again_shares_no_nonce(
    factory: Factory, tmp_path: Path, used: dict[Pair, set[bytes]]
) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3)
    assert factory.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    replaced(factory, "ebK300000002")
    (factory.root / "ledger.db").unlink()
    again = factory.cli("ledger", "restore", tmp_path / "copy.db", "--skip-serials", 5, "--reason", "x")
    assert again.code == 0, again.err
    replaced(factory, "ebK300000002")
    assert {pair for pair, texts in used.items() if len(texts) > 1} == set()


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from([b"u" * 16, b"v" * 16]), st.binary(min_size=1)), min_size=2)
)
def test_the_same_unit_sealed_again_and_again(units: list[tuple[int, bytes, bytes]]) -> None:
    """Whatever is sealed under one data key, for whichever unit: what looks alike is alike."""
    data_key = DataKey(Secret(bytes(32)), "B1")
    stream: dict[bytes, bytes] = {}
    for number, uuid, text in units:
        key = (text * 16)[:16]
        sealed = data_key.seal(number, uuid, Secret(key))
        assert data_key.open(sealed) == Secret(key)
        # AES-GCM is a key stream: the same nonce shows the same stream under every text.
        seen = bytes(a ^ b for a, b in zip(sealed.key, key, strict=False))
        assert stream.setdefault(seen, key) == key


def test_what_the_factory_brought_is_sealed_anew_each_time() -> None:
    data_key = DataKey(Secret(os.urandom(32)), "B1")
    extra = {"pin": "1234"}
    one, two = (data_key.seal(1, b"u" * 16, Secret(b"k" * 16), extra) for _ in range(2))
    assert one.extra and two.extra and one.extra[:12] != two.extra[:12]
    assert data_key.open_extra(one) == data_key.open_extra(two) == extra
    assert data_key.seal(1, b"u" * 16, Secret(b"k" * 16)).extra is None


def test_units_of_an_older_ledger_and_new_ones_lie_side_by_side(issued: Factory) -> None:
    with issued.ledger() as ledger, issued.workspace.open_vault() as vault, ledger.transaction():
        data_key = open_keys(ledger).data_key("B1", vault)
        for unit in list(open_keys(ledger).units("B1", vault)):
            assert unit.key
            nonce = unit.number.to_bytes(12, "big")  # as before version 5
            old = AESGCM(data_key.to_bytes()).encrypt(nonce, unit.key.reveal(), b"B1|" + unit.uuid.bytes)
            extra = AESGCM(data_key.to_bytes()).encrypt(
                b"\1" + nonce[1:], b'{"pin": "1"}', b"B1|extra|" + unit.uuid.bytes
            )
            ledger._db.execute(
                "UPDATE unit SET sealed_key = ?, extra = ?, seal = 1 WHERE number = ?", (old, extra, unit.number)
            )
    with issued.ledger() as ledger, issued.workspace.open_vault() as vault:
        before = {unit.serial: unit for unit in open_keys(ledger).units("B1", vault)}
        assert {unit.extra["pin"] for unit in before.values()} == {"1"}
    replaced(issued, first := next(iter(before)))
    with issued.ledger() as ledger, issued.workspace.open_vault() as vault:
        after = {unit.serial: unit for unit in open_keys(ledger).units("B1", vault)}
    assert before.keys() - after.keys() == {first}
    assert all(after[serial].key == before[serial].key for serial in before.keys() & after.keys())
    assert issued.rows("SELECT seal, count(*) FROM unit WHERE batch = 1 GROUP BY 1") == [(1, 6), (2, 1)]
