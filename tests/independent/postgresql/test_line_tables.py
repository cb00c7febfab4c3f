from tests.unit.ledger.test_line_tables import *  # noqa: F403
