"""What a user can mend."""


class LetterUnknownError(LookupError):
    """No rejected event has such an id, or several have; the message says which there are."""
