"""The ``slow-lambda`` command and the local cloud."""
