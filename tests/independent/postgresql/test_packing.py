from tests.unit.ledger.test_packing import *  # noqa: F403
