"""The log: what bss-mfg does, for whoever looks for the cause of a fault. Never a secret.

Each module logs under its own name (`logging.getLogger(__name__)`), at INFO and DEBUG only: whoever sets nothing up
sees nothing. What is logged are paths, sizes, counts, process numbers and times.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import open_log
from bss_mfg.core.text import printable_name

LOGGER = "bss_mfg"
"""The logger above those of all modules."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where the log goes: to stderr, the more important part of it, and into a file, all of it."""

    verbose: bool = False
    file: Path | None = None


class _LineFormatter(logging.Formatter):
    """A line an entry: time (UTC), level, process, logger, message. Names of files may hold anything: what would break
    the line, or a terminal, is shown as an escape."""

    def __init__(self) -> None:
        entry = "%(asctime)s.%(msecs)03dZ %(levelname)-5s [%(process)d] %(name)s: %(message)s"
        super().__init__(entry, "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return printable_name(super().format(record))


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """For people at a terminal."""


class _FileHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Adds lines to a log file. Several processes do, each line by one write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(open_log(path))

    def close(self) -> None:
        self.stream.close()
        super().close()


@contextmanager
def logging_to(settings: LogSettings) -> Iterator[None]:
    """Log as the settings say, as long as this is open."""
    logger, handlers = logging.getLogger(LOGGER), _handlers(settings)
    before = logger.level
    for handler in handlers:
        handler.setFormatter(_LineFormatter())
        logger.addHandler(handler)
    if handlers:
        logger.setLevel(min(handler.level for handler in handlers))
    try:
        yield
    finally:
        logger.setLevel(before)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _handlers(settings: LogSettings) -> list[logging.Handler]:
    handlers: list[logging.Handler] = []
    if settings.verbose:
        handlers.append(_StderrHandler())
        handlers[-1].setLevel(logging.INFO)
    if settings.file is not None:
        handlers.append(_FileHandler(settings.file))
        handlers[-1].setLevel(logging.DEBUG)
    return handlers


def current_settings() -> LogSettings:
    """Where this process logs to: what its worker processes are told, to do the same."""
    handlers = logging.getLogger(LOGGER).handlers
    files = [handler.path for handler in handlers if isinstance(handler, _FileHandler)]
    verbose = any(isinstance(handler, _StderrHandler) for handler in handlers)
    return LogSettings(verbose, files[0].absolute() if files else None)
