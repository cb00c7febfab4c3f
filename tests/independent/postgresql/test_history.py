from tests.unit.ledger.test_history import *  # noqa: F403
