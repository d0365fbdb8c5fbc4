"""Taking messages from the queue of rejected events and giving them back."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.dlq.letter import Letter, read_letter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# So long nobody else sees what was taken; what is not given back, because the command was killed, is seen again then.
HIDDEN_SECONDS = 120

# A call that waits asks all servers of the queue, one that does not a few only.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
WAIT_SECONDS = 1

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
MOST_AT_A_TIME = 10


@contextmanager
def taken(sqs: "SQSClient", url: str, stage: str) -> Iterator[dict[str, Letter]]:
    """Take all messages, by their ids; those that are not removed from the dictionary are given back at the end.

    Parameters
    ----------
    sqs
        The client.
    url
        Of the queue.
    stage
        The deployment it belongs to.
    """
    letters: dict[str, Letter] = {}
    try:
        for batch in _batches(sqs, url, stage):
            is_new = any(letter.id not in letters for letter in batch)
            letters |= {letter.id: letter for letter in batch}
            if not is_new:
                break
        yield letters
    finally:
        _give_back(sqs, url, letters.values())


def oldest_first(letters: Iterable[Letter]) -> list[Letter]:
    """Return letters in the order in which they were sent."""
    return sorted(letters, key=lambda letter: (letter.sent, letter.id))


def _batches(sqs: "SQSClient", url: str, stage: str) -> Iterator[list[Letter]]:
    while True:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=MOST_AT_A_TIME,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        yield [read_letter(message, stage) for message in messages]


def _give_back(sqs: "SQSClient", url: str, letters: Iterable[Letter]) -> None:
    for letter in letters:
        # It is seen again anyhow, only later.
        with suppress(ClientError, BotoCoreError):
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)
