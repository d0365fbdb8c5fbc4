"""Announce objects: each once as S3 does, and some again."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lambdas import aws
from scripts.bench.events.project import FOLDER, HIDDEN, JOB
from scripts.deployment import Deployment

# Of all events, those that announce what has been announced: half of them objects put again with the same content,
# half of them events delivered again.
DUPLICATES = 0.1
THREADS = 8


@dataclass(frozen=True)
class Plan:
    """How many objects there are, and in what order which of them are put, put again and announced again.

    Attributes
    ----------
    objects
        Numbered from 0.
    acts
        ``put`` or ``announce``, and an object's number.
    """

    objects: int
    acts: list[tuple[str, int]]


def plan(events: int) -> Plan:
    """Spread duplicates over so many events, each somewhere after the event it repeats."""
    duplicates = int(events * DUPLICATES)
    objects = events - duplicates
    # Places among the objects, not random for anybody else's sake: the same every time.
    chance = random.Random(0)  # noqa: S311
    placed = [(float(number), "put", number) for number in range(objects)]
    for count, number in enumerate(chance.sample(range(objects), duplicates)):
        act = "put" if count % 2 else "announce"
        placed.append((chance.uniform(number, objects), act, number))
    return Plan(objects, [(act, number) for _, act, number in sorted(placed)])


def key(number: int) -> str:
    """Return an object's key."""
    return f"{FOLDER}{HIDDEN}{number:06}.csv"


def send(deployed: Deployment, planned: Plan) -> None:
    """Do all of it, by several at a time."""
    acts: dict[str, Callable[[Deployment, int], None]] = {"put": _put, "announce": _announce}
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda each: acts[each[0]](deployed, each[1]), planned.acts):
            pass


def _body(number: int) -> bytes:
    return f"{number}\n".encode()


def _put(deployed: Deployment, number: int) -> None:
    aws.s3().put_object(Bucket=deployed.data_bucket, Key=key(number), Body=_body(number))


def _announce(deployed: Deployment, number: int) -> None:
    """Deliver an object's event once more, as EventBridge may; nobody else may send events of S3's."""
    body = _body(number)
    thing = {"key": key(number), "size": len(body), "etag": hashlib.md5(body, usedforsecurity=False).hexdigest()}
    detail = {"version": "0", "bucket": {"name": deployed.data_bucket}, "object": thing, "reason": "PutObject"}
    event = {"id": f"again-{number}", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    message = json.dumps({"job": JOB, "trigger": 0, "event": event})
    aws.sqs().send_message(QueueUrl=deployed.outputs["StartQueue"], MessageBody=message)


def addresses(bucket: str, planned: Plan) -> Iterator[str]:
    """Return the addresses of all objects."""
    return (f"s3://{bucket}/{key(number)}" for number in range(planned.objects))
