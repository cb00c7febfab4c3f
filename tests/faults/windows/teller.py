"""`python -m tests.faults.windows.teller MODULE FILE` runs each story of a module, `on_windows_...`, in a folder of its
own on the disk, and writes into FILE what became of each."""

from __future__ import annotations

import faulthandler
import importlib
import json
import sys
import traceback
from pathlib import Path

from tests.faults.windows import disk


def main() -> None:
    module, file = sys.argv[1:]
    told = {}
    faulthandler.dump_traceback_later(300, exit=True, file=disk.real.dup(2))  # a story that waits for ever says where
    stories = vars(importlib.import_module(module))
    for number, name in enumerate([name for name in stories if name.startswith("on_windows_")], 1):
        folder = Path(disk.to_windows(disk.disk.root)) / f"story-{number}"
        folder.mkdir()
        disk.real.chdir(disk.to_real(folder))
        try:
            stories[name](folder)
            told[name] = ""
        except BaseException:  # noqa: BLE001  (whatever it is, it is told)
            told[name] = traceback.format_exc()
    with disk.real.io_open(file, "w") as out:
        json.dump(told, out)


if __name__ == "__main__":  # processes that it starts load it, too
    main()
