from tests.cli.test_pair import *  # noqa: F403
