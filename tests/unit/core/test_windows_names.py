"""Names that Windows takes for devices: a programming file NUL.bin would be written to nowhere."""

from __future__ import annotations

import pytest

from bss_mfg.core.files import require_safe_name
from bss_mfg.core.windows_names import is_windows_device
from bss_mfg.credentials import check_new_serial
from bss_mfg.errors import InputError


@pytest.mark.parametrize("name", ["NUL", "con", "Com1", "LPT9", "nul.1", "aux.a-b"])
def test_a_device_names_neither_a_batch_nor_a_unit(name: str) -> None:
    assert is_windows_device(name)
    with pytest.raises(InputError):
        require_safe_name(name, "batch id")
    with pytest.raises(ValueError, match="Windows device"):
        check_new_serial(name)


@pytest.mark.parametrize("name", ["NULL", "con-1", "COM", "COM10", "A.nul"])
def test_what_only_looks_like_one_is_a_name(name: str) -> None:
    assert not is_windows_device(name)
    assert check_new_serial(name) == name
