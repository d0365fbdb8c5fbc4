"""Settings of all tests."""

import functools
import gc

from botocore.loaders import JSONFileLoader
from hypothesis import settings

# A busy machine must not fail a property for being slow, nor CI fail today on an example it did not try yesterday.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# What the imports made stays; and a test's garbage is small against what collecting it every 700 allocations costs.
gc.freeze()
gc.set_threshold(100_000)

# moto gives every test a new session, and each would read the descriptions of its services again, megabytes of JSON.
_read = functools.lru_cache(128)(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda _loader, path: _read(path)  # type: ignore[assignment, method-assign]
