"""How fast bss-mfg is, next to the straightforward program: see README.md."""

import os

# As the commands do, before numpy is loaded: for its small matrices its own threads take several times their work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
