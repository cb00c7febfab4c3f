from tests.unit.production.test_line import *  # noqa: F403
