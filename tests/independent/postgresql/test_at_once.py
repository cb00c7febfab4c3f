from tests.faults.test_at_once import *  # noqa: F403
