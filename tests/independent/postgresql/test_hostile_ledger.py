from tests.faults.test_hostile_ledger import *  # noqa: F403
