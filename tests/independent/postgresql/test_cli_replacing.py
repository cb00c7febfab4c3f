from tests.cli.test_replacing import *  # noqa: F403
