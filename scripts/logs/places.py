"""Which step of a run, on which cluster, somebody wants the logs of."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.clusters.find import ANY_STATE, find_clusters
from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import KEPT, LedgerEntry
from lambdas.runs.diagnosing import list_steps
from scripts.logs.errors import LogsMissingError, StepUnknownError

ALL = "all"
"""Instead of a cluster's id: every cluster that had the step."""

_BEFORE_ALL = datetime.datetime.min.replace(tzinfo=datetime.UTC)
_NOT_BEGUN = {"PENDING", "CANCEL_PENDING", "CANCELLED"}
_FAILED = {"FAILED", "INTERRUPTED"}


@dataclass(frozen=True)
class Place:
    """One go at a step, on one cluster; ``name`` is the step's id where nobody knows its name any more."""

    cluster_id: str
    step_id: str
    name: str
    state: str
    started: datetime.datetime | None = None
    ended: datetime.datetime | None = None


def places_of(entry: LedgerEntry, logs: S3Uri) -> list[Place]:
    """Return all goes at all steps of a run, on the clusters of all its attempts, oldest first.

    Parameters
    ----------
    entry
        The run.
    logs
        Where its clusters' logs lie: for the steps of a cluster that EMR has forgotten.
    """
    known = [*entry.cluster_ids, *(step.cluster_id for step in entry.steps if step.cluster_id and step.state != KEPT)]
    if entry.status == "RUNNING" or not known:
        # The ledger hears of a cluster when a step of it ends.
        known += _tagged(entry)
    places = [place for cluster_id in dict.fromkeys(known) for place in _of_cluster(entry, cluster_id, logs)]
    return sorted(places, key=lambda place: place.started or _BEFORE_ALL)


def choose(entry: LedgerEntry, places: Sequence[Place], step: str | None, cluster: str | None) -> list[Place]:
    """Return the goes at one step that somebody wants to see.

    Parameters
    ----------
    entry
        The run.
    places
        All goes at its steps, oldest first.
    step
        The step's name or id; if ``None`` the one that failed last, in a run that did not fail the last that began.
    cluster
        The cluster's id, or ``all``; the last that had the step if ``None``.

    Raises
    ------
    StepUnknownError
        It has no such step, or not on such a cluster.
    LogsMissingError
        No step of it ever got to a cluster.
    """
    if kept := next((each for each in entry.steps if each.name == step and each.state == KEPT and each.run), None):
        raise StepUnknownError(
            f"{entry.run} took over step {kept.name} from {kept.run}; its logs: slow-lambda logs {kept.run} {kept.name}"
        )
    if not places:
        raise LogsMissingError(f"no step of {entry.run} ever got to a cluster: {entry.error or entry.status}")
    on_cluster = [place for place in places if cluster in {None, ALL, place.cluster_id}]
    if not on_cluster:
        ids = dict.fromkeys(place.cluster_id for place in places)
        raise StepUnknownError(f"{entry.run} had no steps on a cluster {cluster}, but on {', '.join(ids)}")
    name = step or _most_wanted(entry, on_cluster).name
    found = [place for place in on_cluster if name in {place.name, place.step_id}]
    if not found:
        names = dict.fromkeys(place.name for place in on_cluster)
        raise StepUnknownError(f"{entry.run} has no step {name!r} with logs; it has: {', '.join(names)}")
    return found if cluster == ALL else found[-1:]


def _most_wanted(entry: LedgerEntry, places: Sequence[Place]) -> Place:
    begun = [place for place in places if place.state not in _NOT_BEGUN] or places
    failed = [place for place in begun if place.state in _FAILED]
    return failed[-1] if failed and entry.status not in {"RUNNING", "SUCCEEDED"} else begun[-1]


def _tagged(entry: LedgerEntry) -> list[str]:
    return [cluster.id for cluster in find_clusters(aws.emr(), entry.execution, entry.started, ANY_STATE)]


def _of_cluster(entry: LedgerEntry, cluster_id: str, logs: S3Uri) -> list[Place]:
    try:
        return [_as_emr_shows(cluster_id, step) for step in list_steps(aws.emr(), cluster_id)]
    except ClientError as error:
        # EMR keeps what it knows of an ended cluster for two months.
        # https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-clusters.html
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
    recorded = {
        step.step_id: Place(cluster_id, step.step_id, step.name, step.state, step.started, step.ended)
        for step in entry.steps
        if step.cluster_id == cluster_id and step.step_id
    }
    return [
        recorded.get(step_id) or Place(cluster_id, step_id, step_id, "UNKNOWN")
        for step_id in dict.fromkeys((*_with_logs(logs, cluster_id), *recorded))
    ]


def _as_emr_shows(cluster_id: str, step: dict[str, Any]) -> Place:
    times = step["Status"].get("Timeline", {})
    started = times.get("StartDateTime") or times.get("CreationDateTime")
    return Place(cluster_id, step["Id"], step["Name"], step["Status"]["State"], started, times.get("EndDateTime"))


def _with_logs(logs: S3Uri, cluster_id: str) -> Iterator[str]:
    """Yield the ids of the steps of a cluster that have logs."""
    steps = f"{logs.key}{cluster_id}/steps/"
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=logs.bucket, Prefix=steps, Delimiter="/")
    for page in pages:
        yield from (folder["Prefix"].removeprefix(steps).rstrip("/") for folder in page.get("CommonPrefixes", []))
