from tests.unit.ledger.test_events import *  # noqa: F403
