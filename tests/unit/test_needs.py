"""What `make setup` finds missing, it finds there once it has installed it."""

from __future__ import annotations

from tests import needs


def test_nothing_is_remembered_that_an_installation_changes() -> None:
    """A check that kept its first answer made the first `make setup` of a fresh machine fail."""
    assert [name for name, one in vars(needs).items() if hasattr(one, "cache_info")] == []
