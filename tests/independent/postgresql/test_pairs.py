"""Pairs of commands on a ledger on a server: each command with one other, which a seed chooses."""

import secrets

import pytest

from tests.faults.pairs import ACTS, Act, Bench, prepared
from tests.faults.test_pairs import OFFSETS, Tried, test_a_pair_ends_as_in_one_of_the_two_orders  # noqa: F401
from tests.helpers.postgres import Server


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Bench:
    root = tmp_path_factory.mktemp("template") / "w"
    return Bench(prepared(root, server.new_database("pairs")), tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def tried() -> Tried:
    chance = secrets.SystemRandom()

    def chosen(_: Act) -> list[tuple[Act, list[float]]]:
        return [(chance.choice(ACTS), chance.sample(OFFSETS, 1))]

    return chosen
