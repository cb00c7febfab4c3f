"""`program` with a ledger on a server, killed at some of all calls, by a seed."""

import secrets
from pathlib import Path

import pytest

from tests.faults.test_release_kills import *  # noqa: F403
from tests.faults.test_release_kills import Bench, Tried, with_a_batch
from tests.helpers.factory import make_factory
from tests.helpers.postgres import Server

MOMENTS = 12


@pytest.fixture
def bench(memory: Path, server: Server) -> Bench:
    return with_a_batch(make_factory(memory / "start", server.new_database(f"release_{memory.name}".lower())))


@pytest.fixture
def tried() -> Tried:
    chance = secrets.SystemRandom()
    return lambda points: [point for point in points if chance.random() < MOMENTS / len(points)]
