from tests.unit.ledger.test_vault import *  # noqa: F403
