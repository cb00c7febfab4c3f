from tests.cli.test_records import *  # noqa: F403
