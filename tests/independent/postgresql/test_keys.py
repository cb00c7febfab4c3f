from tests.unit.ledger.test_keys import *  # noqa: F403
