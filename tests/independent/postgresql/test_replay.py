from tests.unit.ledger.test_replay import *  # noqa: F403
