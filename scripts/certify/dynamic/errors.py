"""What a user of the certificate can mend."""


class CaseUnknownError(ValueError):
    """There is no such case."""
