from tests.cli.test_require_device import *  # noqa: F403
