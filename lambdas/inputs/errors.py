"""Reasons not to start a run. Nothing has been created when one is raised."""


class RejectionError(Exception):
    """A run that must not start; the message says what is wrong and what would be right.

    The class's name without ``Error`` is the name of the rejection: ``InputEmptyError`` rejects with ``InputEmpty``.
    """

    @property
    def error(self) -> str:
        """The rejection's name, as the execution's Error shows it."""
        return type(self).__name__.removesuffix("Error")


class InputInvalidError(RejectionError):
    """The execution's input is not one of the forms a run takes."""


class InputTooLargeError(RejectionError):
    """The execution's input is larger than Step Functions passes on."""


class InputTooManyError(RejectionError):
    """The input has more objects than the run's manifest has room for."""


class InputEmptyError(RejectionError):
    """No data lies at the input."""


class InputChangedError(RejectionError):
    """The input is another than the one the run was named after."""


class InputMissingError(RejectionError):
    """An object that a manifest lists does not exist."""


class InputOverlapError(RejectionError):
    """Two inputs hold the same object, which would be read twice."""


class InputArchivedError(RejectionError):
    """Some of the input is in an archive and cannot be read before it is restored."""


class InputBucketMissingError(RejectionError):
    """The input's bucket does not exist."""


class InputDeniedError(RejectionError):
    """The input may not be listed or read."""


class ManifestInvalidError(RejectionError):
    """The manifest that lists the input cannot be read; see its message."""


class SeveralInputsError(RejectionError):
    """A step takes one address inside a longer argument, and the run has several."""
