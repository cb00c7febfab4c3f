"""Whoever changes keys and whoever makes or uses them, at the worst moment and at many others: no key is lost.

Each pair runs with the lock of the keys, and without it: then the ledger itself notices. With both taken away the keys
of a batch are lost, which shows that these tests can fail.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bss_mfg.issuing import batch as issuing_batch
from bss_mfg.ledger.keys import KeyStore, open_keys
from bss_mfg.ledger.vault import OfficerPrivateKey
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace import vault_key_storage
from tests.helpers.amount import sized
from tests.helpers.factory import Factory
from tests.helpers.keyring_file import Keyring
from tests.helpers.races import Command, one_inside_the_other, side_by_side

CREATE = ("batch", "create", "bulb", "--units", 3, "--id", "NEW", "--jobs", 1)
REPLACE = ("replace", "B1", "ebK300000001", "--reason", "x")
REKEY = ("vault", "rekey")
STATUS = ("vault", "status")


@pytest.fixture(scope="session")
def officers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of two officers, NAME.pem and NAME.pub."""
    folder = tmp_path_factory.mktemp("officers")
    for name in ("a", "b"):
        private, public = new_development_key("p256")
        (folder / f"{name}.pem").write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


@pytest.fixture
def line(issued: Factory, officers: Path) -> Factory:
    """A batch with a scrapped unit, sealed to officer a."""
    assert issued.cli("scrap", "B1", "ebK300000001", "--reason", "x").code == 0
    assert issued.cli("vault", "recipient", officers / "a.pub").code == 0
    return issued


@pytest.fixture(params=["lock", "no lock"])
def locked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the lock of the keys is there."""
    if request.param == "no lock":
        take_lock_out(monkeypatch)
    return bool(request.param == "lock")


def take_lock_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bss_mfg.workspace.workspace.shared_lock", lambda *_, **__: contextlib.nullcontext())


def lost(factory: Factory, officer: Path) -> list[str]:
    """What can't be opened: batches by the vault key in place, or by the officer's private key, and units."""
    found: list[str] = []
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:
        keys = open_keys(ledger)
        keys.check_vault(vault)
        found += keys.opened_by(vault).unopened
        private = OfficerPrivateKey(officer.read_bytes(), None)
        for name, key in keys._wrapped.all():
            if name not in found and not name.startswith("."):
                assert private.open(name, key.recovery).key == keys.data_key(name, vault).key, name
                assert all(unit.key for unit in keys.units(name, vault))
        ledger.check()
    return found


def issued_batches(factory: Factory) -> set[str]:
    return {name for (name,) in factory.rows("SELECT id FROM batch")}


BEFORE_COMMIT = "bss_mfg.issuing.batch:_slices_made_ahead"
BEFORE_REWRAP = "bss_mfg.ledger.keys:KeyStore.rewrap"
BEFORE_INSTALL = "bss_mfg.workspace.vault_change:_end_change"


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("inner", [REKEY, ("vault", "recover", "--officer-key", "a.pem")])
def test_a_key_changed_while_a_batch_is_made(
    line: Factory, officers: Path, locked: bool, ahead: bool, inner: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch was wrapped under the key that was in force before: its keys were gone for good, exit 0 twice."""
    pause = BEFORE_COMMIT
    if ahead:
        monkeypatch.setattr(issuing_batch.create_batch, "__kwdefaults__", {
            **(issuing_batch.create_batch.__kwdefaults__ or {}), "make_ahead_from": 1,
        })  # fmt: skip
        pause = "bss_mfg.ledger.ledger:Ledger.issuing"
    inner = tuple(str(officers / one) if one.endswith(".pem") else one for one in inner)
    create, change = one_inside_the_other(line.root, Command(CREATE, pause), Command(inner))
    assert change.code in ((0,) if inner == REKEY else (0, 4)), change.said
    # Recovering is refused: the key in place is intact.
    assert create.code == (0 if locked or change.code else 5), create.said
    assert lost(line, officers / "a.pem") == []
    assert ("NEW" in issued_batches(line)) is (create.code == 0)
    if create.code == 5:
        assert "run the same command again" in create.said
        assert line.cli(*CREATE).code == 0


@pytest.mark.parametrize("pause", [BEFORE_REWRAP, BEFORE_INSTALL])
@pytest.mark.parametrize(
    "inner", [REKEY, CREATE, REPLACE, STATUS, ("vault", "recipient", "a.pub")], ids=lambda one: one[1]
)
def test_anything_while_the_key_is_changed(
    line: Factory, officers: Path, locked: bool, pause: str, inner: tuple[str, ...]
) -> None:
    inner = tuple(str(officers / one) if str(one).endswith(".pub") else one for one in inner)
    rekey, other = one_inside_the_other(line.root, Command(REKEY, pause), Command(inner))
    assert {rekey.code, other.code} <= ({0} if locked else {0, 5}), (rekey, other)
    assert 0 in (rekey.code, other.code)
    assert lost(line, officers / "a.pem") == []
    assert line.cli(*STATUS, "--json").json["left_over"] == []


@pytest.mark.parametrize("pause", ["bss_mfg.issuing.replacement:_payload_builder"])
def test_a_key_changed_while_a_unit_is_replaced(line: Factory, officers: Path, locked: bool, pause: str) -> None:
    replace, change = one_inside_the_other(line.root, Command(REPLACE, pause), Command(REKEY))
    assert (change.code, replace.code) == (0, 0 if locked else 5), (change, replace)
    assert lost(line, officers / "a.pem") == []


