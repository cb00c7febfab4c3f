"""A run on a ledger of a server that is killed. Issuing and locks are others there: a shorter run, and fewer kills."""

import pytest

from tests.faults.test_run_kills import (
    Amount,
    pytestmark,  # noqa: F401
    test_kills_leave_what_an_undisturbed_run_leaves,  # noqa: F401
)


@pytest.fixture
def amount() -> Amount:
    return Amount(units=6_000, kills=10, while_issuing=4)
