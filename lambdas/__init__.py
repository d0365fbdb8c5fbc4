"""The Lambda functions of Slow Lambda, and the domain they share."""

import os

# Before numpy is imported: its matrices are small here, and threads that wait for one another cost more than they save.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
