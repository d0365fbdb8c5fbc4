"""Why nothing was deployed or removed."""


class NotReadyError(RuntimeError):
    """Something is missing or in the way; nothing has been changed. The message says what to do."""


class NotEmptiedError(RuntimeError):
    """A bucket could not be emptied; the stack is still there. The message names the object."""


class OslsError(RuntimeError):
    """osls ended with an error; what it printed says why."""
