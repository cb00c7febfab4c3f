from tests.cli.test_flash import *  # noqa: F403
