from tests.faults.test_press import *  # noqa: F403
