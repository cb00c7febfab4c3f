"""Checkpoints of the history: what they continue from, when one is due, and what they notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bss_mfg.core import clock
from bss_mfg.errors import LedgerError
from bss_mfg.ledger.checkpoints import StoredCheckpoint
from bss_mfg.ledger.events import BatchClosed, PackagesShipped, SpecConfirmed
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Secret
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.merkle import CompactRange, leaf_hash
from bss_mfg.transparency.signed_note import KeyType, SigningKey
from tests.helpers.factory import Factory

KEY = SigningKey("factory.example", Secret(bytes(range(32))))


@pytest.fixture
def ledger(factory: Factory) -> Iterator[Ledger]:
    """One with a site key, and its first checkpoint."""
    with factory.ledger() as opened:
        with opened.transaction():
            opened.checkpoints.begin(KEY)
        yield opened


def confirm(ledger: Ledger, count: int = 1) -> None:
    """Events that ask for no checkpoint."""
    ledger.history.append(None, *[SpecConfirmed(spec="s", digest="d", document="x")] * count)


def root(ledger: Ledger, size: int) -> bytes:
    digests = [bytes.fromhex(event.digest) for event in ledger.history.events()][:size]
    return CompactRange().extended(map(leaf_hash, digests)).root


def sign(ledger: Ledger) -> StoredCheckpoint:
    return ledger.checkpoints.sign(KEY, "asked")


def test_a_checkpoint_is_the_tree_over_all_events_before_it(ledger: Ledger) -> None:
    for count in (1, 2, 3, 5, 8):
        confirm(ledger, count)
        before = ledger.history.head()[0]
        signed = sign(ledger)
        assert signed.checkpoint == Checkpoint("factory.example", before, root(ledger, before))
        assert signed.note.is_signed_by(KEY.verifier_key())
        assert signed == ledger.checkpoints.newest()
        assert ledger.checkpoints.tree(before).root == signed.checkpoint.root
    assert [one.checkpoint.size for one in ledger.checkpoints.all()][-1] == before
    assert ledger.check() == ledger.history.head()[0]


def test_where_nothing_happened_none_is_signed(ledger: Ledger) -> None:
    confirm(ledger)
    first, head = sign(ledger), ledger.history.head()
    assert sign(ledger) == first
    assert ledger.history.head() == head


def test_only_new_events_are_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(ledger, 300)
    sign(ledger)
    confirm(ledger, 3)
    store, read = ledger.checkpoints, list[int]()
    leaves = store._leaves
    monkeypatch.setattr(store, "_leaves", lambda first, end: read.append(end - first) or leaves(first, end))
    sign(ledger)
    assert sum(read) == 4  # three, and the event of the checkpoint before


def test_what_makes_one_due(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger.checkpoints.due() is None
    confirm(ledger)
    assert ledger.checkpoints.due() is None
    shipped = PackagesShipped(packages=[1], reference="x", count=1)
    ledger.history.append("B1", shipped)
    ledger.history.append("B1", BatchClosed(printed=1, verified=1, scrapped=0, in_hand=0))
    assert ledger.checkpoints.due() == "ship"
    sign(ledger)
    assert ledger.checkpoints.due() is None
    monkeypatch.setattr(clock, "now", lambda: "2999-01-01T00:00:00Z")
    assert ledger.checkpoints.due() is None
    confirm(ledger)
    assert ledger.checkpoints.due() == "day"


def test_without_a_key_none_is_due(factory: Factory) -> None:
    with factory.ledger() as opened:
        assert (opened.checkpoints.newest(), opened.checkpoints.due()) == (None, None)


def test_witnesses_signatures_stay_with_their_checkpoint(ledger: Ledger) -> None:
    confirm(ledger)
    signed, witness = sign(ledger), SigningKey("customer.example", Secret(bytes(32)))
    public = witness.verifier_key(KeyType.COSIGNATURE)
    ledger.checkpoints.add_cosignatures(signed.checkpoint, signed.note.cosigned(witness, 9).of(public))
    newest = ledger.checkpoints.newest()
    assert newest is not None
    assert newest.note.is_signed_by(public)
    assert newest.note.is_signed_by(KEY.verifier_key())
    assert sign(ledger) == newest  # a signature is no news


def test_the_tree_is_not_continued_under_another_key(ledger: Ledger) -> None:
    confirm(ledger)
    with pytest.raises(LedgerError, match="this site's key"):
        ledger.checkpoints.sign(SigningKey("factory.example", Secret(bytes(32))), "asked")


def test_what_was_signed_of_others_is_known(ledger: Ledger) -> None:
    one, more = Checkpoint("other.example", 5, bytes(32)), Checkpoint("other.example", 9, bytes(32))
    assert ledger.checkpoints.witnessed("other.example") is None
    for seen in (more, one, Checkpoint("third.example", 99, bytes(32))):
        ledger.checkpoints.add_witnessed(seen)
    assert ledger.checkpoints.witnessed("other.example") == more
