from tests.unit.ledger.test_release_counts import *  # noqa: F403
