from tests.cli.test_resubmission import *  # noqa: F403
