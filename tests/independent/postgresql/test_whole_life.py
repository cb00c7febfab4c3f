"""The whole life of units with their ledger on a server, without `ledger backup` and `restore`, which are for files."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.faults.test_whole_life import Life, test_the_books_balance_over_any_life  # noqa: F401
from tests.helpers.factory import Factory, make_factory
from tests.helpers.postgres import Server


@pytest.fixture
def life(server: Server) -> type[Life]:
    class ServedLife(Life):
        """A factory whose ledger is on a server."""

        examples, least_steps, least = 4, 200, 1

        def new_factory(self, root: Path) -> Factory:
            return make_factory(root, server.new_database(f"life_{uuid.uuid4().hex}"))

        def back_up(self) -> None:
            self.scan(self.steps, wrong=False)

    return ServedLife
