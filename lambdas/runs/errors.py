"""Reasons of the plan itself not to start a run."""

from lambdas.inputs.errors import RejectionError


class JobUnknownError(RejectionError):
    """No job has the name asked for."""


class JobInvalidError(RejectionError):
    """A spec that was deployed is wrong."""


class StepTooLongError(RejectionError):
    """A step's arguments are longer than EMR takes."""


class PlanTooLargeError(RejectionError):
    """The plan is larger than Step Functions passes on."""


class NothingFitsError(RejectionError):
    """No cluster keeps the job's deadline and budget, and the job says to refuse then."""
