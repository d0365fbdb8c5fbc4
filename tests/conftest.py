"""Settings of all tests."""

import functools
import gc
import os

import botocore.session
from hypothesis import settings

# A busy machine must not fail a property for being slow, nor CI fail today on an example it did not try yesterday.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# The tests' matrices are small: threads of numpy wait for one another longer than they work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What the imports made stays; and a test's garbage is small against what collecting it every 700 allocations costs.
gc.freeze()
gc.set_threshold(100_000)

# moto gives every test a new session, and each would look through the descriptions of all services again and read those
# of its own, megabytes of JSON.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
