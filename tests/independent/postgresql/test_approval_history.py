from tests.unit.ledger.test_approval_history import *  # noqa: F403
