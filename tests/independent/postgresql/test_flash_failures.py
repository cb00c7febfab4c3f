from tests.unit.ledger.test_flash_failures import *  # noqa: F403
