"""Every Python that a test starts with this folder on its path lives on Windows from its first line, as do the
processes that it starts itself."""

import os

if os.environ.get("BSS_MFG_TEST_DISK"):
    from tests.faults.windows.there import install

    install(os.environ["BSS_MFG_TEST_DISK"], os.environ["BSS_MFG_TEST_PROCESSES"], os.environ["BSS_MFG_TEST_CODE_PAGE"])
