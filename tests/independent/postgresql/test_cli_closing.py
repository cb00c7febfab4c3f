from tests.cli.test_closing import *  # noqa: F403
