from tests.cli.test_published_files import *  # noqa: F403
