"""A ledger that was changed by somebody who can write its file, and knows how bss-mfg guards it: `ledger check` names
what was changed, by its part as a value and by batch, unit or row in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.ledger.bindings import digest_of
from bss_mfg.ledger.event_chain import GENESIS, event_digest
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from tests.helpers.factory import Factory
from tests.helpers.manipulations import MANIPULATIONS
from tests.helpers.whole_life import live_whole


@pytest.fixture(scope="module")
def whole(new_factory: Callable[[], Factory]) -> Factory:
    """A ledger with something in every table."""
    return live_whole(new_factory())


def test_what_nobody_changed_is_whole(whole: Factory) -> None:
    done = whole.cli("ledger", "check", "--json")
    assert (done.code, done.json["unbound"]) == (0, []), done.err


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.sqlite] if one.only_file else []) for name, one in MANIPULATIONS.items()],
)
def test_a_manipulation_is_named(whole: Factory, tmp_path: Path, name: str) -> None:
    """Triggers are in their places again, the chain holds (but where it is what was changed), and so does SQLite."""
    manipulation, factory = MANIPULATIONS[name], whole.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        for statement, values in manipulation.statements:
            database.execute(statement, values)
    done = factory.cli("ledger", "check")
    assert done.code == 5, done.out
    with factory.ledger() as ledger, pytest.raises(TamperedError) as found:
        ledger.check()
    assert found.value.part is manipulation.part, str(found.value)
    for word in manipulation.names:
        assert word in str(found.value), str(found.value)


def test_every_part_of_the_ledger_was_tried() -> None:
    assert len(MANIPULATIONS) > 100
    tried = {one.part for one in MANIPULATIONS.values()}
    assert {*LedgerPart} - tried == {LedgerPart.SCHEMA, LedgerPart.VALUES, LedgerPart.TIMES}


def test_nothing_is_issued_to_a_planted_key_or_officer(issued: Factory) -> None:
    """Who has only written the ledger and a product's key file gets neither barcode strings nor data keys."""
    _, public = new_development_key("p256")
    (issued.root / "products" / "bulb.pem").write_bytes(public)
    with issued.database() as database:
        fingerprint = load_public_key(public, "eve").fingerprint
        database.execute("UPDATE product SET key_fingerprint = ? WHERE name = 'bulb'", (fingerprint,))
    done = issued.cli("batch", "create", "bulb", "--units", 1)
    assert (done.code, "bulb is bound to another key than its history says" in done.err) == (5, True), done.err
    with issued.database() as database:
        database.execute("INSERT INTO about VALUES ('recipient', ?)", (public.decode(),))
    done = issued.cli("batch", "create", "duo", "--units", 2)
    assert (done.code, "the officer to whom data keys are sealed" in done.err) == (5, True), done.err
    assert issued.rows("SELECT id FROM batch") == [("B1",)]


def test_a_history_made_anew_around_a_manipulation_fits_no_checkpoint(whole: Factory, tmp_path: Path) -> None:
    """He changes the row, the digest of it in its event, and all digests of the chain after it."""
    factory = whole.copied(tmp_path / "w")
    with factory.database(unguarded=True) as database:
        (text,) = database.execute("SELECT spec_text FROM batch WHERE id = 'D'").fetchone()
        database.execute("UPDATE batch SET spec_text = ? WHERE id = 'D'", (text + " ",))
        events = database.execute("SELECT seq, at, kind, batch, data FROM event ORDER BY seq").fetchall()
        previous = GENESIS
        for seq, at, kind, batch, said in events:
            data = said.replace(digest_of(text), digest_of(text + " ")) if batch == "D" else said
            previous = event_digest(previous, seq, at, kind, batch, data)
            database.execute("UPDATE event SET data = ?, digest = ? WHERE seq = ?", (data, previous, seq))
    with factory.ledger() as ledger, pytest.raises(TamperedError) as found:
        ledger.check()
    assert found.value.part is LedgerPart.HISTORY
    assert "was rewritten" in str(found.value)
