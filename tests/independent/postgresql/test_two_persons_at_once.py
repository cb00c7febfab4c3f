from tests.faults.test_two_persons import *  # noqa: F403
