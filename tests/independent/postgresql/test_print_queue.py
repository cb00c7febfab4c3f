from tests.unit.ledger.test_print_queue import *  # noqa: F403
