from tests.cli.test_require_vault_key import *  # noqa: F403
