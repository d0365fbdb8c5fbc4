"""Calls that failed while the others were made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError


class ReapError(RuntimeError):
    """Something could not be looked up or ended; everything else was dealt with."""


@dataclass
class Problems:
    """What went wrong so far, a sentence each, naming the cluster or execution."""

    sentences: list[str] = field(default_factory=list)

    @contextmanager
    def noted(self, about: str) -> Iterator[None]:
        """Note a failed call instead of raising its error.

        Parameters
        ----------
        about
            What the call was for: an id, or what was being done.
        """
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            self.sentences.append(f"{about}: {error}")

    def raise_if_any(self) -> None:
        """Raise what was noted.

        Raises
        ------
        ReapError
            Something was noted; the message holds every sentence.
        """
        if self.sentences:
            raise ReapError(
                f"{len(self.sentences)} calls failed, so a cluster may live on; the rest was dealt with, and another "
                f"attempt does no harm. {'; '.join(self.sentences)}"
            )
