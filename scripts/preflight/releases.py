"""Whether EMR has the release of a cluster spec, with its applications, and runs the job's instance types on it."""

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from scripts.preflight.demand import Demand
from scripts.preflight.items import Check, Found, code_of, failed, ok, warning
from scripts.preflight.subject import Subject

# What EMR says of a label it does not know.
_INVALID = ("InvalidRequestException", "ValidationException")


def release_checks(subject: Subject) -> Iterator[Check]:
    """Look at the release of every cluster spec in use, and at the types of every job."""
    for cluster in {demand.cluster.name: demand.cluster for demand in subject.demands}.values():
        look = partial(_release, subject, cluster.release, cluster.applications)
        yield Check(f"release-{cluster.name}", f"Release {cluster.release}", look)
    for demand in subject.demands:
        look = partial(_types, subject, demand)
        yield Check(f"types-{demand.job}", f"Instance types of {demand.job} on {demand.cluster.release}", look)


def _release(subject: Subject, label: str, applications: tuple[str, ...]) -> Found:
    try:
        found = subject.clients.emr.describe_release_label(ReleaseLabel=label)
    except ClientError as error:
        if code_of(error) not in _INVALID:
            raise
        return failed(
            f"EMR in {subject.region} has no release {label}: {error}",
            f"aws emr list-release-labels --region {subject.region}; put one of them into the cluster spec",
        )
    has = {each.get("Name", "").lower(): each.get("Version", "") for each in found.get("Applications", [])}
    missing = [name for name in applications if name.lower() not in has]
    if missing:
        return failed(
            f"{label} has no {', '.join(missing)}; it has {', '.join(sorted(has)) or 'no applications'}",
            "correct 'applications' of the cluster spec, or take another release",
        )
    return ok(", ".join(f"{name} {has[name.lower()]}".strip() for name in applications))


def _types(subject: Subject, demand: Demand) -> Found:
    release, supported = demand.cluster.release, _supported(subject, demand.cluster.release)
    missing = [name for name in demand.worker_types if name not in supported]
    fix = f"slow-lambda prices refresh --region {subject.region}, which asks EMR from which release on it has each type"
    if demand.primary_type not in supported:
        return failed(f"{release} does not run on the primary type {demand.primary_type}", fix)
    if len(missing) == len(demand.worker_types):
        return failed(f"{release} runs on none of the {len(missing)} types for workers", fix)
    if missing:
        return warning(f"{release} does not run on {', '.join(missing)}", fix)
    return ok(f"{demand.primary_type} and {len(demand.worker_types)} types for workers, of {len(supported)} supported")


def _supported(subject: Subject, label: str) -> set[str]:
    """Return the types a release supports; the API has pages, and botocore no paginator for them."""
    types: set[str] = set()
    answer = subject.clients.emr.list_supported_instance_types(ReleaseLabel=label)
    while True:
        types |= {each.get("Type", "") for each in answer.get("SupportedInstanceTypes", [])}
        marker = answer.get("Marker")
        if not marker:
            return types
        answer = subject.clients.emr.list_supported_instance_types(ReleaseLabel=label, Marker=marker)
