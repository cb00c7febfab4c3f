"""Records set aside on disk while a long job runs, so that memory stays flat. The file has no name and no afterlife."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from bss_mfg.errors import from_os_error

Item = TypeVar("Item")


class Spool(Generic[Item]):
    """Items in the order in which they were added, as often as they are asked for, also while more are added. Leave it
    as a context.

    The file lies in `folder`, can be read by its owner only, and is gone when the process is, however that ends. No
    secret belongs here unless it is sealed. A full disk is a `MissingError`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        try:
            self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed with this)
        except OSError as error:
            raise from_os_error(error, "setting results aside", folder) from error

    def __enter__(self) -> Spool[Item]:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, item: Item) -> None:
        """Set an item aside."""
        try:
            self._file.seek(0, 2)
            pickle.dump(item, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise from_os_error(error, "setting results aside", self._folder) from error
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        at = 0
        try:
            self._file.flush()
            while True:
                self._file.seek(at)
                try:
                    item: Item = pickle.load(self._file)  # noqa: S301  (our own, from a file without a name)
                except EOFError:
                    return
                at = self._file.tell()
                yield item
        except OSError as error:
            raise from_os_error(error, "reading what was set aside", self._folder) from error
