"""Sending rejected events where they were meant to go, and dropping them. No event is lost on the way.

An event is deleted from the queue only after the other side has accepted it. What is interrupted between the two sends
it twice, which is harmless: a start is named after what it reads, and what the functions do they do once.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.dlq.letter import Letter, ToFunction, ToStarts

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_FAILURES = (BotoCoreError, ClientError)


@dataclass(frozen=True)
class Post:
    """The clients, and the addresses of the queue of starts and that of rejected events."""

    sqs: "SQSClient"
    functions: "LambdaClient"
    starts: str
    rejected: str


@dataclass(frozen=True)
class Outcome:
    """What became of an event: whether it was sent, whether it is gone from the queue, and what failed."""

    letter: Letter
    sent: bool
    gone: bool
    problem: str | None = None


def redrive(letter: Letter, post: Post) -> Outcome:
    """Send an event again, then delete it from the queue."""
    if letter.again is None:
        return Outcome(letter, sent=False, gone=False, problem="nobody can tell where it belongs")
    try:
        _send(letter.again, post)
    except _FAILURES as error:
        return Outcome(letter, sent=False, gone=False, problem=f"not sent, and still in the queue: {error}")
    try:
        _delete(letter, post)
    except _FAILURES as error:
        return Outcome(letter, sent=True, gone=False, problem=f"sent, but still in the queue: {error}")
    return Outcome(letter, sent=True, gone=True)


def drop(letter: Letter, post: Post) -> Outcome:
    """Delete an event without sending it."""
    try:
        _delete(letter, post)
    except _FAILURES as error:
        return Outcome(letter, sent=False, gone=False, problem=f"still in the queue: {error}")
    return Outcome(letter, sent=False, gone=True)


def _send(again: ToStarts | ToFunction, post: Post) -> None:
    if isinstance(again, ToStarts):
        post.sqs.send_message(QueueUrl=post.starts, MessageBody=again.body)
    else:
        post.functions.invoke(FunctionName=again.name, InvocationType="Event", Payload=again.payload.encode())


def _delete(letter: Letter, post: Post) -> None:
    post.sqs.delete_message(QueueUrl=post.rejected, ReceiptHandle=letter.receipt)
