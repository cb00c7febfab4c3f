"""Starts bss-mfg in a bundle, with the packages that lie there and no others."""

import os
import sys

if __name__ == "__main__":
    library = os.path.dirname(os.__file__)  # noqa: PTH120  (no more is imported than is needed)
    sys.path.append(os.path.join(library, "site-packages"))  # noqa: PTH118
    from bss_mfg.cli import start

    start()
