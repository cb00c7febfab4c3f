from tests.faults.test_printing_at_once import *  # noqa: F403