@pytest.mark.parametrize("pause", ["bss_mfg.ledger.keys:KeyStore.recover", BEFORE_INSTALL])
@pytest.mark.parametrize(
    "inner", [CREATE, REPLACE, REKEY, ("vault", "recover", "--officer-key", "a.pem")], ids=lambda one: one[1]
)
def test_anything_while_a_lost_key_is_recovered(
    line: Factory, officers: Path, locked: bool, pause: str, inner: tuple[str, ...]
) -> None:
    inner = tuple(str(officers / one) if str(one).endswith(".pem") else one for one in inner)
    line.workspace.vault_file.unlink()
    recover = Command(("vault", "recover", "--officer-key", officers / "a.pem"), pause)
    first, other = one_inside_the_other(line.root, recover, Command(inner))
    assert first.code in (0, 5), first
    assert other.code in (0, 4, 5, 6), other  # 6: the key is not there yet; 4: it is there, whole, by now
    assert lost(line, officers / "a.pem") == []
    assert line.cli(*STATUS).code == 0


@pytest.mark.parametrize("ahead", [False, True])
def test_a_new_officer_while_a_batch_is_made(
    line: Factory, officers: Path, locked: bool, ahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new batch is sealed to the officer in force when it commits."""
    recipient = ("vault", "recipient", officers / "b.pub")
    create, change = one_inside_the_other(line.root, Command(CREATE, BEFORE_COMMIT), Command(recipient))
    assert (create.code, change.code) == (0, 0), (create, change)
    assert lost(line, officers / "b.pem") == []
    again, made = one_inside_the_other(
        line.root,
        Command(("vault", "recipient", officers / "a.pub"), "bss_mfg.ledger.keys:KeyStore.set_recipient"),
        Command((*CREATE[:-3], "NEW2")),
    )
    assert (again.code, made.code) == (0, 0), (again, made)
    assert lost(line, officers / "a.pem") == []


@pytest.mark.parametrize(
    ("make", "pause"), [(CREATE, BEFORE_COMMIT), (REPLACE, "bss_mfg.issuing.replacement:_identities")]
)
def test_a_product_key_bound_anew_while_units_are_made(line: Factory, make: tuple[str, ...], pause: str) -> None:
    """What was encrypted to the key of before is not issued, whatever the file held when it was read."""
    _, public = new_development_key("p256")
    key = line.root / "products" / "bulb.pem"

    def new_key_comes() -> None:
        key.write_bytes(public)

    before = line.rows("SELECT count(*) FROM unit")
    bind = Command(("product", "repin", "bulb", "--reason", "x"))
    made, bound = one_inside_the_other(line.root, Command(make, pause), bind, between=new_key_comes)
    assert bound.code == 0, bound
    # Replacing holds the ledger where it pauses, so the new key is bound after it.
    assert made.code == (5 if make is CREATE else 0), made
    assert line.rows("SELECT count(*) FROM unit") == ([(before[0][0] + 1,)] if made.code == 0 else before)
    if made.code:
        assert line.cli(*make).code == 0


def test_a_keyring_keeps_the_key_in_force(
    issued: Factory, tmp_path: Path, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that ended the change between rekey's last two steps made rekey delete the new key."""
    monkeypatch.setenv("KEYRING_FILE", str(tmp_path / "keyring.json"))
    monkeypatch.setattr(vault_key_storage, "_keyring", Keyring)
    assert issued.cli("vault", "rekey", "--to", "keyring").code == 0
    rekey, create = one_inside_the_other(issued.root, Command(REKEY, BEFORE_INSTALL), Command(CREATE))
    assert (rekey.code, create.code) == (0, 0), (rekey, create)
    with issued.ledger() as ledger, issued.workspace.open_vault(ledger) as vault:
        assert open_keys(ledger).opened_by(vault).unopened == ()
        assert list(Keyring()._kept()) == [f"bss-mfg vault|{ledger.settings.vault_id()}"]


@pytest.mark.parametrize(
    "pair", [(REKEY, CREATE), (REKEY, REKEY), (REKEY, REPLACE), (REKEY, STATUS)], ids=lambda pair: " ".join(pair[1][:2])
)
def test_side_by_side_at_many_offsets(
    line: Factory, officers: Path, tmp_path: Path, locked: bool, pair: tuple[tuple[object, ...], ...]
) -> None:
    for at in sized(full=range(12), usual=range(0, 12, 3)):
        copy = line.copied(tmp_path / f"{at}" / "w")
        ended = side_by_side(copy.root, [Command(one) for one in pair], (0, (at - 4) * 0.006))
        # Without the lock a command, or each of the two, may find a state between two, and say so; it loses nothing,
        # and typed again it works.
        assert {one.code for one in ended} <= ({0} if locked else {0, 1, 3, 5, 6}), ended
        assert lost(copy, officers / "a.pem") == []
        assert copy.cli(*REKEY).code == 0
        assert lost(copy, officers / "a.pem") == []


def test_without_lock_and_guard_the_keys_are_lost(
    line: Factory, officers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    take_lock_out(monkeypatch)
    real = KeyStore.check_vault
    monkeypatch.setattr(KeyStore, "check_vault", lambda self, vault: None)
    create, change = one_inside_the_other(line.root, Command(CREATE, BEFORE_COMMIT), Command(REKEY))
    assert (create.code, change.code) == (0, 0), (create, change)
    monkeypatch.setattr(KeyStore, "check_vault", real)
    assert lost(line, officers / "a.pem") == ["NEW"]
    told = {name: line.cli(*name) for name in (STATUS, ("doctor",), ("ledger", "check"))}
    assert {name: done.code for name, done in told.items()} == {STATUS: 1, ("doctor",): 6, ("ledger", "check"): 5}
    assert all("does not open 1 data key: NEW" in done.out + done.err for done in told.values())
