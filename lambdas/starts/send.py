"""Send to the queue of starts."""

from typing import TYPE_CHECKING

from lambdas.starts.message import StartMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
MAX_DELAY_SECONDS = 900


def send(client: "SQSClient", queue_url: str, message: StartMessage, seconds: int = 0) -> None:
    """Send a message, to be received after some seconds, a quarter of an hour at most."""
    client.send_message(
        QueueUrl=queue_url,
        MessageBody=message.model_dump_json(exclude_defaults=True),
        DelaySeconds=min(seconds, MAX_DELAY_SECONDS),
    )
