from tests.cli.test_batch import *  # noqa: F403
