from tests.cli.test_checkpoint import *  # noqa: F403
