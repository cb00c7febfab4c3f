from tests.cli.test_history import *  # noqa: F403
