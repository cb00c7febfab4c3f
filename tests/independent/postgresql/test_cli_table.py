from tests.cli.test_table import *  # noqa: F403
