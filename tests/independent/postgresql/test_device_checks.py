from tests.unit.ledger.test_device_checks import *  # noqa: F403
