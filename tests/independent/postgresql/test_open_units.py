from tests.unit.ledger.test_open_units import *  # noqa: F403
