"""What the queue of starts holds."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class StartMessageError(ValueError):
    """A message nobody could have sent on purpose, or of a job that is deployed no more."""


class StartMessage(BaseModel):
    """A wish to start a job.

    Attributes
    ----------
    trigger
        Which of the job's triggers it comes from.
    event
        The event of a rule: ``id``, ``time``, ``source``, ``detail-type`` and ``detail``.
    scheduled
        The time a schedule meant.
    changed
        The input of an execution that found other data there than it was named after.
    looks
        How often its data has been looked for in vain.
    close
        Whether to see if a batch of the trigger is due; ``until`` when one should be, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    trigger: int = 0
    event: dict[str, Any] | None = None
    scheduled: str | None = None
    changed: dict[str, Any] | None = None
    looks: int = 0
    close: bool = False
    until: float | None = None

    def again(self) -> "StartMessage":
        """Return the message that looks once more."""
        return self.model_copy(update={"looks": self.looks + 1})


def parse_message(text: str) -> StartMessage:
    """Read a message.

    Raises
    ------
    StartMessageError
        It is none.
    """
    try:
        return StartMessage.model_validate_json(text)
    except ValidationError as error:
        raise StartMessageError(f"no message that starts a job: {text[:500]} ({error})") from error
