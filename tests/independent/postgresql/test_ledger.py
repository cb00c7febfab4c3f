from tests.unit.ledger.test_ledger import *  # noqa: F403
