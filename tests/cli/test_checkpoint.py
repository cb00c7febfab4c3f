"""`checkpoint`: a key for the site, what is signed when, and what never stands in an act's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.model import Secret
from bss_mfg.transparency.checkpoint import read_checkpoint
from bss_mfg.transparency.signed_note import KeyType, SignedNote, SigningKey, VerifierKey
from tests.helpers.commands import advised
from tests.helpers.factory import Factory, a_read, opened_file
from tests.helpers.keys import PASSPHRASE

WITNESS = SigningKey("customer.example", Secret(bytes(32)))


@pytest.fixture
def signing(issued: Factory) -> Factory:
    """One whose history is signed."""
    done = issued.cli("checkpoint", "key", "--name", "factory.example/line")
    assert done.code == 0, done.err
    return issued


def sizes(factory: Factory) -> list[tuple[int, str]]:
    found = factory.cli("checkpoint", "show", "--all", "--json").json["checkpoints"]
    return [(one["size"], one["cause"]) for one in found]


def test_the_key_is_made_once_and_written_down(issued: Factory) -> None:
    made = issued.cli("checkpoint", "key", "--name", "factory.example/line")
    assert made.code == 0, made.err
    key = VerifierKey.parse(made.out)
    assert key.name == "factory.example/line"
    assert issued.cli("checkpoint", "key").out == made.out
    assert issued.cli("checkpoint", "key", "--name", "other.example").code == 4
    file = issued.root / "site-key.txt"
    assert file.read_text() == made.out
    file.unlink()
    assert issued.cli("checkpoint", "key", "--json").json["key"] == str(key)
    assert file.read_text() == made.out
    assert [size for size, _ in sizes(issued)] == [issued.rows("SELECT count(*) FROM event")[0][0] - 1]


def test_without_a_name_it_is_the_ledgers_id(issued: Factory) -> None:
    with issued.ledger() as ledger:
        name = f"bss-mfg/{ledger.settings.ledger_id()}"
    assert issued.cli("checkpoint", "key", "--json").json["name"] == name


@pytest.mark.parametrize("name", ["a b", "a+b", "\x07", "DSSEv1", "cosignature/v1"])
def test_a_name_that_is_none_is_refused(issued: Factory, name: str) -> None:
    refused = issued.cli("checkpoint", "key", "--name", name)
    assert refused.code == 3
    assert not (issued.root / "site-key.txt").exists()
    assert sizes(issued) == []


def test_without_a_key_nothing_is_signed(issued: Factory) -> None:
    refused = issued.cli("checkpoint", "sign")
    assert refused.code == 6
    assert issued.cli("checkpoint", "show").out == ""
    (typed,) = advised(refused)
    assert issued.cli(*typed).code == 0
    assert issued.cli("checkpoint", "sign").code == 0


def test_closing_shipping_and_exports_are_signed(signing: Factory, tmp_path: Path) -> None:
    signing.label(template="roll-50x30", again=False)
    with signing.ledger() as ledger:
        ledger.reads.record("B1", [a_read(package) for package in range(1, 7)])
    assert [cause for _, cause in sizes(signing)] == ["asked"]
    for command in (
        ("manifest", "B1", "--format", "csv", "--out", tmp_path / "m.csv"),
        ("ship", "B1", "--verified", "--for", "order 1"),
        ("close", "B1"),
        ("scrap", "B1", "ebK300000001", "--reason", "x"),
    ):
        done = signing.cli(*command)
        assert "checkpoint" not in done.err
    assert [cause for _, cause in sizes(signing)] == ["asked", "export", "ship", "close"]
    checkpoint, note = read_checkpoint(signing.cli("checkpoint", "show").out.encode())
    assert (checkpoint.origin, checkpoint.size) == ("factory.example/line", sizes(signing)[-1][0])
    assert note.is_signed_by(VerifierKey.parse((signing.root / "site-key.txt").read_text()))
    assert signing.cli("ledger", "check").code == 0


def test_a_locked_vault_stands_in_no_acts_way(signing: Factory, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    passphrase = {"BSS_MFG_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    assert signing.cli("vault", "rekey", "--to", "passphrase", env=passphrase).code == 0
    out = signing.cli("manifest", "B1", "--format", "csv", "--out", tmp_path / "m.csv")
    assert out.code == 0
    assert [cause for _, cause in sizes(signing)] == ["asked"]
    assert signing.cli("checkpoint", "show", "--json").json["due"] == "export"
    (typed,) = advised(out)
    assert signing.cli(*typed).code == 6
    assert signing.cli(*typed, env=passphrase).code == 0
    assert signing.cli("checkpoint", "show", "--json").json["due"] is None


def test_a_lost_vault_key_stands_in_no_acts_way(signing: Factory, tmp_path: Path) -> None:
    signing.workspace.vault_file.rename(tmp_path / "elsewhere")
    out = signing.cli("manifest", "B1", "--format", "csv", "--out", tmp_path / "m.csv")
    assert out.code == 0
    assert "no checkpoint was signed" in out.err


def test_the_key_moves_with_the_vault(signing: Factory, tmp_path: Path) -> None:
    before = (signing.root / "site-key.txt").read_text()
    assert signing.cli("vault", "rekey").code == 0
    assert signing.cli("checkpoint", "sign").code == 0
    assert signing.cli("checkpoint", "show", "--json").json["checkpoints"][0]["key"] == before.strip()


@pytest.mark.sqlite
def test_a_rewritten_history_is_named_by_check(signing: Factory) -> None:
    """Whoever can write the file makes a consistent chain, without the key."""
    assert signing.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert signing.cli("checkpoint", "sign").code == 0
    rewrite(signing.root / "ledger.db", '"reason":"dropped"', '"reason":"stolen!"')
    assert signing.cli("audit", "verify").code == 0  # the chain alone holds
    found = signing.cli("ledger", "check")
    assert found.code == 5
    assert "was rewritten" in found.err


def rewrite(file: Path, before: str, after: str) -> None:
    """Change what an event says, and the digests of all from there on."""
    from bss_mfg.ledger.event_chain import GENESIS, event_digest

    with opened_file(file) as database:
        previous = GENESIS
        for seq, at, kind, batch, data in database.execute(
            "SELECT seq, at, kind, batch, data FROM event ORDER BY seq"
        ).fetchall():
            data = data.replace(before, after)
            previous = event_digest(previous, seq, at, kind, batch, data)
            database.execute("UPDATE event SET data = ?, digest = ? WHERE seq = ?", (data, previous, seq))


def test_a_witness_signature_comes_in(signing: Factory, tmp_path: Path) -> None:
    signed = signing.cli("checkpoint", "sign").out
    public = WITNESS.verifier_key(KeyType.COSIGNATURE)
    given = tmp_path / "signed.txt"
    given.write_text(str(SignedNote.parse(signed.encode()).cosigned(WITNESS, 1_763_000_000)))
    done = signing.cli("checkpoint", "add", given, "--witness", public)
    assert done.code == 0, done.err
    assert signing.cli("checkpoint", "show").out == given.read_text()
    events = signing.rows("SELECT count(*) FROM event")
    assert signing.cli("checkpoint", "add", given, "--witness", public).code == 0
    assert signing.rows("SELECT count(*) FROM event") == events
    wrong = WITNESS.verifier_key()
    assert signing.cli("checkpoint", "add", given, "--witness", wrong).code == 3
    assert signing.cli("checkpoint", "add", given, "--witness", "x").code == 3
    given.write_text(given.read_text().replace("factory.example/line\n", "another.example\n", 1))
    assert signing.cli("checkpoint", "add", given, "--witness", public).code == 3
    given.write_text("x")
    assert signing.cli("checkpoint", "add", given, "--witness", public).code == 3
