"""The command line: options, messages, exit codes. The work is done in the rooms below."""

import os
import sys
from typing import NoReturn


def end(code: int) -> NoReturn:
    """Exit with this code, whatever was interrupted before.

    `python -m` ends by the signal itself (on Windows with 0xC000013A) once an interrupt has left a string that was
    executed, as those are that make a dataclass; the next executed string makes it forget (CPython,
    Python/pythonrun.c, run_eval_code_obj).
    """
    exec("")  # noqa: S102  (nothing, whose execution resets the flag)
    sys.exit(code)


def start() -> None:
    """The command `bss-mfg`. An interrupt while it still loads is no traceback either."""
    # Before numpy is loaded: its matrices here are small, and its threads cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from bss_mfg.cli.main import main
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again.", file=sys.stderr)
        end(130)
    main()
