from tests.faults.test_packing import *  # noqa: F403
