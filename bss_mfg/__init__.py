"""bss-mfg: credentials, labels, verification and manifests for Amazon Bluetooth Simple Setup."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.api import (
        Batch,
        Difference,
        Finding,
        LabelFiles,
        OpenWorkspace,
        Reconciliation,
        Unit,
        Verification,
        open_workspace,
    )
    from bss_mfg.errors import BssError, InputError, LedgerError, MissingError, RefusedError

__all__ = [
    "Batch",
    "BssError",
    "Difference",
    "Finding",
    "InputError",
    "LabelFiles",
    "LedgerError",
    "MissingError",
    "OpenWorkspace",
    "Reconciliation",
    "RefusedError",
    "Unit",
    "Verification",
    "__version__",
    "open_workspace",
]
"""What a program may use. All else in this package is private."""

_ERRORS = frozenset(name for name in __all__ if name.endswith("Error"))


def __getattr__(name: str) -> Any:
    # Imported when it is first used: `bss-mfg --help` has no need of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module("bss_mfg.errors" if name in _ERRORS else "bss_mfg.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
