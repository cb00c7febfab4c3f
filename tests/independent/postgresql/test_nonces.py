from tests.unit.ledger.test_nonces import *  # noqa: F403
