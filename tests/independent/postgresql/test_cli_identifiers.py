from tests.cli.test_identifiers import *  # noqa: F403
