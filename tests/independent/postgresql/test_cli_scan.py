from tests.cli.test_scan import *  # noqa: F403
