from tests.cli.test_release import *  # noqa: F403
