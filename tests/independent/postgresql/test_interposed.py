"""Labels made again in the middle of another command, with a ledger on a server: at some of all moments, by a seed."""

import secrets

import pytest

from tests.faults.test_interposed import *  # noqa: F403
from tests.faults.test_interposed import MANY, four_labels
from tests.helpers.factory import Factory, make_factory
from tests.helpers.postgres import Server

EVERY = 8


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Factory:
    root = tmp_path_factory.mktemp("template") / "w"
    return four_labels(make_factory(root, server.new_database("interposed")))


@pytest.fixture
def tried() -> range:
    return range(1 + secrets.randbelow(EVERY), MANY, EVERY)
