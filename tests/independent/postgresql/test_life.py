from tests.unit.ledger.test_life import *  # noqa: F403
