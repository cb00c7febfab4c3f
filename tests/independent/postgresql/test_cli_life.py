from tests.cli.test_life import *  # noqa: F403
