"""Where the logs of a step lie, by what they are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from lambdas.logs.layout import application_in, cluster_logs, container_folder, is_driver, step_folder
from scripts.logs.lines import log_lines
from scripts.logs.places import Place


class Stream(StrEnum):
    """What a step's logs are: of the step itself, or of the containers of its YARN application."""

    CONTROLLER = "controller"
    STDERR = "stderr"
    STDOUT = "stdout"
    EXECUTOR = "executor"
    DRIVER = "driver"


_OF_STEP = (Stream.CONTROLLER, Stream.STDERR, Stream.STDOUT)
_OF_CONTAINERS = (Stream.EXECUTOR, Stream.DRIVER)

USUAL = (*_OF_STEP, Stream.DRIVER)
"""What is shown unless somebody says: of executors there may be hundreds."""


@dataclass(frozen=True)
class LogObject:
    """A log: what it is, and where."""

    stream: Stream
    uri: S3Uri


@dataclass(frozen=True)
class StepLogs:
    """The logs there are of one go at a step.

    Attributes
    ----------
    own
        Of the step itself.
    application
        The YARN application that they name, if they do and its containers' logs were asked for.
    containers
        Of its containers.
    """

    own: list[LogObject]
    application: str | None = None
    containers: list[LogObject] = field(default_factory=list)

    def of(self, streams: Collection[Stream]) -> list[LogObject]:
        """Return those of some streams, the most telling last, and each stream's in order of time."""
        order = list(Stream)
        found = [each for each in (*self.own, *self.containers) if each.stream in streams]
        return sorted(found, key=lambda each: order.index(each.stream))


def step_logs(logs: S3Uri, place: Place, streams: Collection[Stream]) -> StepLogs:
    """Look for the logs of one go at a step.

    Parameters
    ----------
    logs
        Where the clusters' logs lie.
    place
        Which go at which step.
    streams
        Which logs; containers' are only looked for if these have some.
    """
    cluster = cluster_logs(str(logs), place.cluster_id)
    if cluster is None:
        return StepLogs([])
    own = [each for key in _keys(step_folder(cluster, place.step_id)) for each in _of_step(cluster.bucket, key)]
    application = _application(own) if any(stream in streams for stream in _OF_CONTAINERS) else None
    if application is None:
        return StepLogs(own)
    keys = _keys(container_folder(cluster, application))
    return StepLogs(own, application, [_of_container(cluster.bucket, key) for key in keys])


def _of_container(bucket: str, key: str) -> LogObject:
    return LogObject(Stream.DRIVER if is_driver(key) else Stream.EXECUTOR, S3Uri(bucket, key))


def _of_step(bucket: str, key: str) -> Iterator[LogObject]:
    name = key.rpartition("/")[2]
    yield from (LogObject(stream, S3Uri(bucket, key)) for stream in _OF_STEP if name.startswith(stream.value))


def _application(own: Collection[LogObject]) -> str | None:
    """Return the YARN application a step's own logs mention last."""
    found = None
    for each in own:
        if each.stream != Stream.CONTROLLER:
            for line in log_lines(each.uri):
                found = application_in(line) or found
    return found


def _keys(folder: S3Uri) -> list[str]:
    """Return the keys below a folder, oldest first."""
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=folder.key)
    found = [(each["LastModified"], each["Key"]) for page in pages for each in page.get("Contents", [])]
    return [key for _, key in sorted(found)]
