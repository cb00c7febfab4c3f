from tests.unit.ledger.test_unit_state import *  # noqa: F403
