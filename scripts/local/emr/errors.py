"""The one exception the engine raises at its callers."""


class EmrApiError(Exception):
    """An EMR API call was refused or failed.

    Parameters
    ----------
    code
        As on the wire: `ValidationException`, `InvalidRequestException`, `ThrottlingException`, ...
    message
        The service's sentence about it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
