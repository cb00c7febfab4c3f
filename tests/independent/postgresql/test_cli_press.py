from tests.cli.test_press import *  # noqa: F403
