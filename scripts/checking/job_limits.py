"""The rules about what runs may take and cost: timeouts, deadlines and budgets that cannot be kept together."""

from collections.abc import Iterator
from decimal import Decimal

from lambdas.sizing.expect import ASSUMED_ENDING_SECONDS, ASSUMED_PROVISION_SECONDS, ASSUMED_WAITING_SECONDS
from lambdas.specs import Catalogue, Cluster, Job
from lambdas.specs.catalogue import allowed_types
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

# From the tenth minute of a step on Step Functions looks every five minutes whether it is done.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
POLL_SECONDS = 300

# What EMR assumes for a policy without a timeout of its own.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoTerminationPolicy.html
DEFAULT_IDLE_SECONDS = 3_600

# Five to ten minutes are common until a cluster is ready; more with bootstrap actions.
SHORTEST_START_SECONDS = 15 * 60

# Five to ten minutes in AWS's own tutorial.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-gs.html
SHORTEST_TERMINATE_SECONDS = 10 * 60

# A general-purpose xlarge serves 50 nodes; more need a larger primary.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html
NODES_OF_SMALL_PRIMARY = 50
SMALL_PRIMARY_GIB = 16

_TIMEOUTS = "https://docs.aws.amazon.com/step-functions/latest/dg/sfn-stuck-execution.html"
_IDLE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html"
_CONNECT = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html"


