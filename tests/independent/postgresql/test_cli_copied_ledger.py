"""Copies of a ledger on a server, and what is compared by URLs."""

from pathlib import Path

from tests.cli.test_copied_ledger import *  # noqa: F403
from tests.cli.test_copied_ledger import adopt, create
from tests.helpers.factory import Factory, make_factory


def test_databases_are_compared_by_their_urls(original: Factory, copy: Factory, tmp_path: Path) -> None:
    url = copy.workspace.ledger_place.url
    same = original.cli("ledger", "compare", url)
    assert (same.code, "nothing was issued twice" in same.err) == (0, True), same.err
    create(original, "B2")
    adopt(copy, skip=0)
    create(copy, "B3")
    compared = original.cli("ledger", "compare", url, "--json")
    assert (compared.code, compared.json["issued_twice"]) == (1, 3)
    filed = make_factory(tmp_path / "filed")
    filed.add(oob_bytes=16)
    there = filed.cli("ledger", "compare", url, "--json")
    assert (there.code, there.json["same_ledger"], there.json["there"]["batches"]) == (0, False, ["B1", "B3"])
    brought = filed.cli("import-issued", "bulb", "--ledger", url)
    assert (brought.code, "9 new identities" in brought.err) == (0, True), brought.err


def test_a_url_with_a_password_is_refused_and_not_repeated(original: Factory) -> None:
    refused = original.cli("ledger", "compare", "postgresql://factory:geheim@db/ledger")
    assert (refused.code, "geheim" in refused.err + refused.out) == (3, False)
