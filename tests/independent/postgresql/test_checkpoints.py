from tests.unit.ledger.test_checkpoints import *  # noqa: F403
