"""Settings of all tests."""

from hypothesis import settings

# A busy machine must not fail a property for being slow, nor CI fail today on an example it did not try yesterday.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
