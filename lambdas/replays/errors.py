"""Reasons not to replay a run. Nothing has been created when one is raised."""

from lambdas.inputs.errors import RejectionError


class ReplayInvalidError(RejectionError):
    """What a replay was asked for is not one of the forms it takes."""


class ReplayUnknownRunError(RejectionError):
    """The job has no such run on record."""


class ReplayOtherJobError(RejectionError):
    """The run is another job's."""


class ReplayEntryTornError(RejectionError):
    """What is on record of the run cannot be read."""


class ReplayStillRunningError(RejectionError):
    """The run, or a replay of it, has not ended."""


class ReplayAlreadySucceededError(RejectionError):
    """The run, or a replay of it, has succeeded."""


class ReplayNothingToDoError(RejectionError):
    """Every step was completed, and what they wrote is there."""


class ReplayUnknownStepError(RejectionError):
    """The job has no such step."""


class ReplayNotProvenError(RejectionError):
    """A step that is to be left out was not completed, or what it wrote is not there any more."""


class ReplayInputChangedError(RejectionError):
    """Steps are to be left out, and what they have read is not the input any more."""


class ReplayInputUnknownError(RejectionError):
    """Nobody knows any more which input the run was started with."""


class ReplaySizeError(RejectionError):
    """The size asked for cannot be had."""