def _short_lifetimes(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster in specs.complete:
        allowed, work = job.limits.max_lifetime, _longest(job, cluster)
        if allowed is not None and allowed < work:
            yield (
                specs.of_job(job.name, "limits", "max_lifetime"),
                f"{_minutes(allowed)}; start_timeout and the timeouts of the steps are {_minutes(work)}",
            )


def _impossible_deadlines(specs: Specs) -> Iterator[tuple[Place, str]]:
    least = ASSUMED_PROVISION_SECONDS + ASSUMED_WAITING_SECONDS
    for job in specs.jobs.values():
        if job.size.deadline is not None and job.size.deadline <= least:
            yield (
                specs.of_job(job.name, "size", "deadline"),
                f"{_minutes(job.size.deadline)}; a cluster alone takes about {_minutes(least)} to be ready",
            )


def _late_deadlines(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster in specs.complete:
        longest = _longest(job, cluster)
        if job.size.deadline is not None and job.size.deadline > longest:
            yield (
                specs.of_job(job.name, "size", "deadline"),
                f"{_minutes(job.size.deadline)}; by its timeouts a run is over after {_minutes(longest)}",
            )


def _small_budgets(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster in specs.complete:
        budget = job.size.budget_usd
        for catalogue in specs.catalogues.values():
            least = _cheapest_usd(cluster, catalogue)
            if budget is not None and Decimal(budget) < least:
                yield (
                    specs.of_job(job.name, "size", "budget_usd"),
                    f"${budget:g}; in {catalogue.region} the smallest cluster costs ${least:.3f} without any work",
                )


def _cheapest_usd(cluster: Cluster, catalogue: Catalogue) -> Decimal:
    """Return what a primary node and the cheapest core node cost while they start and end."""
    seconds = ASSUMED_PROVISION_SECONDS + ASSUMED_ENDING_SECONDS
    core = min(each.ec2_usd_per_hour + each.emr_usd_per_hour for each in allowed_types(catalogue, cluster))
    primary = catalogue.get(cluster.primary_type)
    return (core + primary.ec2_usd_per_hour + primary.emr_usd_per_hour) * seconds / 3600


def _short_idle(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster in specs.complete:
        if len(job.steps) > 1 and not job.is_pipelined and cluster.idle_timeout <= POLL_SECONDS:
            yield (
                specs.of_cluster(cluster.name, "idle_timeout"),
                f"{_minutes(cluster.idle_timeout)}; between two steps of {job.name!r} the cluster waits up to "
                f"{_minutes(POLL_SECONDS)}",
            )


def _long_idle(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if cluster.idle_timeout > DEFAULT_IDLE_SECONDS:
            yield (
                specs.of_cluster(name, "idle_timeout"),
                f"{_minutes(cluster.idle_timeout)}; EMR's own is {_minutes(DEFAULT_IDLE_SECONDS)}",
            )


def _short_start(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if cluster.start_timeout < SHORTEST_START_SECONDS:
            yield specs.of_cluster(name, "start_timeout"), _minutes(cluster.start_timeout)


def _no_time_for_on_demand(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        waits = cluster.capacity == "fleets" and cluster.task_market == "spot"
        needed = cluster.spot_timeout + ASSUMED_PROVISION_SECONDS
        if waits and cluster.start_timeout < needed:
            yield (
                specs.of_cluster(name, "spot_timeout"),
                f"{_minutes(cluster.spot_timeout)} of start_timeout's {_minutes(cluster.start_timeout)}; a node takes "
                f"about {_minutes(ASSUMED_PROVISION_SECONDS)} more",
            )


def _short_terminate(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if cluster.terminate_timeout < SHORTEST_TERMINATE_SECONDS:
            yield specs.of_cluster(name, "terminate_timeout"), _minutes(cluster.terminate_timeout)


def _small_primary(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, cluster in specs.complete:
        for catalogue in specs.catalogues.values():
            primary = catalogue.get(cluster.primary_type)
            if job.limits.max_nodes > NODES_OF_SMALL_PRIMARY and primary.memory_gib <= SMALL_PRIMARY_GIB:
                yield (
                    specs.of_cluster(cluster.name, "primary_type"),
                    f"{primary.type} has {primary.memory_gib:g} GiB; job {job.name!r} may have "
                    f"{job.limits.max_nodes} nodes",
                )


def _longest(job: Job, cluster: Cluster) -> int:
    return cluster.start_timeout + sum(step.timeout for step in job.steps)


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:g} minutes"


LIMIT_RULES = (
    Rule(
        id="lifetime-below-timeouts",
        severity="warning",
        why="The cluster is ended at that age, whatever its steps do: a step within its own timeout can be cut off.",
        fix="Raise max_lifetime, lower the timeouts, or leave max_lifetime out.",
        link=_TIMEOUTS,
        find=_short_lifetimes,
    ),
    Rule(
        id="deadline-before-start",
        severity="error",
        why="A deadline counts from the start of the run: nothing meets this one, and every size is as bad as another.",
        fix="Leave time for the cluster to start and for the work, or take the deadline out.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-overview.html",
        find=_impossible_deadlines,
    ),
    Rule(
        id="deadline-after-timeouts",
        severity="warning",
        why="A cheaper, slower size is chosen for the deadline, and the steps' timeouts then end the run before it.",
        fix="Raise the timeouts of the steps, or set the deadline before them.",
        link=_TIMEOUTS,
        find=_late_deadlines,
    ),
    Rule(
        id="budget-below-cheapest",
        severity="error",
        why="No run can keep this budget: all are started over it, or with when_nothing_fits: refuse none is.",
        fix="Raise the budget, or take smaller types.",
        link="https://aws.amazon.com/emr/pricing/",
        find=_small_budgets,
    ),
    Rule(
        id="idle-timeout-short",
        severity="error",
        why="EMR takes the wait between two steps for idleness and ends the cluster in the middle of the run.",
        fix="Raise idle_timeout above five minutes, or let EMR have all steps at once: submission: pipelined.",
        link=_IDLE,
        find=_short_idle,
    ),
    Rule(
        id="idle-timeout-long",
        severity="warning",
        why="It is the last net under a cluster nobody ends, and all of it is paid.",
        fix="Lower idle_timeout; 20 minutes are more than any step waits.",
        link=_IDLE,
        find=_long_idle,
    ),
    Rule(
        id="start-timeout-short",
        severity="warning",
        why="A cluster commonly takes five to ten minutes to be ready, and more when capacity is short.",
        fix="Allow 15 minutes at least.",
        link=_CONNECT,
        find=_short_start,
    ),
    Rule(
        id="spot-timeout-long",
        severity="warning",
        why="The run gives up before the nodes that start on demand instead of spot ones can be ready.",
        fix="Lower spot_timeout or raise start_timeout.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_SpotProvisioningSpecification.html",
        find=_no_time_for_on_demand,
    ),
    Rule(
        id="terminate-timeout-short",
        severity="warning",
        why="EMR takes up to ten minutes to end a cluster; a run that gives up before counts as failed.",
        fix="Allow ten minutes at least.",
        link="https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html",
        find=_short_terminate,
    ),
    Rule(
        id="primary-small",
        severity="warning",
        why="The primary node runs YARN's ResourceManager and HDFS's NameNode, which need more memory with more nodes.",
        fix="Take a primary_type with 32 GiB or more, or lower max_nodes.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html",
        find=_small_primary,
    ),
)
