"""Look at an account: everything, in an order in which each thing rests on those before it."""

from collections.abc import Callable, Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.sizing.elastic import ScalingError
from lambdas.specs import UnknownSpecError, load_catalogue
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.job import Job
from scripts.deployment import stack_name
from scripts.preflight.account import identity, region_checks, service_roles
from scripts.preflight.demand import Demand, demand_of
from scripts.preflight.items import Check, Found, Item, Status, failed, inspect, ok, unknown, warning
from scripts.preflight.network import network_checks
from scripts.preflight.quotas import quota_checks
from scripts.preflight.releases import release_checks
from scripts.preflight.roles import role_checks
from scripts.preflight.storage import storage_checks
from scripts.preflight.subject import Clients, Deployed, Subject, find_deployed
from scripts.preflight.wiring import wiring_checks

_CHECKS: tuple[Callable[[Subject], Iterator[Check]], ...] = (
    *(service_roles, quota_checks, network_checks, release_checks),
    *(storage_checks, wiring_checks, role_checks),
)


def look_at(clients: Clients, stage: str, jobs: Sequence[Job]) -> Iterator[Item]:
    """Look at everything a stage's runs need, one thing after another.

    Without credentials nothing else is looked at, and without a catalogue of the region nothing that depends on its
    instance types.

    Parameters
    ----------
    clients
        Whom to ask.
    stage
        The deployment that is there, or will be.
    jobs
        What is to run.
    """
    who = inspect(Check("credentials", "Credentials", lambda: identity(clients)))
    yield who
    if who.status is not Status.OK:
        return
    region = clients.sts.meta.region_name
    for check in region_checks(clients, region):
        yield inspect(check)
    try:
        catalogue = load_catalogue(region)
    except UnknownSpecError:
        return
    demands: list[Demand] = []
    for job in jobs:
        demand, item = _demand(job, catalogue)
        yield item
        demands += [demand] if demand else []
    deployed, item = _deployed(clients, stage)
    yield item
    partition, account = _account_of(clients)
    subject = Subject(clients, stage, account, region, partition, tuple(jobs), tuple(demands), catalogue, deployed)
    for checks in _CHECKS:
        for check in checks(subject):
            yield inspect(check)


def _demand(job: Job, catalogue: Catalogue) -> tuple[Demand | None, Item]:
    demand, found = (
        None,
        failed(
            f"no instance type of {catalogue.region} has room for a driver and an executor",
            "name families with more memory in the cluster spec",
        ),
    )
    try:
        demand = demand_of(job, catalogue)
    except (LookupError, ScalingError) as error:
        found = failed(str(error), "correct the cluster spec or the scaling spec of the job")
    if demand:
        bounds = " up to ".join(f"{size.vcpus:,} vCPUs ({size.words})" for size in (demand.smallest, demand.largest))
        found = ok(bounds)
    return demand, _item(f"job-{job.name}", f"Clusters of {job.name}", found)


def _deployed(clients: Clients, stage: str) -> tuple[Deployed | None, Item]:
    deployed: Deployed | None = None
    try:
        deployed = find_deployed(clients, stage)
        found = _stack(deployed, stack_name(stage)) if deployed else _not_deployed(stage)
    except (ClientError, BotoCoreError) as error:
        found = unknown(f"{stack_name(stage)} could not be read: {error}", "what of it is looked at is left out")
    return deployed, _item("deployment", f"Stack of stage {stage}", found)


def _stack(deployed: Deployed, name: str) -> Found:
    """Judge a stack by its status.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    detail = f"{name}: {deployed.status}, {len(deployed.resources)} resources"
    if deployed.status.endswith("_FAILED") or deployed.status == "ROLLBACK_COMPLETE":
        return failed(
            detail, f"aws cloudformation describe-stack-events --stack-name {name}; mend it, and deploy again"
        )
    if deployed.status.endswith("_IN_PROGRESS"):
        return warning(detail, "look again when it is done")
    return ok(detail)


def _not_deployed(stage: str) -> Found:
    return warning(
        f"there is no stack {stack_name(stage)} yet: its buckets, subnets, rules and roles are looked at when there is",
        "make deploy, and look again",
    )


def _item(id_: str, title: str, found: Found) -> Item:
    return Item(id_, title, found.status, found.detail, found.fix)


def _account_of(clients: Clients) -> tuple[str, str]:
    """Return partition and account, from ``arn:partition:sts::account:...``."""
    parts = clients.sts.get_caller_identity()["Arn"].split(":")
    return parts[1], parts[4]
