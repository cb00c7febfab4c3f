"""A release of keys that is cut off once it counts, before its first byte is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from bss_mfg.programming import release


@contextlib.contextmanager
def cut_off_releases() -> Iterator[None]:
    """Whoever releases keys meanwhile is interrupted, as by Ctrl-C."""

    def cut(*_: object, begin: object = None, **__: object) -> str:
        assert callable(begin)
        begin()
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "write_atomically", cut)
        yield
