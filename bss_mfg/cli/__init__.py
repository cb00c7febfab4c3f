"""The command line: options, messages, exit codes. The work is done in the rooms below."""

import os
import sys


def start() -> None:
    """The command `bss-mfg`. An interrupt while it still loads is no traceback either."""
    # Before numpy is loaded: its matrices here are small, and its threads cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from bss_mfg.cli.main import main
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again.", file=sys.stderr)
        sys.exit(130)
    main()
