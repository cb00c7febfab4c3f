from tests.cli.test_two_persons import *  # noqa: F403
