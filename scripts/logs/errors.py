"""What a user can mend."""


class StepUnknownError(LookupError):
    """A run has no such step, or not on such a cluster; the message says which it has."""


class LogsMissingError(LookupError):
    """There is no log where one was looked for; the message says where, and why there may be none."""
