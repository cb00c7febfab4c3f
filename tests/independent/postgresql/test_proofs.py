from tests.unit.ledger.test_proofs import *  # noqa: F403
