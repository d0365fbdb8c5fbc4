"""What a user can mend."""


class RunUnknownError(LookupError):
    """No job of the deployment has such a run; the message says where it was looked for."""


class RunAmbiguousError(LookupError):
    """Several runs could be meant; the message lists them."""


class MomentError(ValueError):
    """A text is no point in time; the message says what would be one."""
