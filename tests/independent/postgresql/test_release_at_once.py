from tests.faults.test_release_at_once import *  # noqa: F403
