from tests.cli.test_device import *  # noqa: F403
