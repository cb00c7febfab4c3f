"""The tests, by what they need and how long they take.

`make test` runs, in a few minutes and with no more than pip, libdmtx and a browser:
- unit/: the functions of a room, in a folder of its name.
- cli/: commands, typed in the tests' own process (`factory.cli`); in a real one (`factory.process`) where that matters.

`make test-rest` runs, with all programs of needs.py:
- faults/: kills, full disks, system calls that fail, wrong clocks, damaged labels, many at once.
- independent/: what programs say of our files and codes that nobody here wrote.
- scale/: memory, time and secrets over thousands of units.
- session/: a recorded session of commands, and that it is as it was.

helpers/ is what tests share. `python -m tests.count` counts what they assert.
"""

import os

import pytest

pytest.register_assert_rewrite("tests.helpers")
# Before anything loads numpy: its threads would wait for each other where test processes share the processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
