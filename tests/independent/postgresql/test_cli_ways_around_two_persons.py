from tests.cli.test_ways_around_two_persons import *  # noqa: F403
