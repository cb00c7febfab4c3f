from tests.faults.test_vault_races import *  # noqa: F403
