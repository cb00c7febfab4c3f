from tests.cli.test_unit_names import *  # noqa: F403
