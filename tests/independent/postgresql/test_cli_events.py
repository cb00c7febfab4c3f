from tests.cli.test_events import *  # noqa: F403
